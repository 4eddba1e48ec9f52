/** The kernel and its twins make the same entries of JSON in lines, in lists and one by one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LineFormat } from '../../../src/codecs/formats/format.ts'
import { JsonFormat } from '../../../src/codecs/formats/json.ts'
import { TimedFormat } from '../../../src/codecs/formats/timed.ts'
import { KernelJsonRecords } from '../../../src/codecs/kernel/json-records.ts'
import { type Kernel, SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import type { BodyDecoder } from '../../../src/codecs/records/body-decoder.ts'
import { JsonBody } from '../../../src/codecs/records/json-body.ts'
import { LineBody } from '../../../src/codecs/records/line-body.ts'
import {
  RecordCollector,
  type RecordCollectorOptions,
} from '../../../src/codecs/records/record-collector.ts'
import { timeReader } from '../../../src/codecs/time/time-reader.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()
const TIME = { seconds: 1_795_251_000, nanoseconds: 5, isFixed: false }
const LINE_MAX = 400

function timed(format: string, keep = false): LineFormat {
  const reader = timeReader(format, { zone: new Zone('UTC'), now: () => 0 })
  return new TimedFormat(new JsonFormat(), { field: 'time', reader, keep })
}

interface Way {
  readonly format: LineFormat
  readonly collector: Pick<RecordCollectorOptions, 'fields' | 'timeKey'>
  readonly isFixed?: boolean
}

const PLAIN = { fields: [], timeKey: null }
const WAYS: readonly Way[] = [
  { format: new JsonFormat(), collector: { fields: [], timeKey: 'time' } },
  { format: new JsonFormat(), collector: PLAIN },
  { format: new JsonFormat(), collector: { fields: [['a', 'x']], timeKey: 'level' } },
  { format: new JsonFormat(), collector: { fields: [['from', 'x']], timeKey: 'time' } },
  { format: new JsonFormat(), collector: { fields: [], timeKey: 'time' }, isFixed: true },
  { format: timed('auto'), collector: PLAIN },
  { format: timed('rfc3339', true), collector: { fields: [['from', 'x']], timeKey: null } },
  { format: timed('unix_ms'), collector: PLAIN },
]

type Kind = 'lines' | 'json'

function bodyOf(kind: Kind, { format }: Way): BodyDecoder {
  if (kind === 'json') return new JsonBody(64, 1 << 30)
  return new LineBody({ format, lineMaxBytes: LINE_MAX, pieceKey: null })
}

function read(kind: Kind, way: Way, pieces: readonly Uint8Array[], used: Kernel | null) {
  const body = bodyOf(kind, way)
  const collector = new RecordCollector({ ...way.collector, kernel: used })
  const runs: Buffer[] = []
  const counts = { count: 0, failed: 0 }
  const run = (work: () => ReturnType<BodyDecoder['end']>) => {
    collector.begin(16, { ...TIME, isFixed: way.isFixed ?? false })
    const error = work()
    counts.count += collector.count
    counts.failed += collector.failedCount
    runs.push(Buffer.from(collector.finish()))
    return error
  }
  let error = null
  for (const piece of pieces) {
    error = run(() => body.push(piece, collector))
    if (error) break
  }
  error ??= run(() => body.end(collector))
  if (error && kind === 'json') return { error: error.message, offset: error.offset }
  return { ...counts, entries: Buffer.concat(runs).toString('latin1') }
}

/** Both in pieces that are cut at `cuts`. */
function checkSame(kind: Kind, way: Way, text: Uint8Array, cuts: readonly number[] = []) {
  const bytes = new Uint8Array(text)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
  ends.sort((a, b) => a - b)
  const pieces = () => ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end))
  assert.deepEqual(read(kind, way, pieces(), kernel), read(kind, way, pieces(), null))
}

const name = fc.oneof(
  fc.constantFrom('a', 'level', 'time', 'from', 'x'.repeat(31), ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double({ noNaN: true }),
  fc.maxSafeInteger(),
  fc.integer({ min: 0, max: 4_000_000_000 }),
  fc.double({ min: 0, max: 4_300_000_000, noNaN: true }),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(1_795_251_000, 1_795_251_000.25, 1_795_251_000_123, 4_294_967_296, 0, 1.9999999),
  fc.constantFrom(1_795_251_000.123, 1_795_251_000.5678, 1_795_251_000.001, 4_294_967_295.5),
  fc.constantFrom('2026-11-21 08:50:00', '1970-01-01T00:00:00Z', true, null),
)
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 18 }) },
  { weight: 1, arbitrary: fc.dictionary(name, scalar, { maxKeys: 18 }) },
)
const object = fc
  .tuple(fc.array(fc.tuple(name, value), { maxLength: 18 }), fc.constantFrom('', ' ', '\r'))
  .map(([fields, space]) => {
    const text = fields.map(([key, of]) => `${JSON.stringify(key)}${space}:${JSON.stringify(of)}`)
    return `{${space}${text.join(`,${space}`)}${space}}`
  })
