/**
 * Documents: a record as one JSON object that servers take, whatever is in it.
 *
 *     {"@timestamp":"2026-11-26T10:00:00.123456789Z","tag":"docker.web1",…the record's fields}
 *
 * Values are as in JSON lines (json/value-encoder.ts), but for two things. What no index takes is
 * text: integers beyond 64 bits with a sign, and what is nested too deep. And a float that is a
 * whole number is `1.0`, so that the field's type does not depend on which value comes first.
 * Names: names.ts. Fields without one, and those beyond the limit, are the text `other_fields`,
 * which is a JSON object.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../entry.ts'
import { escapesOf, escapeWritten, quoteWritten } from '../escape-in-place.ts'
import { encodeJsonText } from '../json/string-encoder.ts'
import { encodeJsonKey, encodeJsonValue, putByte } from '../json/value-encoder.ts'
import { encodeTimestamp } from '../lines/json-lines.ts'
import { encodeFloat, isFloat } from './floats.ts'
import { isArray, isMap } from '../msgpack/format.ts'
import { mapBodyOffset, mapCount, skipValue } from '../record.ts'
import type { BulkFormat } from './format.ts'
import { FieldNames, OTHER_FIELDS } from './names.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const UINT64 = 0xcf
/** JSON text has no control characters, so two escapes make a string of it. */
const JSON_IN_JSON = escapesOf('\\', { '"': '"', '\\': '\\' })
const textEncoder = new TextEncoder()

export class DocumentEncoder {
  readonly #names: FieldNames
  readonly #depthMax: number
  readonly #fieldsMax: number
  /** Up to the time, between time and tag, and what ends the last of them. */
  readonly #start: Uint8Array
  readonly #tagStart: Uint8Array | null

  constructor(format: BulkFormat) {
    this.#names = new FieldNames(format)
    this.#depthMax = format.depthMax
    this.#fieldsMax = format.fieldsMax
    this.#start = textEncoder.encode(`{${JSON.stringify(format.timeField)}:"`)
    const { tagField } = format
    this.#tagStart =
      tagField === null ? null : textEncoder.encode(`","${JSON.stringify(tagField).slice(1)}:"`)
  }

  /** Appends the document of the entry at `offset` and returns the offset behind the entry. */
  encode(tag: Uint8Array, entries: Uint8Array, offset: number, writer: ByteWriter): number {
    writer.append(this.#start)
    encodeTimestamp(entries, offset, writer)
    if (this.#tagStart) {
      writer.append(this.#tagStart)
      encodeJsonText(tag, 0, tag.length, writer)
    }
    putByte(QUOTE, writer)
    const end = this.#encodeFields(entries, offset + ENTRY_RECORD_OFFSET, writer)
    putByte(0x7d, writer)
    return end
  }

  #encodeFields(entries: Uint8Array, recordOffset: number, writer: ByteWriter): number {
    const names = this.#names.of(entries, recordOffset, 1)
    // Those that are there already count as well.
    let fieldCount = 3
    let others = 0
    let position = mapBodyOffset(entries, recordOffset)
    for (let index = 0; index < names.length; index++) {
      const valueOffset = skipValue(entries, position)
      const count = fieldCount + countFields(entries, valueOffset)
      if (names[index] === null || count > this.#fieldsMax) {
        names[index] = null
        others++
        position = skipValue(entries, valueOffset)
        continue
      }
      fieldCount = count
      putByte(COMMA, writer)
      putName(names[index]!, writer)
      position = this.#encodeValue(entries, valueOffset, writer, 2)
    }
    if (others > 0) putOthers(entries, recordOffset, names, writer)
    return position
  }

  /** `level` is that of a map or array that begins at `offset`. */
  #encodeValue(source: Uint8Array, offset: number, writer: ByteWriter, level: number): number {
    const type = source[offset]!
    const isNested = isMap(type) || isArray(type)
    if (isNested && level > this.#depthMax) return encodeAsText(source, offset, writer)
    if (isMap(type)) {
      const names = this.#names.of(source, offset, level)
      if (names.includes(null)) return encodeAsText(source, offset, writer)
      return this.#encodeMap(source, offset, names, writer, level)
    }
    if (isArray(type)) return this.#encodeArray(source, offset, writer, level)
    if (isFloat(type)) return encodeFloat(source, offset, writer)
    if (type === UINT64 && source[offset + 1]! >= 0x80) return encodeAsText(source, offset, writer)
    return encodeJsonValue(source, offset, writer)
  }

  #encodeMap(
    source: Uint8Array,
    offset: number,
    names: readonly (string | null)[],
    writer: ByteWriter,
    level: number,
  ): number {
    let position = mapBodyOffset(source, offset)
    putByte(0x7b, writer)
    for (let index = 0; index < names.length; index++) {
      if (index > 0) putByte(COMMA, writer)
      putName(names[index]!, writer)
      position = this.#encodeValue(source, skipValue(source, position), writer, level + 1)
    }
    putByte(0x7d, writer)
    return position
  }

  #encodeArray(source: Uint8Array, offset: number, writer: ByteWriter, level: number): number {
    let position = mapBodyOffset(source, offset)
    const count = mapCount(source, offset)
    putByte(0x5b, writer)
    for (let index = 0; index < count; index++) {
      if (index > 0) putByte(COMMA, writer)
      position = this.#encodeValue(source, position, writer, level + 1)
    }
    putByte(0x5d, writer)
    return position
  }
}

/** Name and colon. */
function putName(name: string, writer: ByteWriter): void {
  writer.append(textEncoder.encode(`${JSON.stringify(name)}:`))
}

/** The JSON text of the value as a string. */
function encodeAsText(source: Uint8Array, offset: number, writer: ByteWriter): number {
  const start = writer.length
  const end = encodeJsonValue(source, offset, writer)
  escapeWritten(writer, start, JSON_IN_JSON)
  quoteWritten(writer, start, QUOTE)
  return end
}

/** The fields that have no name in `names`, by their own. */
function putOthers(
  entries: Uint8Array,
  recordOffset: number,
  names: readonly (string | null)[],
  writer: ByteWriter,
): void {
  putByte(COMMA, writer)
  putName(OTHER_FIELDS, writer)
  const start = writer.length
  let position = mapBodyOffset(entries, recordOffset)
  for (const name of names) {
    const valueOffset = skipValue(entries, position)
    if (name === null) {
      putByte(writer.length === start ? 0x7b : COMMA, writer)
      encodeJsonKey(entries, position, writer)
      putByte(0x3a, writer)
      encodeJsonValue(entries, valueOffset, writer)
    }
    position = skipValue(entries, valueOffset)
  }
  putByte(0x7d, writer)
  escapeWritten(writer, start, JSON_IN_JSON)
  quoteWritten(writer, start, QUOTE)
}

/** How many names a field makes: its own and all below it. */
function countFields(source: Uint8Array, valueOffset: number): number {
  const end = skipValue(source, valueOffset)
  let count = 1
  for (let position = valueOffset; position < end;) {
    const type = source[position]!
    if (isMap(type)) count += mapCount(source, position)
    position =
      isMap(type) || isArray(type) ? mapBodyOffset(source, position) : skipValue(source, position)
  }
  return count
}
