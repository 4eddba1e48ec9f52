/** Messages in a stream: both framings, mixed, cut anywhere, broken, too long. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { OddMessages } from '../../../src/codecs/syslog/decoder.ts'
import { eventsOf, type ReadEvent, type ReadingOptions, streamDecoder } from './reading.ts'

const OLD = '<30>Nov 26 11:59:58 h app[1]: '
const NEW = '<27>1 2026-11-26T11:59:58Z h app 1 - - '

function read(chunks: readonly Uint8Array[], options: ReadingOptions = {}): ReadEvent[] {
  const decoder = streamDecoder(options)
  const events = chunks.flatMap((chunk) => eventsOf(decoder.push(Uint8Array.from(chunk))))
  const last = eventsOf(decoder.end())
  assert.equal(decoder.pendingBytes, 0)
  return [...events, ...last]
}

const counted = (text: string) => `${Buffer.byteLength(text)} ${text}`
const bytesOf = (text: string) => Buffer.from(text)

/** What the stream becomes, each event as its text, with its marks. */
function check(stream: string, expected: readonly string[], options: ReadingOptions = {}): void {
  const found = read([bytesOf(stream)], options).map(({ record }) => {
    const marks = [record['parse_failed'], record['truncated'] === true ? 'truncated' : undefined]
    return [record['message'], ...marks.filter((mark) => mark !== undefined)].join('|')
  })
  assert.deepEqual(found, expected, JSON.stringify(stream))
}

suite('framing', () => {
  test('newlines, with CR or NUL, or NUL alone', () => {
    check(`${OLD}a\n${NEW}b\n`, ['a', 'b'])
    check(`${OLD}a\r\n${NEW}b\r\n\r\n`, ['a', 'b'])
    check(`${OLD}a\0${NEW}b\0`, ['a', 'b'])
    check(`${OLD}a\n\0${NEW}b\n\0`, ['a', 'b'])
    check('\n\n\r\n\0', [])
  })
  test('lengths, with a newline inside and behind as Docker has it', () => {
    check(counted(`${NEW}a\n`) + counted(`${NEW}b\n`), ['a', 'b'])
    check(counted(`${NEW}a\nb`) + counted(`${OLD}c`), ['a\nb', 'c'])
    check(`${counted(`${NEW}a`)}\n${counted(`${NEW}b`)}\n`, ['a', 'b'])
    check(counted(`${NEW}é`) + counted(`${NEW}b`), ['é', 'b'])
  })
  test('both, message by message', () => {
    check(`${OLD}a\n${counted(`${NEW}b`)}${OLD}c\n${counted(`${NEW}d`)}`, ['a', 'b', 'c', 'd'])
  })
  test('lines that start with a digit', () => {
    check(`5 apples\n${OLD}a\n`, ['5 apples|no_header', 'a'])
    check(`12345678901 <13>x\n${OLD}a\n`, ['12345678901 <13>x|no_header', 'a'])
    check('5', ['5|no_header'])
  })
  test('lengths before what has no priority, behind a message with its length', () => {
    const first = counted(`${NEW}a`)
    check(`${first}8 no\ndigit5 again${counted(`${NEW}b`)}`, [
      ...['a', 'no\ndigit|no_header', 'again|no_header', 'b'],
    ])
    // A line, as its length would swallow a message; or is too long.
    check(`${first}50 apples\n${OLD}b\n`, ['a', '50 apples|no_header', 'b'])
    check(`${first}99999 apples\n${OLD}b\n`, ['a', '99999 apples|no_header', 'b'])
    check(`${first}\n5 apples\n`, ['a', '5 apples|no_header'])
    check(`${first}50 apples`, ['a', '50 apples|no_header'])
  })
  test('wrong lengths: all of it is there, and it goes on', () => {
    const short = `${Buffer.byteLength(`${NEW}text`) - 2} ${NEW}text\n`
    check(`${short}${OLD}b\n`, ['te', 'xt|no_header', 'b'])
    const long = `${Buffer.byteLength(`${NEW}a`) + 3} ${NEW}a`
    check(`${long}${OLD}b\n${OLD}c\n`, ['a<30', '>Nov 26 11:59:58 h app[1]: b|no_header', 'c'])
  })
  test('newlines within messages that NUL ends, behind the first', () => {
    check(`${OLD}a\0${OLD}b\nc\0${OLD}d\n\ne\0${NEW}f\0`, ['a', 'b\nc', 'd\n\ne', 'f'])
    check(`${OLD}a\nb\0${OLD}c\nd\0`, ['a', 'b|no_header', 'c\nd'])
    check(`${OLD}a\n\0${OLD}c\n<d 5 e\0`, ['a', 'c\n<d 5 e'])
    check(`${OLD}a\0${OLD}b\nc`, ['a', 'b\nc'])
  })
  test('NUL, and newlines again', () => {
    check(`${OLD}a\0b\n${OLD}c\n${OLD}d\n`, ['a', 'b|no_header', 'c', 'd'])
    check(`${OLD}a\0${OLD}b\n${counted(`${NEW}c`)}${OLD}d\n`, ['a', 'b', 'c', 'd'])
    const decoder = streamDecoder()
    const push = (text: string) =>
      eventsOf(decoder.push(bytesOf(text))).map(({ record }) => record['message'])
    assert.deepEqual(push(`${OLD}a\0${OLD}b\n<`), ['a'])
    assert.deepEqual(push('13>Nov'), ['b'])
    assert.deepEqual(push(' 26 11:59:58 h app: c\n'), ['c'], 'nothing is waited for')
  })
  test('a length above the longest message that is none', () => {
    check(`99999 <13>bad: length\n<13>x: after\n`, ['length', 'after'])
    check(`99999 <13>bad: length\0<13>x: b\nc\0`, ['length', 'b\nc'])
    check(`99999 <13>x: a\nb\n3 c\n${counted(`${NEW}d`)}`, ['a\nb\n3 c', 'd'])
    check(`99999 <13>x: a\n0 <1\n<a`, ['a\n0 <1\n<a|truncated'])
    const decoder = streamDecoder()
    decoder.push(bytesOf(`99999 <13>bad: length\n`))
    assert.equal(eventsOf(decoder.push(bytesOf(`<13>x: after\n`))).length, 2)
  })
  test('what the end cuts off is there', () => {
    check(`${OLD}a\n${OLD}b`, ['a', 'b'])
    check(`100 ${NEW}a`, ['a|truncated'])
    check(`${OLD}a\n1`, ['a', '1|no_header'])
  })
})