const between = fc.constantFrom('\n', '\r\n', ' ', '', ',', '\n\n', ' \n', ', ', '\t')
const odd = fc.constantFrom('[', ']', '{', '}', '{"a":', '"', '{}', '5', '{"a":\n1}', '\0', 'é')
const text = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.tuple(object, between).map((parts) => parts.join('')) },
      { weight: 1, arbitrary: odd },
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(parts.join('')))
const list = fc
  .tuple(fc.array(object, { maxLength: 8 }), fc.constantFrom(',', ' , ', ',\n', ''), between)
  .map(([objects, comma, end]) => Buffer.from(`[${objects.join(comma)}${end}]${end}`))
const cuts = fc.array(fc.nat(), { maxLength: 4 })
const way = fc.constantFrom(...WAYS)

test('lines, whatever is in them and wherever they are cut', () => {
  fc.assert(
    fc.property(text, way, cuts, (bytes, used, at) => checkSame('lines', used, bytes, at)),
    { numRuns: 3000 },
  )
})

test('lists and objects one by one, whatever is in them', () => {
  fc.assert(
    fc.property(fc.oneof(text, list), way, (bytes, used) => checkSame('json', used, bytes)),
    { numRuns: 3000 },
  )
})

test('bytes with one changed', () => {
  const changed = fc.tuple(fc.oneof(text, list), fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) copy[at % copy.length] = byte
    return copy
  })
  fc.assert(
    fc.property(changed, way, (bytes, used) => {
      checkSame('lines', used, bytes)
      checkSame('json', used, bytes)
    }),
    { numRuns: 1500 },
  )
})

const line = (index: number) =>
  JSON.stringify({ time: 1_795_251_000 + index, level: 'info', text: 'é\n'.repeat(index % 40) })

test('more than the kernel holds, in one piece', () => {
  const lines = Array.from({ length: 8000 }, (_, index) => line(index))
  const [of, , added] = WAYS as readonly [Way, Way, Way]
  for (const [kind, bytes] of [
    ['lines', `${lines.join('\n')}\n`],
    ['json', lines.join('\n')],
    ['json', `[${lines.join()}]`],
    ['json', `[${' '.repeat(SOURCE_BYTES)}${lines.join(' '.repeat(900) + ',')}]`],
    ['lines', '{}\n'.repeat(SOURCE_BYTES)],
    ['json', '{}'.repeat(SOURCE_BYTES * 2)],
    ['lines', `${JSON.stringify({ text: 'x'.repeat(SOURCE_BYTES) })}\n${lines.join('\n')}`],
    ['json', `${JSON.stringify({ text: 'x'.repeat(SOURCE_BYTES) })}\n${lines.join('\n')}`],
  ] as const) {
    assert.ok(bytes.length > 2 * SOURCE_BYTES)
    checkSame(kind, of, Buffer.from(bytes))
    checkSame(kind, added, Buffer.from(bytes))
  }
})

test('the usual is the kernel’s', () => {
  const lines = Array.from({ length: 9000 }, (_, index) => line(index))
  for (const [separator, between] of [
    ['line', '\r\n'],
    ['comma', ','],
    ['space', ' '],
  ] as const) {
    const bytes = Buffer.from(`${lines.join(between)}${between}`)
    const collector = new RecordCollector({ fields: [], timeKey: 'time', kernel })
    collector.begin(16, TIME)
    const run = { start: 0, end: bytes.length, separator, lineMaxBytes: 1000 }
    let stoppedAt = 0
    const format = new JsonFormat()
    while (stoppedAt < bytes.length && collector.count < lines.length) {
      // Behind a window's last object, the caller looks for the next one.
      stoppedAt = collector.addUsual(format, bytes, { ...run, start: stoppedAt })
      while (stoppedAt < bytes.length && bytes[stoppedAt] !== 0x7b) stoppedAt++
    }
    assert.equal(collector.count, lines.length)
    assert.equal(collector.failedCount, 0)
  }
})

test('it is of no use for few levels, other formats and two times', () => {
  const options = { fields: new Uint8Array(0), fieldCount: 0, timeKey: null }
  assert.equal(KernelJsonRecords.create(kernel, new JsonFormat(32), options), null)
  assert.equal(KernelJsonRecords.create(null, new JsonFormat(), options), null)
  assert.equal(KernelJsonRecords.create(kernel, timed('unix_ns'), options), null)
  const timeKey = Buffer.from('time')
  assert.equal(KernelJsonRecords.create(kernel, timed('auto'), { ...options, timeKey }), null)
})
