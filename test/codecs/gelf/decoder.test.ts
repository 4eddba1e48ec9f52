import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entrySeconds } from '../../../src/codecs/entry.ts'
import { oneRunPerTag } from '../../../src/codecs/gelf/collector.ts'
import { GelfDecoder, type GelfDecoderOptions } from '../../../src/codecs/gelf/decoder.ts'
import { NO_SOURCE } from '../../../src/codecs/gelf/source.ts'
import { decodeEntries } from '../../support/entries.ts'
import { decoderOptions, DOCKER } from './gelf-messages.ts'

interface Reading {
  readonly tags: string[]
  readonly records: object[]
  readonly failures: string[]
}

/** Each chunk a copy of its own, as the decoder gives its memory back. */
function read(chunks: readonly Uint8Array[], changed: Partial<GelfDecoderOptions> = {}): Reading {
  const failures: string[] = []
  const decoder = new GelfDecoder(decoderOptions(failures, changed), NO_SOURCE)
  const runs = chunks.flatMap((chunk) => decoder.push(Uint8Array.from(chunk)))
  runs.push(...decoder.end())
  assert.equal(decoder.pendingBytes, 0)
  const tags: string[] = []
  const records: object[] = []
  for (const { tag, entries, count, lease } of runs) {
    const decoded = decodeEntries(entries.slice())
    assert.equal(decoded.length, count)
    tags.push(...decoded.map(() => tag))
    records.push(...decoded.map((entry) => ({ ...entry.record })))
    lease.release()
  }
  return { tags, records, failures }
}

function checkTexts(stream: string, expected: readonly unknown[], failures: string[] = []): void {
  const reading = read([Buffer.from(stream)])
  const texts = reading.records.map((record) => ('log' in record ? record.log : record))
  assert.deepEqual([texts, reading.failures], [expected, failures], stream)
}

const gelf = (text: string, more: object = {}) => JSON.stringify({ short_message: text, ...more })

test('a NUL or a line break ends each message', () => {
  checkTexts(`${gelf('a')}\0${gelf('b')}\0`, ['a', 'b'])
  checkTexts(`${gelf('a')}\n${gelf('b')}\n`, ['a', 'b'])
  checkTexts(`${gelf('a')}\r\n${gelf('b')}\0${gelf('c')}\n\0\n\0`, ['a', 'b', 'c'])
  checkTexts(`${gelf('a')}\0${gelf('the last')}`, ['a', 'the last'])
  checkTexts('\0\n \n', [])
})

test('a message over several lines', () => {
  const wide = JSON.stringify({ short_message: 'a', _b: { c: 1 } }, null, 2)
  checkTexts(`${wide}\0${wide}\0`, ['a', 'a'])
  checkTexts(`${wide}\n${wide}\n`, ['a', 'a'])
  checkTexts('{"short_message":"a\nb"}\0{"short_message":"c"}\0', ['a\nb', 'c'])
})

test('what is no message is kept, and the next one read', () => {
  const failed = (message: string, reason = 'invalid_json') => ({ message, parse_failed: reason })
  checkTexts(`{"a":x}\n${gelf('b')}\n`, [failed('{"a":x}'), 'b'], ['invalid_json'])
  checkTexts(`hello\n${gelf('b')}\n`, [failed('hello', 'not_an_object'), 'b'], ['not_an_object'])
  // Cut off in the middle.
  checkTexts(`{"a":"x\n${gelf('b')}\n`, [failed('{"a":"x'), 'b'], ['invalid_json'])
  checkTexts(`{"a":1,\0${gelf('b')}\0`, [failed('{"a":1,'), 'b'], ['invalid_json'])
  checkTexts(`${gelf('b')}\0{"a":`, ['b', failed('{"a":')], ['invalid_json'])
})

test('delimiters as configured', () => {
  const byNul = read([Buffer.from('{"short_message":"a\n{b"}\0')], { delimiter: 'nul' })
  assert.deepEqual(byNul.records, [{ log: 'a\n{b' }])
  const byNewline = read([Buffer.from('{"short_message":"a\0b"}\n')], { delimiter: 'newline' })
  assert.deepEqual(byNewline.records, [{ log: 'a\0b' }])
})

test('the beginning of a message that is too large is kept', () => {
  const large = gelf('x'.repeat(200))
  const expected = [
    { message: large.slice(0, 100), parse_failed: 'message_too_large' },
    { log: 'b' },
  ]
  for (const stream of [`${large}\n${gelf('b')}\n`, `${large}\0${gelf('b')}\0`]) {
    const { records, failures } = read([Buffer.from(stream)], { messageMaxBytes: 100 })
    assert.deepEqual([records, failures], [expected, ['message_too_large']])
  }
  const exact = gelf('x'.repeat(80))
  const fits = read([Buffer.from(`${exact}\0`)], { messageMaxBytes: exact.length })
  assert.deepEqual(fits.records, [{ log: 'x'.repeat(80) }])
})

