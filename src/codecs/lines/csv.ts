/**
 * Comma-separated values (RFC 4180) of chosen fields, one event per row, rows ended by a newline
 * alone. The columns are named as in the JSON line (json-lines.ts): `time` and `tag` are the
 * event's, `_time` and `_tag` the record's own. Absent and nil are empty, an empty text is `""`.
 * A line break inside a value stays one, between quotes, as the RFC has it.
 */
import type { ByteWriter } from '../byte-writer.ts'
import type { EntryEncoder } from './entry-encoder.ts'
import { ENTRY_RECORD_OFFSET } from '../entry.ts'
import { escapesOf, escapeWritten, quoteWritten } from '../escape-in-place.ts'
import { encodeTimestamp } from './json-lines.ts'
import { freeUnderscores } from './own-names.ts'
import { putByte } from '../json/value-encoder.ts'
import { encodePlainText } from './value-text.ts'
import { entryEnd, findField, payloadStart } from '../record.ts'
import { tagBytes } from './tag-bytes.ts'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const QUOTE = 0x22
const DOUBLED_QUOTES = escapesOf('"', { '"': '"' })
const textEncoder = new TextEncoder()

export interface CsvOptions {
  /** Names of the columns, in order; at least one. */
  readonly fields: readonly string[]
  /** One ASCII character, neither a quote nor a line break. */
  readonly delimiter: string
}

interface Column {
  readonly source: 'time' | 'tag' | 'field'
  readonly key: Uint8Array
  /** For `_time`: `time`, which has that name in a line when the record has one; else null. */
  readonly renamedFrom: Uint8Array | null
  readonly underscores: number
}

/** Throws a TypeError for a delimiter that no reader could tell from the rest. */
export function createCsvEncoder(options: CsvOptions): EntryEncoder {
  const columns = options.fields.map(columnOf)
  const delimiter = delimiterByte(options.delimiter)
  return (tag, entries, writer) => {
    const tagText = tagBytes(tag)
    for (let offset = 0; offset < entries.length; offset = entryEnd(entries, offset)) {
      for (let index = 0; index < columns.length; index++) {
        if (index > 0) putByte(delimiter, writer)
        const start = writer.length
        const isText = encodeCell(entries, offset, columns[index]!, tagText, writer)
        if (needsQuotes(writer, start, isText, delimiter)) quote(writer, start)
      }
      putByte(NEWLINE, writer)
    }
  }
}

/** Appends the bare value; true when it is text, even if empty. */
function encodeCell(
  entries: Uint8Array,
  offset: number,
  column: Column,
  tag: Uint8Array,
  writer: ByteWriter,
): boolean {
  if (column.source === 'time') encodeTimestamp(entries, offset, writer)
  else if (column.source === 'tag') writer.append(tag)
  else return encodeField(entries, offset + ENTRY_RECORD_OFFSET, column, writer)
  return true
}

function encodeField(
  entries: Uint8Array,
  recordOffset: number,
  column: Column,
  writer: ByteWriter,
): boolean {
  let valueOffset = findField(entries, recordOffset, column.key)
  if (valueOffset < 0) valueOffset = findRenamed(entries, recordOffset, column)
  if (valueOffset < 0) return false
  encodePlainText(entries, valueOffset, writer)
  return payloadStart(entries, valueOffset) >= 0
}

/** The record's own `time` for the column `_time`, or `__time` when `_time` is another field. */
function findRenamed(entries: Uint8Array, recordOffset: number, column: Column): number {
  const own = column.renamedFrom
  if (own === null) return -1
  const valueOffset = findField(entries, recordOffset, own)
  if (valueOffset < 0) return -1
  const underscores = freeUnderscores(entries, recordOffset, own)
  return underscores === column.underscores ? valueOffset : -1
}

function needsQuotes(
  writer: ByteWriter,
  start: number,
  isText: boolean,
  delimiter: number,
): boolean {
  if (start === writer.length) return isText
  for (let index = start; index < writer.length; index++) {
    const byte = writer.bytes[index]!
    if (byte === delimiter || byte === QUOTE) return true
    if (byte === NEWLINE || byte === CARRIAGE_RETURN) return true
  }
  return false
}

function quote(writer: ByteWriter, start: number): void {
  escapeWritten(writer, start, DOUBLED_QUOTES)
  quoteWritten(writer, start, QUOTE)
}

function columnOf(name: string): Column {
  const own = /^_+(time|tag)$/.exec(name)?.[1]
  return {
    source: name === 'time' || name === 'tag' ? name : 'field',
    key: textEncoder.encode(name),
    renamedFrom: own === undefined ? null : textEncoder.encode(own),
    underscores: own === undefined ? 0 : name.length - own.length,
  }
}

function delimiterByte(delimiter: string): number {
  if (/^[^\P{ASCII}"\r\n]$/u.test(delimiter)) return delimiter.charCodeAt(0)
  throw new TypeError(
    `cannot separate columns with ${JSON.stringify(delimiter)}: a reader could not split them; ` +
      'expected one ASCII character, neither a quote nor a line break',
  )
}
