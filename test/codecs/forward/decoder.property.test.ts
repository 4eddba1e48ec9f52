/** What must hold for every stream: cuts do not matter, garbage does no harm, nothing is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { CodecError } from '../../../src/codecs/codec-error.ts'
import { ForwardDecoder, type ForwardUnit } from '../../../src/codecs/forward/decoder.ts'
import { entryEnd } from '../../../src/codecs/record.ts'
import { type DecodedEntry, decodeEntries } from '../../support/entries.ts'

const FRAME_MAX_BYTES = 64 * 1024
const packr = new Packr({ useRecords: false, variableMapSize: true })
const pack = (value: unknown): Buffer => Buffer.from(packr.pack(value))

interface Event {
  readonly time: { readonly wire: Buffer; readonly seconds: number; readonly nanoseconds: number }
  readonly record: Record<string, unknown>
}

interface FrameModel {
  readonly mode: 'message' | 'forward' | 'packed_bin' | 'packed_str'
  readonly tag: string
  readonly events: readonly Event[]
  readonly option: Record<string, unknown> | null
}

interface Reading {
  readonly events: readonly (DecodedEntry & { readonly tag: string })[]
  readonly chunks: readonly string[]
}

const uint32 = fc.integer({ min: 1, max: 0xffff_ffff })
const nanoseconds = fc.integer({ min: 0, max: 999_999_999 })
const key = fc.string({ maxLength: 40, unit: 'binary' }).filter((text) => text !== '__proto__')
const text = fc.string({ maxLength: 300, unit: 'binary' })
const leaf = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
)
const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 20 }), fc.dictionary(key, leaf))
const record = fc.dictionary(key, value, { maxKeys: 20, noNullPrototype: true })

const time: fc.Arbitrary<Event['time']> = fc.oneof(
  uint32.map((seconds) => ({ wire: pack(seconds), seconds, nanoseconds: 0 })),
  uint32.map((seconds) => ({ wire: headed('d2', seconds), seconds, nanoseconds: 0 })),
  fc.tuple(uint32, nanoseconds).map(([seconds, part]) => eventTime('d700', seconds, part)),
  fc.tuple(uint32, nanoseconds).map(([seconds, part]) => eventTime('c70800', seconds, part)),
)
const event: fc.Arbitrary<Event> = fc.record({ time, record })
const option = fc.oneof(
  fc.constant(null),
  fc.constant({}),
  fc.record({ chunk: text }),
  fc.record({ size: fc.nat(), chunk: text, compressed: fc.constant('text'), other: leaf }),
)
const frame: fc.Arbitrary<FrameModel> = fc
  .record({
    mode: fc.constantFrom('message', 'forward', 'packed_bin', 'packed_str'),
    tag: fc.constantFrom('a', 'docker.web1'),
    events: fc.array(event, { maxLength: 5 }),
    option,
  })
  // A message is one event.
  .map((model) =>
    model.mode === 'message' && model.events.length !== 1 ? { ...model, mode: 'forward' } : model,
  )
const frames = fc.array(frame, { maxLength: 6 })
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

test('any cut of a stream gives the events and chunks that were sent', () => {
  fc.assert(
    fc.property(frames, cuts, (models, points) => {
      const wire = Buffer.concat(models.map(encodeFrame))
      const decoder = decoderOf()
      const found = readingOf(cutAt(wire, points).flatMap((chunk) => decoder.push(chunk)))
      assert.equal(decoder.error, null)
      assert.equal(decoder.pendingBytes, 0)
      assert.deepEqual(found, expectedOf(models))
    }),
    { numRuns: 300 },
  )
})

test('garbage ends in a CodecError or in nothing, and is never held past the frame limit', () => {
  const bytes = fc.uint8Array({ maxLength: 400 })
  const header = fc.constantFrom(
    '92a174dd',
    '93a17490',
    '92a174c6',
    '5b',
    '93a17401df',
    '92a174c4ff',
  )
  fc.assert(
    fc.property(header, bytes, cuts, (start, rest, points) => {
      const wire = Buffer.concat([Buffer.from(start, 'hex'), rest])
      const decoder = decoderOf()
      for (const chunk of cutAt(wire, points)) readingOf(decoder.push(chunk))
      if (decoder.error !== null) assert.ok(decoder.error instanceof CodecError)
      assert.ok(decoder.pendingBytes <= wire.length)
    }),
    { numRuns: 1000 },
  )
})

test('a changed byte loses nothing that came before it', () => {
  const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), to: fc.nat(255) })
  fc.assert(
    fc.property(frames, change, cuts, (models, { at, to }, points) => {
      const encoded = models.map(encodeFrame)
      const wire = Buffer.concat(encoded)
      fc.pre(wire.length > 0)
      const position = Math.min(Math.floor(at * wire.length), wire.length - 1)
      wire[position] = to
      const before = models.slice(0, wholeFramesBefore(encoded, position))
      const entries = before.flatMap(({ tag, events }) =>
        events.map((item) => ({ tag, bytes: canonicalEntry(item).toString('hex') })),
      )
      const { chunks } = expectedOf(before)
      const decoder = decoderOf()
      // The first byte may turn the stream into JSON; then there is no frame before it.
      const units = cutAt(wire, points).flatMap((chunk) => decoder.push(chunk))
      assert.deepEqual(entriesIn(units).slice(0, entries.length), entries)
      assert.deepEqual(chunksIn(units).slice(0, chunks.length), chunks)
    }),
    { numRuns: 300 },
  )
})

test('a payload that was packed reads the same after decompression', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), (events) => {
      const payload = Buffer.concat(events.map(encodeEvent))
      const unit = decoderOf().decodePayload('a', payload, [], 1)
      const model: FrameModel = { mode: 'forward', tag: 'a', events, option: null }
      assert.deepEqual(readingOf([unit]), expectedOf([model]))
    }),
    { numRuns: 100 },
  )
})

test('JSON and msgpack connections read the same', () => {
  const jsonRecord = fc.dictionary(key, fc.oneof(fc.jsonValue({ maxDepth: 2 }), text), {
    maxKeys: 8,
    noNullPrototype: true,
  })
  const message = fc.record({ seconds: uint32, record: jsonRecord, chunk: text })
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), cuts, (messages, points) => {
      const values = messages.map((item) => ['t', item.seconds, item.record, { chunk: item.chunk }])
      const json = decoderOf()
      const asJson = Buffer.from(values.map((item) => JSON.stringify(item)).join('\n'))
      const units = cutAt(asJson, points).flatMap((chunk) => json.push(chunk))
      assert.equal(json.error, null)
      assert.equal(json.format, 'json')
      // Through JSON first, which knows neither -0 nor lone surrogates.
      const plain = values.map((item) => JSON.parse(JSON.stringify(item)) as unknown)
      const asMsgpack = Buffer.concat(plain.map(pack))
      assert.equal(
        numbersAlike(readingOf(units)),
        numbersAlike(readingOf(decoderOf().push(asMsgpack))),
      )
    }),
    { numRuns: 300 },
  )
})

/** msgpackr writes integers past 32 bits as doubles, and we do not. */
function numbersAlike(reading: Reading): string {
  return JSON.stringify(reading, (_key, item: unknown) =>
    typeof item === 'bigint' ? Number(item) : item,
  )
}

