/**
 * Each file of test/fixtures/forward is one stream: bytes (hex pairs, "text" as in JSON, and
 * # comment), a line of dashes, then what the decoder makes of them, one line each. UPDATE=1
 * writes that part.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeAck, ForwardDecoder, type ForwardUnit } from '../../../src/codecs/forward/decoder.ts'
import { decodeEntries } from '../../support/entries.ts'

const folder = join(import.meta.dirname, '../../fixtures/forward')
const SEPARATOR = '----\n'
const OPTIONS = {
  frameMaxBytes: 4096,
  depthMax: 4,
  now: () => 1_795_251_000_123,
  metadataKey: 'meta',
  appendFields: [],
}

for (const name of readdirSync(folder)) {
  const path = join(folder, name)
  const [input, expected] = splitFixture(readFileSync(path, 'utf8'))
  const bytes = bytesOf(input)

  test(`reads ${name}`, () => {
    const found = describeStream([bytes])
    if (process.env['UPDATE'] === '1') writeFileSync(path, input + SEPARATOR + found)
    else assert.equal(found, expected)
  })

  test(`reads ${name} byte by byte`, () => {
    const singles = [...bytes].map((byte) => Uint8Array.of(byte))
    assert.deepEqual(eventsOf(describeStream(singles)), eventsOf(expected))
  })
}

test('gives canonical runs away without a copy', () => {
  const wire = bytesOf(
    '92 a1 "t" 92 92 d7 00 00 00 00 01 00 00 00 02 80 92 d7 00 00 00 00 01 00 00 00 03 80',
  )
  const [unit] = new ForwardDecoder(OPTIONS).push(wire)
  assert.equal(unit?.kind, 'entries')
  assert.equal(unit.entries.buffer, wire.buffer)
  assert.deepEqual(Buffer.from(unit.entries), Buffer.from(wire.subarray(4)))
})

test('passes bytes of a str through that are not UTF-8', () => {
  const [unit] = new ForwardDecoder(OPTIONS).push(bytesOf('93 a1 "t" 01 81 a1 ff a2 c3 28'))
  assert.equal(unit?.kind, 'entries')
  const expected = '92 d7 00 00 00 00 01 00 00 00 00 81 a1 ff a2 c3 28'
  assert.deepEqual(Buffer.from(unit.entries), Buffer.from(bytesOf(expected)))
})

test('appends fields, in place of those of the record', () => {
  const appendFields = [
    { key: 'peer', value: '10.0.0.1' },
    { key: 'input', value: 'x'.repeat(40) },
  ]
  const decoder = new ForwardDecoder({ ...OPTIONS, appendFields })
  const wire = '92 a1 "t" 92 92 d7 00 00 00 00 01 00 00 00 00 82 a4 "peer" 01 a1 "a" 02 92 01 80'
  const [unit] = decoder.push(bytesOf(wire))
  assert.equal(unit?.kind, 'entries')
  const added = { peer: '10.0.0.1', input: 'x'.repeat(40) }
  assert.deepEqual(
    decodeEntries(unit.entries).map((entry) => entry.record),
    [{ a: 2, ...added }, added],
  )
})

test('widens the map header when the fields no longer fit it', () => {
  const decoder = new ForwardDecoder({ ...OPTIONS, appendFields: [{ key: 'peer', value: 'p' }] })
  const fields = Array.from({ length: 15 }, (_, index) => `${(index + 32).toString(16)} 01`)
  const [unit] = decoder.push(bytesOf(`93 a1 "t" 01 8f ${fields.join(' ')}`))
  assert.equal(unit?.kind, 'entries')
  assert.equal(Buffer.from(unit.entries.subarray(11, 14)).toString('hex'), 'de0010')
  assert.equal(Object.keys(decodeEntries(unit.entries)[0]!.record).length, 16)
})

test('discards metadata when no key is set for it', () => {
  const decoder = new ForwardDecoder({ ...OPTIONS, metadataKey: '' })
  const [unit] = decoder.push(bytesOf('92 a1 "t" 91 92 92 01 81 a1 "m" 01 81 a1 "a" 02'))
  assert.equal(unit?.kind, 'entries')
  assert.deepEqual(decodeEntries(unit.entries)[0]!.record, { a: 2 })
})

test('reads a decompressed payload, keeping chunks and size', () => {
  const decoder = new ForwardDecoder(OPTIONS)
  const chunk = bytesOf('"c"')
  const payload = bytesOf('92 01 81 a1 "a" 01 92 02')
  const unit = decoder.decodePayload('t', payload, [chunk], 99)
  const line = '{"kind":"entries","tag":"t","wireBytes":99,"chunks":["c"],"count":1'
  assert.equal(
    describeUnit(unit),
    `${line},"invalid":{"truncated_payload":1},"events":[[1,0,{"a":1}]]}`,
  )
})

test('counts bytes of an unfinished frame, and returns nothing after an error', () => {
  const decoder = new ForwardDecoder(OPTIONS)
  assert.equal(decoder.format, 'unknown')
  assert.deepEqual(decoder.push(bytesOf('93 a1 "t" 01')), [])
  assert.equal(decoder.pendingBytes, 4)
  assert.equal(decoder.format, 'msgpack')
  assert.deepEqual(decoder.push(bytesOf('c1')), [])
  assert.equal(decoder.error?.offset, 4)
  assert.equal(
    decoder.error.message,
    'cannot decode byte 4: found byte 0xc1; expected a msgpack type',
  )
  assert.equal(decoder.pendingBytes, 0)
  assert.deepEqual(decoder.push(bytesOf('93 a1 "t" 01 80')), [])
})

test('units stay as they are while the stream goes on', () => {
  const decoder = new ForwardDecoder(OPTIONS)
  const frame = bytesOf('93 a1 "t" 01 81 a1 "a" 01')
  const other = bytesOf('93 a1 "t" 02 81 a1 "b" 02')
  decoder.push(frame.subarray(0, 3))
  const [first] = decoder.push(Buffer.concat([frame.subarray(3), other.subarray(0, 5)]))
  const before = describeUnit(first!)
  decoder.push(Buffer.concat([other.subarray(5), other, other.subarray(0, 2)]))
  assert.equal(describeUnit(first!), before)
})

test('takes a frame of frameMaxBytes and none that is longer', () => {
  const frameOf = (length: number): Uint8Array => {
    const head = bytesOf('93 a1 "t" 01 81 a1 "a" da')
    const text = length - head.length - 2
    return Buffer.concat([head, Uint8Array.of(text >> 8, text & 255), Buffer.alloc(text, 'x')])
  }
  const fits = new ForwardDecoder(OPTIONS)
  assert.equal(fits.push(frameOf(4096)).length, 1)
  const tooLong = new ForwardDecoder(OPTIONS)
  assert.equal(tooLong.push(frameOf(4097).subarray(0, 10)).length, 0)
  assert.equal(tooLong.error?.reason, 'frame_too_large')
})

test('limits a JSON text like a frame', () => {
  const decoder = new ForwardDecoder(OPTIONS)
  assert.deepEqual(decoder.push(Buffer.alloc(4097, '[')), [])
  assert.equal(decoder.error?.reason, 'frame_too_large')
  const deep = new ForwardDecoder(OPTIONS)
  deep.push(Buffer.from('['.repeat(8) + ']'.repeat(8)))
  assert.equal(deep.error?.reason, 'depth_exceeded')
})

test('acknowledges with the bytes that came', () => {
  const check = (chunk: string, format: 'msgpack' | 'json', expected: string): void => {
    assert.deepEqual(Buffer.from(encodeAck(bytesOf(chunk), format)), Buffer.from(bytesOf(expected)))
  }
  check('"YWJj\\n"', 'msgpack', '81 a3 "ack" a5 "YWJj\\n"')
  check('ff 00', 'msgpack', '81 a3 "ack" a2 ff 00')
  check('', 'msgpack', '81 a3 "ack" a0')
  check('"a\\"b"', 'json', '"{\\"ack\\":\\"a\\\\\\"b\\"}"')
})

function splitFixture(text: string): [string, string] {
  const at = text.indexOf(SEPARATOR)
  return [text.slice(0, at), text.slice(at + SEPARATOR.length)]
}

function bytesOf(text: string): Uint8Array {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|#.*|[0-9a-f]{2}/g) ?? []
  const parts = tokens.map((token) => {
    if (token.startsWith('#')) return Buffer.alloc(0)
    return token.startsWith('"')
      ? Buffer.from(JSON.parse(token) as string)
      : Buffer.from(token, 'hex')
  })
  return new Uint8Array(Buffer.concat(parts))
}

function describeStream(chunks: readonly Uint8Array[]): string {
  const decoder = new ForwardDecoder(OPTIONS)
  const lines = chunks.flatMap((chunk) => decoder.push(chunk)).map(describeUnit)
  if (decoder.error !== null) {
    const { reason, offset, found, expected } = decoder.error
    lines.push(JSON.stringify({ error: { reason, offset, found, expected } }))
  }
  if (decoder.pendingBytes > 0) lines.push(JSON.stringify({ pending: decoder.pendingBytes }))
  return lines.map((line) => `${line}\n`).join('')
}

function describeUnit(unit: ForwardUnit): string {
  const { kind, tag, wireBytes } = unit
  const chunks = unit.chunks.map(textOf)
  const rest = unit.kind === 'entries' ? describeEntries(unit) : describeOther(unit)
  return JSON.stringify({ kind, tag, wireBytes, chunks, ...rest }, plain)
}

function describeOther({ lease: _lease, ...rest }: Exclude<ForwardUnit, { kind: 'entries' }>) {
  return { ...rest, chunks: rest.chunks.map(textOf) }
}

function describeEntries(unit: ForwardUnit & { kind: 'entries' }): object {
  const { count, invalid } = unit
  const entries = decodeEntries(unit.entries)
  assert.equal(entries.length, count)
  return {
    count,
    ...(invalid === null ? {} : { invalid: Object.fromEntries(invalid) }),
    events: entries.map((entry) => [entry.seconds, entry.nanoseconds, entry.record]),
  }
}

/** What must not depend on how the stream is cut: events, chunks and errors, not units. */
function eventsOf(lines: string): unknown {
  const parsed = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown[]>)
  return {
    events: parsed.flatMap((unit) => (unit['events'] ?? []).map((event) => [unit['tag'], event])),
    chunks: parsed.flatMap((unit) => unit['chunks'] ?? []),
    others: parsed.filter((unit) => unit['events'] === undefined),
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
