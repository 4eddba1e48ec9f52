/**
 * Makes entries of records whose fields come one after the other: the map's header, which stands
 * before them, is written when their number is known. What an entry is: ../entry.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../entry.ts'

/** The head, and a map's header of one byte, which does for up to 15 fields. */
const FIELDS_OFFSET = ENTRY_RECORD_OFFSET + 1

/** Leaves room for what stands before the fields; answers where the entry starts. */
export function beginEntry(writer: ByteWriter): number {
  const start = writer.length
  writer.reserve(FIELDS_OFFSET)
  writer.length = start + FIELDS_OFFSET
  return start
}

/** Where the fields of the entry begun at `start` are. */
export function fieldsStart(start: number): number {
  return start + FIELDS_OFFSET
}

/** Writes what stands before the `count` fields that have been appended since `beginEntry`. */
export function finishEntry(
  writer: ByteWriter,
  start: number,
  count: number,
  seconds: number,
  nanoseconds: number,
): void {
  const header = start + ENTRY_RECORD_OFFSET
  if (count >= 16) widenHeader(writer, header, count)
  else writer.bytes[header] = 0x80 | count
  writeEntryHead(writer.bytes, start, seconds, nanoseconds)
}

function widenHeader(writer: ByteWriter, header: number, count: number): void {
  const width = count < 0x1_0000 ? 2 : 4
  writer.reserve(width)
  writer.bytes.copyWithin(header + 1 + width, header + 1, writer.length)
  writer.length += width
  writer.bytes[header] = width === 2 ? 0xde : 0xdf
  for (let index = 1; index <= width; index++)
    writer.bytes[header + index] = count >>> (8 * (width - index))
}
