/** A GELF decoder with the kernel and one with the twin alone read the same from whatever comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GelfCollector } from '../../../src/codecs/gelf/collector.ts'
import { GelfDecoder, type GelfDecoderOptions } from '../../../src/codecs/gelf/decoder.ts'
import { NO_SOURCE } from '../../../src/codecs/gelf/source.ts'
import { type Kernel, SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { decoderOptions, DOCKER } from '../gelf/gelf-messages.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()

interface Reading {
  readonly events: [tag: string, entries: string][]
  readonly count: number
  readonly failures: string[]
}

function read(
  chunks: readonly Uint8Array[],
  used: Kernel | null,
  changed: Partial<GelfDecoderOptions>,
): Reading {
  const failures: string[] = []
  const options = decoderOptions(failures, { ...changed, kernel: used })
  const decoder = new GelfDecoder(options, NO_SOURCE)
  const runs = chunks.flatMap((chunk) => decoder.push(Uint8Array.from(chunk)))
  runs.push(...decoder.end())
  const events: Reading['events'] = []
  for (const { tag, entries, lease } of runs) {
    const hex = Buffer.from(entries).toString('latin1')
    const last = events.at(-1)
    if (last?.[0] === tag) last[1] += hex
    else events.push([tag, hex])
    lease.release()
  }
  return { events, count: runs.reduce((sum, { count }) => sum + count, 0), failures }
}

function checkSame(
  bytes: Uint8Array,
  cuts: readonly number[],
  changed: Partial<GelfDecoderOptions> = {},
): void {
  const options = { messageMaxBytes: SOURCE_BYTES, ...changed }
  const offsets = cuts.map((point) => Math.floor(point * bytes.length)).sort((a, b) => a - b)
  const bounds = [0, ...offsets, bytes.length]
  const chunks = bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end))
  assert.deepEqual(read(chunks, kernel, options), read(chunks, null, options))
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.integer({ min: 10, max: 300 }).map((length) => 'x'.repeat(length)),
  fc.constantFrom('"\\/\b\f\n\r\t', 'é€😀', '<a href="x">&', 'x'.repeat(70_000)),
)
const name = fc.oneof(
  { arbitrary: fc.constantFrom(...Object.keys(DOCKER)), weight: 8 },
  fc.constantFrom('_', '__tag', '_host', '_log', 'log', '_level', 'stream', '_stream', 'own'),
  fc.string(),
  fc.string({ minLength: 25, maxLength: 40 }).map((rest) => `_${rest}`),
)
const value = fc.oneof(
  { arbitrary: text, weight: 4 },
  fc.integer(),
  fc.integer({ min: -40_000, max: 70_000 }),
  fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 999_999_999, 9_999_999_999),
  fc.constantFrom(-32, -33, -128, -129, -32_768, -32_769, -999_999_999, -9_999_999_999),
  fc.constantFrom(true, false, null, 1.5, -0, 3, 6, 1e30, 2 ** 53, [], { a: [1] }),
)
const time = fc.oneof(
  fc.double({ min: 1, max: 4_294_967_295, noNaN: true }),
  fc.integer({ min: -5, max: 2 ** 33 }),
  fc.constantFrom('5', 'no time', 1795251000.123456789, 0),
)
const fields = fc.array(fc.tuple(name, value), { maxLength: 20 })
const message = fc
  .tuple(fields, fc.option(time, { freq: 8 }), fc.constantFrom('', ' ', '\n'))
  .map(([list, timestamp, space]) => {
    const all: [string, unknown][] = timestamp === null ? list : [...list, ['timestamp', timestamp]]
    const texts = all.map(([key, each]) => `${JSON.stringify(key)}:${space}${JSON.stringify(each)}`)
    return `{${texts.join(`,${space}`)}}`
  })
/** As Go writes it. */
const escaped = message.map((json) =>
  json.replaceAll('<', '\\u003c').replaceAll('>', '\\u003E').replaceAll('é', '\\u00e9'),
)
const docker = fc
  .tuple(text, fc.constantFrom(3, 6), fc.constantFrom('a', 'b', 'b.c', '', 'é', 'x'.repeat(65)))
  .map(([line, level, tag]) => JSON.stringify({ ...DOCKER, short_message: line, level, _tag: tag }))
const stream = fc
  .array(
    fc.tuple(
      fc.oneof({ arbitrary: docker, weight: 3 }, message, escaped, fc.json(), fc.string()),
      fc.constantFrom('\0', '\n', '\r\n', '\n\0', ''),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(parts.flat().join('')))
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })
const options = fc.record({
  delimiter: fc.constantFrom('auto' as const, 'nul' as const, 'newline' as const),
  fields: fc.constantFrom('strip' as const, 'strip' as const, 'keep' as const),
  messageKey: fc.constantFrom('log', 'log', 'message', 'short_message', 'x'.repeat(40)),
})

test('messages of every kind, whole and in pieces', () => {
  fc.assert(fc.property(stream, cuts, options, checkSame), { numRuns: 1500 })
})

test('messages with bytes changed, taken out or put in', () => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat(3),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(...'"\\{}:,\0\n 0-e').map((letter) => Buffer.from(letter)),
    ),
  })
  const changes = fc.array(change, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(stream, changes, cuts, options, (bytes, list, at, changed) => {
      let wire: Uint8Array = bytes
      for (const { at: place, removed, put } of list) {
        const offset = Math.floor(place * wire.length)
        wire = Buffer.concat([wire.subarray(0, offset), put, wire.subarray(offset + removed)])
      }
      checkSame(wire, at, changed)
    }),
    { numRuns: 1500 },
  )
})

test('messages larger than the kernel holds', () => {
  const sizes = [10, 100_000, 130_000, 300_000, 20, 255_000, 262_000, 30]
  const messages = sizes.map((size) =>
    JSON.stringify({ ...DOCKER, short_message: 'x'.repeat(size) }),
  )
  const bytes = Buffer.from(`${messages.join('\0')}\0`)
  for (const cut of [[], [0.1, 0.5], [0.3, 0.31, 0.7]]) {
    checkSame(bytes, cut)
    checkSame(bytes, cut, { messageMaxBytes: 1024 * 1024 })
  }
})

test('datagrams', () => {
  fc.assert(
    fc.property(fc.oneof(docker, message, escaped), fc.constantFrom('', '\n'), (json, end) => {
      const bytes = new Uint8Array(Buffer.from(json + end))
      const results = [kernel, null].map((used) => {
        const changed = { messageMaxBytes: SOURCE_BYTES, kernel: used }
        const collector = new GelfCollector(decoderOptions([], changed))
        const error = collector.add(bytes, 0, bytes.length, true)
        const runs = collector.take().map(({ tag, entries, count }) => ({ tag, entries, count }))
        return { reason: error?.reason, runs }
      })
      assert.deepEqual(results[0], results[1])
    }),
    { numRuns: 500 },
  )
})

test('what is usual is read by the kernel', () => {
  const bytes = Buffer.from(`${JSON.stringify(DOCKER)}\0`.repeat(3))
  const collector = new GelfCollector(decoderOptions([], { messageMaxBytes: SOURCE_BYTES, kernel }))
  assert.equal(collector.addUsual(new Uint8Array(bytes), 0, bytes.length), bytes.length)
  assert.equal(collector.take()[0]?.count, 3)
})