suite('too long', () => {
  const options = { messageMaxBytes: 64 }
  const x = (count: number) => 'x'.repeat(count)
  const room = 64 - OLD.length

  test('lines are cut into pieces', () => {
    check(`${OLD}${x(room)}\n${OLD}a\n`, [`${x(room)}|truncated`, 'a'], options)
    check(
      `${OLD}${x(room + 64 + 10)}\n${OLD}a\n`,
      [`${x(room)}|truncated`, `${x(64)}|continued`, `${x(10)}|continued`, 'a'],
      options,
    )
    check(`${OLD}${x(room + 1)}`, [`${x(room)}|truncated`, 'x|continued'], options)
  })
  test('counted messages are cut into pieces', () => {
    const message = `${OLD}${x(room + 64 + 10)}`
    check(
      `${counted(message)}${OLD}a\n`,
      [`${x(room)}|truncated`, `${x(64)}|continued`, `${x(10)}|continued`, 'a'],
      options,
    )
  })
  test('is counted, and what cannot be read as well', () => {
    const odd: OddMessages[] = []
    read([bytesOf(`${OLD}${x(100)}\ntext\n`)], { ...options, onOdd: (each) => odd.push(each) })
    assert.deepEqual(odd, [{ failed: 3, truncated: 1, empty: 0 }])
  })
})

test('neighbours of one tag make a batch', () => {
  const decoder = streamDecoder()
  const batches = decoder.push(bytesOf(`${OLD}a\n${OLD}b\n${NEW}c\n${OLD}d\n`))
  const found = batches.map(({ tag, count }) => [tag, count])
  assert.deepEqual(found, [
    ['syslog.daemon.info', 2],
    ['syslog.daemon.err', 1],
    ['syslog.daemon.info', 1],
  ])
  const buffers = new Set(batches.map(({ entries }) => entries.buffer))
  assert.equal(buffers.size, 1)
  for (const { lease } of batches) lease.release()
  assert.equal([...buffers][0]!.byteLength, 0, 'the memory is given back')
})

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })
const text = fc
  .string({ maxLength: 60, unit: 'binary' })
  .map((each) => each.replaceAll(/[\n\r\0]/g, '_'))
const framed = fc
  .tuple(
    fc.constantFrom(OLD, NEW, '', '<13>', '7 ', '9999 <13>'),
    text,
    fc.constantFrom('', '\n', '\0'),
  )
  .map(([head, body, end]) => (end === '' ? counted(head + body) : head + body + end))
const piece = fc.oneof(
  { arbitrary: framed.map(bytesOf), weight: 5 },
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('9', '12 ', '300 <', '\n', '\0', '\r\n', '<', '>', '[').map(bytesOf),
)
const streams = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.concat(pieces))

function cutAt(wire: Uint8Array, points: readonly number[]): Uint8Array[] {
  const offsets = points.map((point) => Math.floor(point * wire.length)).sort((a, b) => a - b)
  const bounds = [0, ...offsets, wire.length]
  return bounds.slice(1).map((end, index) => wire.slice(bounds[index], end))
}

for (const messageMaxBytes of [64, 64 * 1024]) {
  test(`any cut of any stream gives the same events, at most ${messageMaxBytes} bytes each`, () => {
    fc.assert(
      fc.property(streams, cuts, (wire, points) => {
        const options = { messageMaxBytes }
        assert.deepEqual(read(cutAt(wire, points), options), read([wire], options))
      }),
      { numRuns: 400 },
    )
  })
}