test('no more than the limit is held', () => {
  const decoder = new GelfDecoder(decoderOptions([], { messageMaxBytes: 1000 }), NO_SOURCE)
  for (let left = 100; left > 0; left--) {
    for (const { lease } of decoder.push(new Uint8Array(300).fill(0x7b))) lease.release()
    assert.ok(decoder.pendingBytes <= 1000)
  }
})

test('tags', () => {
  const stream = [gelf('1', { _tag: 'a' }), gelf('2', { _tag: 'a' }), gelf('3'), 'no GELF']
  const bytes = Buffer.from(`${stream.join('\n')}\n${gelf('4', { _tag: 'x'.repeat(65) })}\n`)
  assert.deepEqual(read([bytes]).tags, ['a', 'a', 'gelf', 'gelf', 'gelf'])
  const renderTag = (tag: string, entries: Uint8Array, offset: number) =>
    `${tag}.${entrySeconds(entries, offset)}`
  const { tags } = read([Buffer.from(gelf('1', { timestamp: 5, _tag: 't' }))], { renderTag })
  assert.deepEqual(tags, ['t.5'])
})

test('one run per tag, in the order of its messages', () => {
  const decoder = new GelfDecoder(decoderOptions(), NO_SOURCE)
  const texts = ['a1', 'b1', 'a2', 'c1', 'b2', 'a3']
  const stream = texts.map((text) => gelf(text, { _tag: text[0] })).join('\0')
  const runs = oneRunPerTag([...decoder.push(Uint8Array.from(Buffer.from(`${stream}\0`)))])
  const logs = runs.map(({ tag, entries, count }) => {
    const decoded = decodeEntries(entries.slice())
    assert.equal(decoded.length, count)
    return [tag, ...decoded.map(({ record }) => record['log'])]
  })
  assert.deepEqual(logs, [
    ['a', 'a1', 'a2', 'a3'],
    ['b', 'b1', 'b2'],
    ['c', 'c1'],
  ])
})

const message = fc.oneof(
  { arbitrary: fc.constant(JSON.stringify(DOCKER)), weight: 3 },
  fc.dictionary(fc.string(), fc.jsonValue()).map((record) => JSON.stringify(record)),
  fc.dictionary(fc.string(), fc.jsonValue()).map((record) => JSON.stringify(record, null, 1)),
  fc.json(),
  fc.string(),
  fc.constantFrom('', ' ', '{', '{"a":"\n', '{"a":\n', '{"a":[1,\n2]}', 'x'.repeat(150)),
)
const stream = fc
  .array(fc.tuple(message, fc.constantFrom('\0', '\n', '\r\n', '\n\0', '')), { maxLength: 8 })
  .map((parts) => Buffer.from(parts.flat().join('')))
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })
const delimiter = fc.constantFrom('auto' as const, 'nul' as const, 'newline' as const)
const limit = fc.constantFrom(20, 100, 4096)

test('any split of the bytes gives the same events', () => {
  fc.assert(
    fc.property(stream, cuts, delimiter, limit, (bytes, points, ends, messageMaxBytes) => {
      const changed = { delimiter: ends, messageMaxBytes }
      const offsets = points.map((point) => Math.floor(point * bytes.length)).sort((a, b) => a - b)
      const bounds = [0, ...offsets, bytes.length]
      const chunks = bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end))
      assert.deepEqual(read(chunks, changed), read([bytes], changed))
    }),
    { numRuns: 2000 },
  )
})

test('hostile bytes are kept or skipped, and never throw', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .array(fc.constantFrom(...Buffer.from('{}[]":,\\u\n\0 e-1t')), { maxLength: 400 })
      .map((list) => Uint8Array.from(list)),
  )
  fc.assert(
    fc.property(bytes, fc.constantFrom(50, 100, 4096), (garbage, messageMaxBytes) => {
      const { records, failures } = read([garbage, Buffer.from(`\0${gelf('after')}\0`)], {
        messageMaxBytes,
      })
      assert.deepEqual(records.at(-1), { log: 'after' })
      for (const reason of failures) {
        assert.match(reason, /^(invalid_json|not_an_object|depth_exceeded|message_too_large)$/)
      }
    }),
    { numRuns: 2000 },
  )
})
