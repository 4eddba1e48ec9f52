/** Reads lines with a format and shows what it made of them as plain JavaScript. */
import assert from 'node:assert/strict'
import { Unpackr } from 'msgpackr'
import fc from 'fast-check'
import { type LineFormat, ParsedLine } from '../../../src/codecs/formats/format.ts'
import { writeMapHeader } from '../../../src/codecs/msgpack/writer.ts'
import { MsgpackScanner } from '../../../src/codecs/msgpack/scanner.ts'
import { TightWriter } from '../tight-writer.ts'

export interface Shown {
  /** Field names and values in order, so that repeated names show. */
  readonly fields: readonly (readonly [string, unknown])[]
  readonly record: Readonly<Record<string, unknown>>
  /** `seconds.nanoseconds`, or empty. */
  readonly time: string
  readonly isPartial: boolean
}

const unpackr = new Unpackr({ useRecords: false })
/** Stands before and behind the line, so that reading past it shows. */
const AROUND = 5

export function parseLine(format: LineFormat, text: string | Uint8Array): Shown | string {
  const content = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)
  const bytes = Buffer.concat([Buffer.alloc(AROUND, '"'), content, Buffer.alloc(AROUND, '"')])
  const writer = new TightWriter()
  writer.append(Uint8Array.of(0xc1))
  const line = new ParsedLine(writer)
  line.begin()
  const end = AROUND + content.length
  if (!format.parse(bytes, AROUND, end, line)) return faultOf(format, line, end)
  assert.equal(line.reason, '')
  return show(line)
}

/** The record of a line that can be read. */
export function recordOf(format: LineFormat, text: string | Uint8Array): Shown['record'] {
  const shown = parseLine(format, text)
  assert.ok(typeof shown !== 'string', shown as string)
  return shown.record
}

/** Any bytes, and anything near `samples`, give fields in valid msgpack or a fault. */
export function checkGarbage(format: LineFormat, samples: readonly string[]): void {
  const near = fc
    .tuple(fc.constantFrom(...samples), fc.nat(200), fc.uint8Array({ maxLength: 3 }), fc.nat(3))
    .map(([sample, at, bytes, cut]) => {
      const text = Buffer.from(sample)
      const offset = at % (text.length + 1)
      return Buffer.concat([text.subarray(0, offset), bytes, text.subarray(offset + cut)])
    })
  fc.assert(
    fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      parseLine(format, new Uint8Array(bytes))
    }),
    { numRuns: 2000 },
  )
}

function faultOf(format: LineFormat, line: ParsedLine, end: number): string {
  assert.ok(format.reasons.includes(line.reason), line.reason)
  assert.equal(line.writer.length, line.start, 'a fault must leave the writer as it was')
  assert.ok(line.faultOffset >= AROUND && line.faultOffset <= end, `offset ${line.faultOffset}`)
  assert.ok(!line.hasTime && line.fieldCount === 0)
  return `${line.reason} at ${line.faultOffset - AROUND}`
}

function show(line: ParsedLine): Shown {
  const map = new TightWriter()
  writeMapHeader(map, line.fieldCount)
  map.append(line.writer.written().subarray(line.start))
  const bytes = map.written()
  const scanner = new MsgpackScanner({ depthMax: 70, valueMaxBytes: Infinity })
  assert.equal(scanner.scan(bytes, 0, bytes.length), bytes.length, 'fields must be valid msgpack')
  assert.ok(!scanner.isTooDeep)
  const fields: [string, unknown][] = []
  const pairs = line.writer.written().subarray(line.start)
  const values = pairs.length === 0 ? [] : (unpackr.unpackMultiple(pairs) as unknown[])
  for (let index = 0; index < values.length; index += 2) {
    fields.push([values[index] as string, values[index + 1]])
  }
  const { hasTime, seconds, nanoseconds, isPartial } = line
  const time = hasTime ? `${seconds}.${String(nanoseconds).padStart(9, '0')}` : ''
  return { fields, record: Object.fromEntries(fields), time, isPartial }
}
