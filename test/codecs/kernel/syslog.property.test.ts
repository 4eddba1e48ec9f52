/** A decoder with the kernel and one with the twin alone read the same from whatever comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Kernel } from '../../../src/codecs/kernel/kernel.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { datagramDecoder, streamDecoder, type ReadingOptions } from '../syslog/reading.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()
const berlin = new Zone('Europe/Berlin')

function read(chunks: readonly Uint8Array[], used: Kernel | null, options: ReadingOptions) {
  const decoder = streamDecoder({ ...options, kernel: used })
  const batches = chunks.flatMap((chunk) => decoder.push(Uint8Array.from(chunk)))
  const { pendingBytes } = decoder
  batches.push(...decoder.end())
  return {
    pendingBytes,
    batches: batches.map(({ tag, count, entries }) => ({
      tag,
      count,
      entries: Buffer.from(entries).toString('latin1'),
    })),
  }
}

function checkSame(wire: Uint8Array, points: readonly number[], options: ReadingOptions): void {
  const offsets = points.map((point) => Math.floor(point * wire.length)).sort((a, b) => a - b)
  const bounds = [0, ...offsets, wire.length]
  const chunks = bounds.slice(1).map((end, index) => wire.slice(bounds[index], end))
  assert.deepEqual(read(chunks, kernel, options), read(chunks, null, options))
}

const priority = fc.constantFrom('<30>', '<27>', '<13>', '<191>', '<192>', '<007>', '<0>', '<>', '')
const time = fc.oneof(
  fc.constantFrom(
    'Nov 26 11:59:58',
    'Nov  6 11:59:58',
    'Nov 06 23:59:60',
    'Nov 6 11:59:58',
    'Nov 26 11:59:58.5',
    'Nov 26 11:59:58 2026',
    'Nov 26 11:59:58 UTC',
    'Nov 31 11:59:58',
    'Oct 20 02:30:00',
    'Feb 29 11:59:58',
    'Jan  1 00:00:00',
    'Jun 30 00:00:00',
  ),
  fc.constantFrom(
    '2026-11-26T11:59:58Z',
    '2026-11-26t11:59:58.123456z',
    '2026-11-26T11:59:58.1234567890123+05:30',
    '1970-01-01T00:00:00Z',
    '1970-01-01T00:00:00+01:00',
    '2000-02-29T23:59:60.000001-00:00',
    '1999-12-31T23:59:59Z',
    '2099-12-31T23:59:59-23:59',
    '2100-02-29T23:59:59Z',
    '2026-02-29T23:59:59Z',
    '2026-11-26T11:59:58',
    '2026-11-26T11:59:58.Z',
    '-',
  ),
)
const token = fc.constantFrom(
  'h',
  'host.example.org',
  '10.0.0.1',
  'fe80::1',
  '-',
  '',
  'a b',
  'web1[12]',
  'x'.repeat(40),
  '%ASA-6-1',
  'h:',
  'Message',
  'CET',
  'H1',
  '2001:db8::1',
  'né',
  'x'.repeat(300),
)
const tag = fc.constantFrom(
  'su: ',
  'su:',
  'sshd[12]: ',
  'sshd[12]:',
  'sshd[12] ',
  'sshd[]: ',
  'a/b@c[x-1]: ',
  'my tag[12]: ',
  'key=value ',
  '[x]: ',
  ': ',
  'su:\t',
  'a:b: ',
  '%FAC-5-M: ',
  'Message forwarded from h: su: ',
  '',
  `${'t'.repeat(260)}: `,
  `t[${'1'.repeat(70)}]: `,
)
const data = fc.oneof(
  fc.constantFrom(
    '-',
    '[a]',
    '[a b="c"]',
    '[a b="c" d="e"][f g=""]',
    '[a b="c" b="d"]',
    '[a][a]',
    '[a b="\\""]',
    '[a b="c]d"]',
    '[a b="c" ]',
    '[a  b="c"]',
    '[a b=c]',
    '[a',
    '[]',
    '',
    '[a b="é"]',
    '[name-of-17-bytes! parameter-of-more-than-16-bytes="c" é="d" \x7f="e"]',
    '[name-of-16-bytes b-of-sixteen-byt="c"]',
    '[a b\x01="c"]',
    '[a\x1f]',
    '[element-without-an-end-of-its-name',
    '[a b="c"]x',
    `[a ${Array.from({ length: 16 }, (_, index) => `p${index}="v"`).join(' ')}]`,
    Array.from({ length: 8 }, (_, index) => `[e${index}]`).join(''),
    `[a b="${'v'.repeat(300)}"]`,
  ),
)
const text = fc.oneof(
  fc.string({ maxLength: 80, unit: 'binary' }),
  fc.constantFrom('hello', '', ' indented', '\ufeffmarked', 'x'.repeat(300), 'é'.repeat(40)),
)
const old = fc
  .tuple(time, token, tag, text)
  .map(([when, host, of, body]) => `${when} ${host === '' ? '' : `${host} `}${of}${body}`)
const recent = fc
  .tuple(time, token, token, token, token, data, text)
  .map((parts) => `1 ${parts.join(' ')}`)
const message = fc
  .tuple(priority, fc.oneof(old, recent))
  .map(([head, body]) => Buffer.from(`${head}${body}`.replaceAll(/[\n\0]/g, '_')))
const framed = fc
  .tuple(
    message,
    fc.constantFrom('counted', '\n', '\r\n', '\0', '\n\0', '\n\0\n'),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([bytes, ending, wrong]) =>
    ending === 'counted'
      ? Buffer.concat([Buffer.from(`${bytes.length + (wrong > 1 ? 1 : 0)} `), bytes])
      : Buffer.concat([bytes, Buffer.from(ending)]),
  )
const usual = fc.constantFrom(
  '<30>Nov 26 11:59:58 h app[1]: text\n',
  '<27>1 2026-11-26T11:59:58.1Z h app 1 - [a b="c"] text\n',
  '<30>Nov 26 11:59:58 h app[1]: text\0',
  '<30>Nov 26 11:59:58 h app[1]: te\nxt\n\0',
  '35 <30>Nov 26 11:59:58 h app[1]: text\n',
  '10 no\npriority',
)
const streams = fc
  .array(
    fc.oneof(
      { arbitrary: framed, weight: 3 },
      usual.map((line) => Buffer.from(line)),
    ),
    {
      maxLength: 20,
    },
  )
  .map((pieces) => Buffer.concat(pieces))
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 })
const options = fc.constantFrom<ReadingOptions>(
  {},
  { arrivalKey: 'received_at', address: '10.0.0.7' },
  { zone: berlin },
  { zone: berlin, now: '2027-01-01T00:00:05Z' },
  { messageMaxBytes: 128 },
  { names: 'ecs' },
  { names: 'ecs', arrivalKey: 'received_at', address: '10.0.0.7' },
  { now: '2028-03-01T00:00:05Z' },
)

test('from messages of all kinds', () => {
  fc.assert(fc.property(streams, cuts, options, checkSame), { numRuns: 1500 })
})

test('from messages with each byte in each name, at the ends of blocks of 16', () => {
  const letters = 'x'.repeat(33)
  for (let byte = 1; byte < 256; byte++) {
    if (byte === 0x0a) continue
    const lines = [0, 1, 15, 16, 32].flatMap((place) => {
      const name = `${letters.slice(place)}${String.fromCharCode(byte)}${letters.slice(33 - place)}`
      return [
        `<30>Nov 26 11:59:58 ${name} app[1]: text`,
        `<30>Nov 26 11:59:58 host ${name}[1]: text`,
        `<30>Nov 26 11:59:58 host ${name}: text`,
        `<30>Nov 26 11:59:58 host app[${name}]: text`,
        `<30>1 2026-11-26T11:59:58.1Z ${name} app 1 - [${name} ${name}="${name}"] text`,
      ]
    })
    checkSame(Buffer.from(`${lines.join('\n')}\n`, 'latin1'), [], {})
  }
})

test('from messages with bytes changed', () => {
  const changes = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
    maxLength: 10,
  })
  fc.assert(
    fc.property(streams, changes, cuts, options, (wire, spoilt, points, how) => {
      for (const [point, byte] of spoilt) {
        if (wire.length > 0) wire[Math.floor(point * (wire.length - 1))] = byte
      }
      checkSame(wire, points, how)
    }),
    { numRuns: 1500 },
  )
})

test('from datagrams of all kinds, of several senders', () => {
  const datagram = fc.record({
    bytes: fc.oneof(
      message,
      framed,
      fc.constant(Buffer.alloc(0)),
      usual.map((line) => Buffer.from(line)),
    ),
    address: fc.constantFrom('10.0.0.7', '10.0.0.7', '10.0.0.7', '10.0.0.8'),
  })
  fc.assert(
    fc.property(fc.array(datagram, { maxLength: 30 }), options, (datagrams, how) => {
      const readBy = (used: Kernel | null) => {
        let seen: unknown = null
        const onOdd = (odd: unknown) => (seen = odd)
        const decoder = datagramDecoder({ ...how, onOdd, kernel: used })
        for (const { bytes, address } of datagrams) decoder.push(bytes, address)
        const batches = decoder.take().map(({ tag, count, entries }) => {
          return [tag, count, Buffer.from(entries).toString('latin1')]
        })
        return { seen, batches }
      }
      assert.deepEqual(readBy(kernel), readBy(null))
    }),
    { numRuns: 1000 },
  )
})

test('from more than the kernel holds at a time', () => {
  const line = '<30>Nov 26 11:59:58 h app[1]: text that goes on for a while\n'
  const other = '<27>1 2026-11-26T11:59:58.1Z h app 1 - [a b="c"] text\n'
  const wire = Buffer.from(`${line.repeat(50)}${other.repeat(3)}`.repeat(200))
  checkSame(wire, [], {})
  checkSame(wire, [0.1, 0.5], { arrivalKey: 'received_at' })
  const long = Buffer.from(`${line}<30>Nov 26 11:59:58 h a: ${'x'.repeat(300_000)}\n${line}`)
  checkSame(Buffer.concat([wire, long, wire]), [0.3], { messageMaxBytes: 1024 * 1024 })
})

test('the kernel takes what is usual', () => {
  const wire = '<13>Nov 26 11:59:58 h app[1]: text\n<13>Nov  6 11:59:58 app: text\n'.repeat(100)
  let calls = 0
  const { functions } = kernel
  const counted: typeof functions = {
    ...functions,
    readSyslog: (...given) => {
      calls++
      return functions.readSyslog(...given)
    },
  }
  const counting = new Proxy(kernel, {
    get: (of, key) => (key === 'functions' ? counted : (Reflect.get(of, key, of) as unknown)),
  })
  const batches = streamDecoder({ kernel: counting }).push(Uint8Array.from(Buffer.from(wire)))
  assert.deepEqual([calls, batches.length, batches[0]!.count], [1, 1, 200])
})

test('from messages that NUL ends, with newlines in them', () => {
  const message = (text: string) => `<30>Nov 26 11:59:58 h app[1]: ${text}`
  const some = Array.from({ length: 12 }, (_none, index) => message(`${index}`))
  const multiline = `${message('a\nb')}\0${some.join('\n\0')}\0\n${message('c\nd')}\0`
  checkSame(Buffer.from(`${some.join('\n')}\n${message('first')}\0${multiline}`), [], {})
  checkSame(Buffer.from(`${some.join('\n')}\n\0${multiline}${some.join('\n')}\n`), [], {})
})
