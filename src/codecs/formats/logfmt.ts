/**
 * `logfmt`: `level=info msg="it is done" took=5ms flag`, as Go's kr/logfmt reads it. A value in
 * quotes has JSON's escapes; a name without a value is `true`. A line without any `name=value` is
 * not taken for one, since every sentence would be a row of names.
 */
import { ByteWriter } from '../byte-writer.ts'
import { unescapeJson } from '../json/string-decoder.ts'
import { writeBoolean, writeStrBytes } from '../msgpack/writer.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { type FieldTypes, putValue, TypesByName } from './text-fields.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const EQUALS = 0x3d

export class LogfmtFormat implements LineFormat {
  readonly type = 'logfmt'
  readonly reasons: readonly string[] = ['invalid_logfmt', 'no_pairs']
  readonly #types: TypesByName
  readonly #scratch = new ByteWriter(256)

  constructor(types: FieldTypes = {}) {
    this.#types = new TypesByName(types)
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    let hasPair = false
    let position = skipSpace(bytes, start, end)
    while (position < end) {
      const nameStart = position
      position = skipName(bytes, position, end)
      if (position === nameStart) return line.fail('invalid_logfmt', position)
      writeStrBytes(line.writer, bytes, nameStart, position)
      line.fieldCount++
      if (position < end && bytes[position] === EQUALS) {
        hasPair = true
        position = this.#readValue(bytes, nameStart, position, end, line)
        if (position < 0) return line.fail('invalid_logfmt', -position - 1)
      } else {
        writeBoolean(line.writer, true)
      }
      const next = skipSpace(bytes, position, end)
      if (next === position && next < end) return line.fail('invalid_logfmt', position)
      position = next
    }
    return hasPair || line.fail('no_pairs', start)
  }

  /** The offset behind the value whose `=` is at `equals`, or `-offset - 1` of what is wrong. */
  #readValue(
    bytes: Uint8Array,
    nameStart: number,
    equals: number,
    end: number,
    line: ParsedLine,
  ): number {
    const start = equals + 1
    const type = this.#types.of(bytes, nameStart, equals)
    if (bytes[start] !== QUOTE || start >= end) {
      const valueEnd = skipBareValue(bytes, start, end)
      putValue(line.writer, type, bytes, start, valueEnd)
      return valueEnd
    }
    const quoteEnd = findQuote(bytes, start + 1, end)
    if (quoteEnd < 0) return -start - 1
    this.#scratch.clear()
    // What are no escapes of JSON, or are control characters, stays as it is.
    if (
      bytes.subarray(start, quoteEnd).includes(BACKSLASH) &&
      unescapeJson(bytes, start + 1, end, this.#scratch) === quoteEnd + 1
    ) {
      putValue(line.writer, type, this.#scratch.bytes, 0, this.#scratch.length)
    } else {
      putValue(line.writer, type, bytes, start + 1, quoteEnd)
    }
    return quoteEnd + 1
  }
}

/** Where the quote that closes is, or -1. */
function findQuote(bytes: Uint8Array, start: number, end: number): number {
  for (let position = start; position < end; position++) {
    if (bytes[position] === QUOTE) return position
    if (bytes[position] === BACKSLASH) position++
  }
  return -1
}

function skipName(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end) {
    const byte = bytes[position]!
    if (byte <= 0x20 || byte === EQUALS || byte === QUOTE) break
    position++
  }
  return position
}

function skipBareValue(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position]! > 0x20) position++
  return position
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position]! <= 0x20) position++
  return position
}
