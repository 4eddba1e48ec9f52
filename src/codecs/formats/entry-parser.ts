/**
 * Makes of an entry with a line in one of its fields an entry with the line's fields. The line's
 * bytes alone are read; all others are copied as they came.
 *
 *     time │ map of n │ field … field │ log: the line        what comes in
 *     time │ map of m │ field … field │ pair … pair           what goes out
 */
import { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../entry.ts'
import { type LineFormat, ParsedLine } from './format.ts'
import { removeBytes } from './mend.ts'
import { columnOf } from './text-fields.ts'
import { writeBoolean, writeMapHeader, writeStr, writeStrHeader } from '../msgpack/writer.ts'
import {
  findField,
  isStrEqual,
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../record.ts'
import { isStr } from '../msgpack/format.ts'

export interface EntryParserOptions {
  /** The field with the line. */
  readonly field: string
  readonly format: LineFormat
  /** Whether that field stays. */
  readonly keepOriginal: boolean
  /** Whether an event keeps its time although its line says one. */
  readonly keepTime: boolean
  /** Name of the field that the line's fields are put into; null for beside the others. */
  readonly target: string | null
  /** In front of the names of the line's fields. */
  readonly prefix: string
}

/** What `parse` says of an entry. */
export const PARSED = 0
/** It has no such field, or one that is no text. */
export const NO_LINE = 1
/** The line cannot be read; `line.reason` says why. */
export const UNREADABLE = 2

const PARTIAL = columnOf('partial').key
const PARSE_FAILED = Buffer.from('parse_failed')

export class EntryParser {
  readonly line = new ParsedLine(new ByteWriter(0))
  /** Where the entry ends that was looked at last. */
  end = 0
  readonly #options: EntryParserOptions
  readonly #field: Uint8Array
  readonly #target: Uint8Array | null
  readonly #prefix: Uint8Array
  readonly #scratch = new ByteWriter(256)
  #key = -1
  #value = -1
  #valueEnd = 0
  #count = 0
  /** A bit for each name of the record's fields, so that most need no comparison. */
  #names = 0

  constructor(options: EntryParserOptions) {
    this.#options = options
    this.#field = Buffer.from(options.field)
    this.#target = options.target === null ? null : columnOf(options.target).key
    this.#prefix = Buffer.from(options.prefix)
  }

  /** Appends what becomes of the entry at `start`; nothing if the answer is not `PARSED`. */
  parse(entries: Uint8Array, start: number, writer: ByteWriter): number {
    this.#find(entries, start)
    const textStart = this.#value < 0 ? -1 : payloadStart(entries, this.#value)
    if (textStart < 0) return NO_LINE
    const lengthBefore = writer.length
    const header = this.#copyOthers(entries, start, writer)
    const { line } = this
    line.writer = writer
    if (this.#target !== null) this.#openTarget(writer, this.#target)
    line.begin()
    if (!this.#options.format.parse(entries, textStart, payloadEnd(entries, this.#value), line)) {
      writer.length = lengthBefore
      return UNREADABLE
    }
    this.#close(writer, header)
    return PARSED
  }

  /** Appends the entry at `start` with the reason why its line cannot be read. */
  mark(entries: Uint8Array, start: number, writer: ByteWriter): void {
    const record = start + ENTRY_RECORD_OFFSET
    if (findField(entries, record, PARSE_FAILED) >= 0)
      return writer.append(entries.subarray(start, this.end))
    writer.append(entries.subarray(start, record))
    writeMapHeader(writer, mapCount(entries, record) + 1)
    writer.append(entries.subarray(mapBodyOffset(entries, record), this.end))
    writeStr(writer, 'parse_failed')
    writeStr(writer, this.line.reason)
  }

  #find(entries: Uint8Array, start: number): void {
    const record = start + ENTRY_RECORD_OFFSET
    this.#value = -1
    this.#names = 0
    this.#count = mapCount(entries, record)
    let position = mapBodyOffset(entries, record)
    for (let left = this.#count; left > 0; left--) {
      const value = skipValue(entries, position)
      const next = skipValue(entries, value)
      if (isStrEqual(entries, position, this.#field)) {
        this.#key = position
        this.#value = value
        this.#valueEnd = next
      }
      this.#names |= nameBit(entries, position)
      position = next
    }
    this.end = position
  }

  /** Everything but the field with the line; returns where the map's header is, of one byte. */
  #copyOthers(entries: Uint8Array, start: number, writer: ByteWriter): number {
    const record = start + ENTRY_RECORD_OFFSET
    const body = mapBodyOffset(entries, record)
    writer.reserve(this.end - start + ENTRY_RECORD_OFFSET)
    writer.append(entries.subarray(start, record))
    const header = writer.length++
    if (this.#options.keepOriginal) {
      writer.append(entries.subarray(body, this.end))
      return header
    }
    this.#count--
    if (this.#key > body) writer.append(entries.subarray(body, this.#key))
    if (this.#valueEnd < this.end) writer.append(entries.subarray(this.#valueEnd, this.end))
    return header
  }

  #openTarget(writer: ByteWriter, target: Uint8Array): void {
    writer.append(target)
    writer.reserve(1)
    writer.length++
  }

  #close(writer: ByteWriter, header: number): void {
    const { line } = this
    if (this.#prefix.length > 0) this.#addPrefix(writer)
    let count = this.#count
    if (this.#target === null) {
      const overridden = this.#removeOverridden(writer, header, line.start, line.fieldCount)
      count += line.fieldCount - overridden
    } else {
      putMapHeader(writer, line.start - 1, line.fieldCount)
      const targetStart = line.start - 1 - this.#target.length
      count += 1 - this.#removeOverridden(writer, header, targetStart, 1)
    }
    if (line.isPartial) {
      writer.append(PARTIAL)
      writeBoolean(writer, true)
      count++
    }
    putMapHeader(writer, header, count)
    if (line.hasTime && !this.#options.keepTime)
      writeEntryHead(writer.bytes, header - ENTRY_RECORD_OFFSET, line.seconds, line.nanoseconds)
  }

  /** The line's fields once more, with the prefix in front of their names. */
  #addPrefix(writer: ByteWriter): void {
    const { start } = this.line
    const scratch = this.#scratch
    scratch.clear()
    scratch.append(writer.bytes.subarray(start, writer.length))
    writer.length = start
    for (let position = 0; position < scratch.length;) {
      const value = skipValue(scratch.bytes, position)
      const next = skipValue(scratch.bytes, value)
      const nameStart = payloadStart(scratch.bytes, position)
      writeStrHeader(writer, this.#prefix.length + value - nameStart)
      writer.append(this.#prefix)
      writer.append(scratch.bytes.subarray(nameStart, next))
      position = next
    }
  }

  /**
   * Takes out the record's fields whose names the `count` fields from `start` on have as well, for
   * a repeated name would make a line that Elasticsearch refuses. Returns how many.
   */
  #removeOverridden(writer: ByteWriter, header: number, start: number, count: number): number {
    if (!this.#mayOverride(writer.bytes, start, count)) return 0
    let fieldsStart = start
    let removed = 0
    for (let position = header + 1; position < fieldsStart;) {
      const { bytes } = writer
      const next = skipValue(bytes, skipValue(bytes, position))
      if (hasName(bytes, fieldsStart, count, bytes, position)) {
        removeBytes(writer, position, next)
        fieldsStart -= next - position
        removed++
      } else {
        position = next
      }
    }
    return removed
  }

  #mayOverride(bytes: Uint8Array, start: number, count: number): boolean {
    let position = start
    for (let left = count; left > 0; left--) {
      if ((this.#names & nameBit(bytes, position)) !== 0) return true
      position = skipValue(bytes, skipValue(bytes, position))
    }
    return false
  }
}

/** One bit of 32, by the type (which says the length of a short name) and the last letter. */
function nameBit(bytes: Uint8Array, key: number): number {
  const type = bytes[key]!
  const last = (type & 0xe0) === 0xa0 ? bytes[key + (type & 0x1f)]! : 0
  return 1 << ((type * 5 + last) & 31)
}

/** Whether one of the `count` fields from `start` on has the name at `key`. */
function hasName(
  bytes: Uint8Array,
  start: number,
  count: number,
  names: Uint8Array,
  key: number,
): boolean {
  if (!isStr(names[key]!)) return false
  const name = names.subarray(payloadStart(names, key), payloadEnd(names, key))
  let position = start
  for (let left = count; left > 0; left--) {
    if (isStrEqual(bytes, position, name)) return true
    position = skipValue(bytes, skipValue(bytes, position))
  }
  return false
}

/** The header of a map in front of what has been written, for which one byte was left. */
function putMapHeader(writer: ByteWriter, offset: number, count: number): void {
  if (count < 16) {
    writer.bytes[offset] = 0x80 | count
    return
  }
  const width = count < 0x1_0000 ? 2 : 4
  writer.reserve(width)
  writer.bytes.copyWithin(offset + 1 + width, offset + 1, writer.length)
  writer.length += width
  writer.bytes[offset] = width === 2 ? 0xde : 0xdf
  for (let index = 1; index <= width; index++) {
    writer.bytes[offset + index] = count >>> (8 * (width - index))
  }
}