function decoderOf(): ForwardDecoder {
  return new ForwardDecoder({
    frameMaxBytes: FRAME_MAX_BYTES,
    depthMax: 16,
    now: () => 1_795_251_000_000,
    metadataKey: 'meta',
    appendFields: [],
  })
}

function encodeFrame(model: FrameModel): Buffer {
  const { mode, tag, events } = model
  const rest = model.option === null ? [] : [pack(model.option)]
  const bodies = mode === 'message' ? messageParts(events) : [runPart(mode, events)]
  const count = 1 + bodies.length + rest.length
  return Buffer.concat([Buffer.of(0x90 | count), pack(tag), ...bodies, ...rest])
}

function messageParts(events: readonly Event[]): Buffer[] {
  return events.flatMap((item) => [item.time.wire, pack(item.record)])
}

function runPart(mode: FrameModel['mode'], events: readonly Event[]): Buffer {
  const entries = events.map(encodeEvent)
  if (mode === 'forward') return Buffer.concat([Buffer.of(0x90 | entries.length), ...entries])
  const payload = Buffer.concat(entries)
  return Buffer.concat([headed(mode === 'packed_bin' ? 'c6' : 'db', payload.length), payload])
}

function encodeEvent(item: Event): Buffer {
  return Buffer.concat([Buffer.of(0x92), item.time.wire, pack(item.record)])
}

function eventTime(head: string, seconds: number, part: number): Event['time'] {
  const wire = Buffer.concat([headed(head, seconds), headed('', part)])
  return { wire, seconds, nanoseconds: part }
}

/** Bytes in hex, then a number of 32 bits. */
function headed(head: string, number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return Buffer.concat([Buffer.from(head, 'hex'), bytes])
}

function cutAt(wire: Buffer, points: readonly number[]): Buffer[] {
  const offsets = points.map((point) => Math.floor(point * wire.length)).sort((a, b) => a - b)
  const bounds = [0, ...offsets, wire.length]
  return bounds.slice(1).map((end, index) => Buffer.from(wire.subarray(bounds[index], end)))
}

function wholeFramesBefore(encoded: readonly Buffer[], position: number): number {
  let end = 0
  return encoded.filter((bytes) => (end += bytes.length) <= position).length
}

function canonicalEntry({ time: { seconds, nanoseconds: part }, record: fields }: Event): Buffer {
  return Buffer.concat([headed('92d700', seconds), headed('', part), pack(fields)])
}

function expectedOf(models: readonly FrameModel[]): Reading {
  const events = models.flatMap((model) =>
    model.events.map((item) => {
      const entry = canonicalEntry(item)
      return { tag: model.tag, ...decodeEntries(new Uint8Array(entry))[0]! }
    }),
  )
  const chunks = models.map((model) => model.option?.['chunk']).filter((id) => id !== undefined)
  return { events, chunks: chunks.map((id) => Buffer.from(id as string).toString('hex')) }
}

function readingOf(units: readonly ForwardUnit[]): Reading {
  const events = units.flatMap((unit) => {
    if (unit.kind !== 'entries') return []
    const entries = decodeEntries(unit.entries)
    assert.equal(entries.length, unit.count)
    return entries.map((entry) => ({ tag: unit.tag, ...entry }))
  })
  return { events, chunks: chunksIn(units) }
}

function chunksIn(units: readonly ForwardUnit[]): string[] {
  return units.flatMap((unit) => unit.chunks.map((id) => Buffer.from(id).toString('hex')))
}

/** The bytes of each entry, undecoded: msgpackr refuses some maps, such as one keyed by arrays. */
function entriesIn(units: readonly ForwardUnit[]): { tag: string; bytes: string }[] {
  return units.flatMap((unit) => {
    if (unit.kind !== 'entries') return []
    const entries: { tag: string; bytes: string }[] = []
    for (let start = 0; start < unit.entries.length;) {
      const end = entryEnd(unit.entries, start)
      const bytes = Buffer.from(unit.entries.subarray(start, end)).toString('hex')
      entries.push({ tag: unit.tag, bytes })
      start = end
    }
    assert.equal(entries.length, unit.count)
    return entries
  })
}
