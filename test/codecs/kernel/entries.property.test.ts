/** A decoder with the kernel and one with the twin alone read the same from whatever comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ForwardDecoder, type ForwardUnit } from '../../../src/codecs/forward/decoder.ts'
import type { Kernel } from '../../../src/codecs/kernel/kernel.ts'
import { packRecord } from '../../support/entries.ts'
import { joined, randomEntry } from '../msgpack-model.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()

interface Reading {
  readonly units: readonly ForwardUnit[]
  readonly error: unknown
  readonly pendingBytes: number
}

function read(chunks: readonly Uint8Array[], used: Kernel | null): Reading {
  const decoder = new ForwardDecoder({
    frameMaxBytes: 1024 * 1024,
    depthMax: 4,
    now: () => 1_795_251_000_000,
    metadataKey: 'meta',
    appendFields: [],
    kernel: used,
  })
  const units = chunks.flatMap((chunk) => decoder.push(chunk))
  const { error, pendingBytes } = decoder
  const plain = error && { ...error, message: error.message }
  return { units: units.map(copied), error: plain, pendingBytes }
}

/** Views into memory that others write as well would prove nothing. */
function copied(unit: ForwardUnit): ForwardUnit {
  return unit.kind === 'entries' ? { ...unit, entries: unit.entries.slice() } : unit
}

function checkSame(wire: Uint8Array, cuts: readonly number[]): void {
  const offsets = cuts.map((point) => Math.floor(point * wire.length)).sort((a, b) => a - b)
  const bounds = [0, ...offsets, wire.length]
  // A copy for each, so that nobody can read what was not given.
  const chunks = () => bounds.slice(1).map((end, index) => wire.slice(bounds[index], end))
  const [byKernel, byTwin] = [read(chunks(), kernel), read(chunks(), null)]
  assert.deepEqual(byKernel, byTwin)
}

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
/** Also those past the limit, and zero, which means now. */
const nanoseconds = fc.oneof(
  fc.integer({ min: 0, max: 999_999_999 }),
  fc.constantFrom(0, 1_000_000_000),
)

function bigEndian(...numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(numbers.length * 4)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, index * 4)
  return bytes
}

const usualTime = fc.oneof(
  fc.tuple(uint32, nanoseconds).map((parts) => joined([0xd7, 0], bigEndian(...parts))),
  fc.tuple(uint32, nanoseconds).map((parts) => joined([0xc7, 8, 0], bigEndian(...parts))),
  uint32.map((seconds) => joined([0xce], bigEndian(seconds))),
)
const time = fc.oneof(
  { arbitrary: usualTime, weight: 6 },
  fc.constantFrom([0xc0], [0x00], [0x7f], [0xcb, 0, 0, 0, 0, 0, 0, 0, 0], [0xa0]).map(bytesOf),
  fc
    .constantFrom(0xffff_ffff, 0xffff_fffe)
    .map((marker) => joined([0xd7, 0], bigEndian(marker, 0))),
)
/** Nested deeper than `depthMax` now and then. */
const record = fc.oneof(
  { arbitrary: fc.dictionary(fc.string(), fc.jsonValue()).map(packRecord), weight: 6 },
  { arbitrary: randomEntry.map(({ bytes }) => bytes.slice(11)), weight: 2 },
  fc.constantFrom([0x80], [0xc0], [0x90], [0x81, 0xa1, 0x61], [0xc1]).map(bytesOf),
)
const metadata = fc.constantFrom([0x80], [0x81, 0xa1, 0x61, 0x01], [0xc0]).map(bytesOf)
const entry = fc.oneof(
  { arbitrary: fc.tuple(time, record).map((parts) => joined([0x92], ...parts)), weight: 6 },
  fc
    .tuple(time, metadata, record)
    .map(([at, fields, body]) => joined([0x92, 0x92], at, fields, body)),
  fc.tuple(time, record).map((parts) => joined([0x93], ...parts, [0xc0])),
)
const tag = fc
  .constantFrom('a', 'docker.web1', '', 'x'.repeat(40), 'y'.repeat(300))
  .map((name) => packRecord(name))
const option = fc
  .constantFrom([0xc0], [0x80], [0x81, 0xa5, ...Buffer.from('chunk'), 0xa1, 0x63])
  .map(bytesOf)

const message = fc
  .tuple(tag, time, record, fc.option(option))
  .map(([name, at, body, more]) => joined([more ? 0x94 : 0x93], name, at, body, more ?? []))
const entries = fc.array(entry, { maxLength: 12 })
const forward = fc.tuple(tag, entries, fc.option(option)).map(([name, list, more]) => {
  const head = [more ? 0x93 : 0x92]
  return joined(head, name, [0xdc, 0, list.length], ...list, more ?? [])
})
const packed = fc.tuple(tag, entries, fc.constantFrom(0xc6, 0xdb)).map(([name, list, type]) => {
  const payload = joined(...list)
  return joined([0x92], name, [type], bigEndian(payload.length), payload)
})
const frame = fc.oneof(
  { arbitrary: fc.array(message, { maxLength: 12 }).map((list) => joined(...list)), weight: 3 },
  forward,
  packed,
  fc.constant(Uint8Array.of(0xc0)),
)
const stream = fc.array(frame, { maxLength: 5 }).map((frames) => joined(...frames))
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })

test('frames of every mode, whole and in pieces', () => {
  fc.assert(fc.property(stream, cuts, checkSame), { numRuns: 1500 })
})

test('frames with bytes changed, taken out or put in', () => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat(3),
    put: fc.uint8Array({ maxLength: 3 }),
  })
  fc.assert(
    fc.property(
      stream,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      cuts,
      (wire, list, at) => {
        let changed = wire
        for (const { at: place, removed, put } of list) {
          const offset = Math.floor(place * changed.length)
          changed = joined(changed.slice(0, offset), put, changed.slice(offset + removed))
        }
        checkSame(changed, at)
      },
    ),
    { numRuns: 1500 },
  )
})

test('frames larger than the kernel holds', () => {
  const log = (length: number) => packRecord({ log: 'x'.repeat(length) })
  const at = joined([0xd7, 0], bigEndian(1_795_251_000, 5))
  const sizes = [10, 100_000, 130_000, 300_000, 20, 255_000, 30]
  const messages = sizes.map((size) => joined([0x93], packRecord('a'), at, log(size)))
  const list = sizes.map((size) => joined([0x92], at, log(size)))
  const run = joined([0x92], packRecord('a'), [0xdc, 0, list.length], ...list)
  const payload = joined(...list)
  const bin = joined([0x92], packRecord('a'), [0xc6], bigEndian(payload.length), payload)
  for (const cut of [[], [0.1, 0.5], [0.3, 0.31, 0.7]]) {
    checkSame(joined(...messages, run, bin, ...messages), cut)
  }
})

function bytesOf(numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers)
}
