/** The kernel and its twin make the same entries of those with JSON in a field, or leave them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import {
  EntryParser,
  type EntryParserOptions,
  NO_LINE,
  PARSED,
} from '../../../src/codecs/formats/entry-parser.ts'
import { JsonFormat } from '../../../src/codecs/formats/json.ts'
import { TimedFormat } from '../../../src/codecs/formats/timed.ts'
import { SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { KernelParseJson } from '../../../src/codecs/kernel/parse-json.ts'
import { timeReader } from '../../../src/codecs/time/time-reader.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { encodeEntry, entriesOf, TEST_SECONDS } from '../../support/entries.ts'
import { joined, randomEntry } from '../msgpack-model.ts'
import { testKernel } from './test-kernel.ts'

const USUAL: EntryParserOptions = {
  field: 'log',
  format: new JsonFormat(),
  keepOriginal: false,
  keepTime: false,
  target: null,
  prefix: '',
}

function timed(format: string, keep = false): TimedFormat {
  const reader = timeReader(format, { zone: new Zone('UTC'), now: () => 0 })
  return new TimedFormat(new JsonFormat(), { field: 'time', reader, keep })
}

const pairs = [
  {},
  { keepOriginal: true },
  { target: 'level' },
  { target: 'parsed', keepOriginal: true, prefix: 'p.' },
  { prefix: 'x'.repeat(30) },
  { prefix: 'l' },
  { format: timed('auto') },
  { format: timed('auto', true), keepOriginal: true },
  { format: timed('rfc3339'), keepTime: true, target: 'z' },
  { format: timed('rfc3339'), prefix: 'a' },
  { format: timed('unix') },
  { format: timed('unix_ms') },
  { format: timed('unix_us'), target: 'level', prefix: 't' },
].map((change) => {
  const options = { ...USUAL, ...change }
  const kernel = KernelParseJson.create(testKernel(), options)
  assert.ok(kernel)
  return { options, kernel, twin: new EntryParser(options) }
})

/** What the twin makes of the entry at `offset`; returns where it ends. */
function byTwin(
  twin: EntryParser,
  entries: Uint8Array,
  offset: number,
  writer: ByteWriter,
): number {
  const answer = twin.parse(entries, offset, writer)
  if (answer === NO_LINE) writer.append(entries.subarray(offset, twin.end))
  else if (answer !== PARSED) twin.mark(entries, offset, writer)
  return twin.end
}

/** Checks that both do the same, and returns how many entries the kernel has parsed. */
function checkSame(entries: Uint8Array): number {
  // One of the others in turn.
  checkPair(pairs[1 + (turn++ % (pairs.length - 1))]!, entries)
  return checkPair(pairs[0]!, entries)
}

let turn = 0

function checkPair({ kernel, twin }: (typeof pairs)[number], entries: Uint8Array): number {
  const [both, alone] = [new ByteWriter(0), new ByteWriter(0)]
  let parsed = 0
  kernel.reset()
  for (let offset = 0; offset < entries.length;) {
    offset = kernel.parse(entries, offset, both)
    parsed += kernel.parsed
    if (offset < entries.length) offset = byTwin(twin, entries, offset, both)
  }
  for (let offset = 0; offset < entries.length;) offset = byTwin(twin, entries, offset, alone)
  if (Buffer.compare(both.written(), alone.written()) !== 0)
    assert.equal(
      Buffer.from(both.written()).toString('latin1'),
      Buffer.from(alone.written()).toString('latin1'),
    )
  return parsed
}

const name = fc.oneof(
  fc.constantFrom('a', 'level', 'log', 'msg', 'time', 'x'.repeat(31), 'x'.repeat(40), ''),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ minLength: 250, maxLength: 270 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => value / 1000),
  fc.constantFrom(
    0,
    -0,
    0.5,
    -0.0,
    1e21,
    127,
    128,
    255,
    256,
    -32,
    -33,
    -128,
    -129,
    65_536,
    2 ** 32,
  ),
  fc.boolean(),
  fc.constant(null),
)
const { object } = fc.letrec<{ object: object; value: unknown }>((tie) => ({
  object: fc.dictionary(name, tie('value'), { maxKeys: 20 }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    tie('object'),
    fc.array(tie('value'), { maxLength: 20 }),
  ),
}))
const others = fc.dictionary(name, scalar, { maxKeys: 17 })
const spaces = fc.constantFrom(0, 1, '\t')

test('objects of every kind', () => {
  const record = fc.tuple(others, object, spaces).map(([rest, line, space]) => {
    return { ...rest, log: JSON.stringify(line, null, space), z: 1 }
  })
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), (records) => {
      checkSame(entriesOf(records))
    }),
    { numRuns: 400 },
  )
})

