/** Bodies of records: any split gives the same events, and no bytes do harm. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonFormat } from '../../../src/codecs/formats/json.ts'
import type { BodyDecoder } from '../../../src/codecs/records/body-decoder.ts'
import { JsonBody } from '../../../src/codecs/records/json-body.ts'
import { LineBody } from '../../../src/codecs/records/line-body.ts'
import { MsgpackBody } from '../../../src/codecs/records/msgpack-body.ts'
import { RecordCollector } from '../../../src/codecs/records/record-collector.ts'
import { entryEnd } from '../../../src/codecs/record.ts'
import { encodeEntry, packRecord } from '../../support/entries.ts'

const TIME = { seconds: 1_795_251_000, nanoseconds: 5, isFixed: false }
const LIMITS = { depthMax: 8, valueMaxBytes: 4096, now: () => 1_795_251_000_000 }

const BODIES: Readonly<Record<string, () => BodyDecoder>> = {
  json: () => new JsonBody(8, 4096),
  ndjson: () => new LineBody({ format: new JsonFormat(8), lineMaxBytes: 64, pieceKey: null }),
  msgpack: () => new MsgpackBody(LIMITS),
}

function read(name: string, pieces: readonly Uint8Array[]) {
  const body = BODIES[name]!()
  const collector = new RecordCollector({ fields: [['from', 'x']], timeKey: 'time' })
  const events: unknown[] = []
  const flush = () => {
    const { count } = collector
    const entries = collector.finish().slice()
    // As bytes: a map of msgpack may have keys that no JavaScript object has.
    let offset = 0
    for (let left = count; left > 0; left--) {
      const end = entryEnd(entries, offset)
      events.push(Buffer.from(entries.subarray(offset, end)).toString('hex'))
      offset = end
    }
    assert.equal(offset, entries.length)
  }
  let error = null
  for (const piece of pieces) {
    collector.begin(16, TIME)
    error = body.push(piece, collector)
    flush()
    if (error) break
  }
  if (!error) {
    collector.begin(16, TIME)
    error = body.end(collector)
    if (!error) flush()
  }
  return { events, error: error && [error.reason, error.offset] }
}

const record = fc.dictionary(
  fc.constantFrom('a', 'time', 'from', 'long name'),
  fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.constant(1.7e12),
    fc.boolean(),
  ),
)
const junk = fc.uint8Array({ maxLength: 40 })
const value = fc.oneof(
  { weight: 8, arbitrary: record.map((of) => Buffer.from(`${JSON.stringify(of)}\n`)) },
  { weight: 4, arbitrary: record.map((of) => packRecord(of)) },
  { weight: 2, arbitrary: record.map((of) => encodeEntry(7, 8, of)) },
  { weight: 2, arbitrary: fc.array(record).map((of) => Buffer.from(JSON.stringify(of))) },
  { weight: 1, arbitrary: fc.array(record).map((of) => packRecord(of)) },
  { weight: 1, arbitrary: junk },
)

for (const name of Object.keys(BODIES)) {
  test(`${name}: any split of the bytes gives the same events`, () => {
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), cuts, (values, at) => {
        const bytes = new Uint8Array(Buffer.concat(values))
        const ends = [...at.map((cut) => Math.min(cut, bytes.length)), bytes.length]
        ends.sort((a, b) => a - b)
        const pieces = ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end))
        assert.deepEqual(read(name, pieces), read(name, [bytes]))
      }),
      { numRuns: 500 },
    )
  })

  test(`${name}: hostile bytes give errors with an offset, and valid entries`, () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }), (pieces) => {
        const { error } = read(name, pieces)
        const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
        if (error) assert.ok(Number(error[1]) >= 0 && Number(error[1]) <= length, String(error))
      }),
      { numRuns: 2000 },
    )
  })
}
