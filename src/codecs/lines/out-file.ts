/**
 * Fluentd's `out_file` line: time TAB tag TAB record as JSON. The time is ISO 8601 as in Fluentd,
 * but always in UTC: `2026-11-21T08:50:00+00:00`. The record keeps all its fields and names.
 * https://docs.fluentd.org/formatter/out_file
 */
import type { ByteWriter } from '../byte-writer.ts'
import type { EntryEncoder } from './entry-encoder.ts'
import { ENTRY_RECORD_OFFSET, entryNanoseconds, entrySeconds } from '../entry.ts'
import { escapeWritten } from '../escape-in-place.ts'
import { putNineDigits } from '../json/number-encoder.ts'
import { encodeJsonValue, putByte } from '../json/value-encoder.ts'
import { TAB_SEPARATED } from './ltsv.ts'
import { putDateTime, TIMESTAMP_BYTES } from './timestamp.ts'
import { tagBytes } from './tag-bytes.ts'

const TAB = 0x09
const NEWLINE = 0x0a
const DOT = 0x2e
const textEncoder = new TextEncoder()
const UTC_OFFSET = textEncoder.encode('+00:00')

/** With `subsecond` the time has nine digits behind the seconds, which Fluentd's has not. */
export function createOutFileEncoder(subsecond: boolean): EntryEncoder {
  return (tag, entries, writer) => {
    const tagText = tagBytes(tag)
    let offset = 0
    while (offset < entries.length) {
      encodeTime(entries, offset, subsecond, writer)
      putByte(TAB, writer)
      const tagStart = writer.length
      writer.append(tagText)
      escapeWritten(writer, tagStart, TAB_SEPARATED)
      putByte(TAB, writer)
      offset = encodeJsonValue(entries, offset + ENTRY_RECORD_OFFSET, writer)
      putByte(NEWLINE, writer)
    }
  }
}

function encodeTime(
  entries: Uint8Array,
  offset: number,
  subsecond: boolean,
  writer: ByteWriter,
): void {
  writer.reserve(TIMESTAMP_BYTES)
  writer.length = putDateTime(writer.bytes, writer.length, entrySeconds(entries, offset))
  if (subsecond) {
    writer.bytes[writer.length] = DOT
    const nanoseconds = entryNanoseconds(entries, offset)
    writer.length = putNineDigits(writer.bytes, writer.length + 1, nanoseconds)
  }
  writer.append(UTC_OFFSET)
}