test('text that is nearly JSON', () => {
  const pieces = fc.constantFrom(
    ...'{ } [ ] , : " " \\ \\u00e9 \\ud83d \\n 0 1 12 -3 .5 0.25 1e5 -0 01'.split(' '),
    ...'true false null nul "a" "b":'.split(' '),
    '123456789012345678',
    '1234567890123456789',
    '1234567.12345678',
    '12345678.12345678',
    ' ',
    'é',
    '\u0001',
  )
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((parts) => `{"k":${parts.join('')}}`),
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
    fc.tuple(object, fc.nat(), fc.nat(3)).map(([line, at, cut]) => {
      const json = JSON.stringify(line)
      const offset = at % (json.length + 1)
      return json.slice(0, offset) + json.slice(offset + cut)
    }),
  )
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
      checkSame(entriesOf(texts.map((log) => ({ a: 1, log }))))
    }),
    { numRuns: 1500 },
  )
})

test('lines with a time of every kind', () => {
  const time = fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => {
      return date.toISOString()
    }),
    fc.constantFrom(
      '2026-11-21T08:50:60Z',
      '2026-02-29T00:00:00Z',
      '2026-11-21 08:50:00',
      '2026-11-21T08:50:00+02:00',
      '2026-11-21t08:50:00,5z',
      '1970-01-01T00:00:00+01:00',
      '1795251000',
      'soon',
      true,
      null,
      1_795_251_000,
      1_795_251_000_123,
      1_795_251_000_123_456,
      99_999_999_999,
      100_000_000_000,
      -5,
      1_795_251_000.25,
    ),
    fc.nat(),
    fc.maxSafeInteger(),
    scalar,
  )
  const fields = fc.array(fc.tuple(fc.constantFrom('time', 'a', 'level', 'ptime'), time), {
    maxLength: 5,
  })
  const log = fields.map((list) => {
    return `{${list.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join()}}`
  })
  const record = fc.tuple(others, log).map(([rest, line]) => ({ ...rest, log: line }))
  fc.assert(
    fc.property(fc.array(record, { maxLength: 3 }), (records) => {
      checkSame(entriesOf(records))
    }),
    { numRuns: 3000 },
  )
})

test('the usual is the kernel’s with any option', () => {
  const log = '{"time":"2026-11-21T08:50:00.123Z","msg":"x","n":{"a":[1]}}'
  const number = '{"msg":"x","time":1795251000123}'
  const numbers = ['auto', 'unix', 'unix_ms', 'unix_us']
  for (const pair of pairs) {
    const { format } = pair.options
    const isNumber = format instanceof TimedFormat && numbers.includes(format.reader.format)
    const entries = entriesOf([{ a: 1, log: isNumber ? number : log }])
    const isLate = format instanceof TimedFormat && format.reader.format === 'unix'
    assert.equal(checkPair(pair, entries), isLate ? 0 : 1, JSON.stringify(pair.options))
  }
})

test('random records of every type, and bytes for a line', () => {
  const line = fc.uint8Array({ maxLength: 40 }).map((bytes) => {
    return encodeEntry(TEST_SECONDS, 5, { log: Buffer.from(bytes) })
  })
  const entry = fc.oneof(
    randomEntry.map(({ bytes }) => bytes),
    line,
  )
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }), (list) => {
      checkSame(joined(...list))
    }),
    { numRuns: 400 },
  )
})

test('the usual is done by the kernel, however much there is of it', () => {
  const line = (index: number) => ({ level: 'info', took: index / 8, n: index, list: [{ a: 1 }] })
  const record = (index: number) => ({ container: '/web', log: JSON.stringify(line(index)), s: 1 })
  const count = Math.ceil(SOURCE_BYTES / 40)
  const records = Array.from({ length: count }, (_, index) => record(index))
  assert.equal(checkSame(entriesOf(records)), count)
  assert.equal(checkSame(entriesOf([{ a: 1 }, record(1), { log: 5 }, record(2)])), 2)
})

test('an entry that is larger than the kernel is for the twin', () => {
  const large = { log: JSON.stringify({ text: 'x'.repeat(SOURCE_BYTES) }) }
  const small = { log: '{"a":1}' }
  assert.equal(checkSame(entriesOf([small, large, small])), 2)
})

test('a name in both is for the twin', () => {
  assert.equal(checkSame(entriesOf([{ level: 1, log: '{"level":2}' }])), 0)
})

test('levels up to those that the kernel keeps, and beyond', () => {
  for (let depth = 28; depth < 70; depth++)
    checkSame(entriesOf([{ log: `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}` }]))
})
