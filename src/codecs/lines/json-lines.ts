/**
 * THE line: one JSON object per entry, straight from msgpack bytes, what files hold and `tail -f`
 * shows:
 *
 *     {"time":"2026-11-21T08:50:00.123456789Z","tag":"docker.web1",…the record's fields}
 *
 * `time` and `tag` come first and exactly once; a record's own are kept as `_time` and `_tag`,
 * with more underscores where the record has those as well. Values: json/value-encoder.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET, entryNanoseconds, entrySeconds } from '../entry.ts'
import { encodeJsonText } from '../json/string-encoder.ts'
import { encodeJsonKey, encodeJsonValue, putByte } from '../json/value-encoder.ts'
import { isBin, isStr } from '../msgpack/format.ts'
import { mapBodyOffset, mapCount, payloadEnd, payloadStart, skipValue } from '../record.ts'
import { putTimestamp, TIMESTAMP_BYTES } from './timestamp.ts'
import { tagBytes } from './tag-bytes.ts'

const NEWLINE = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const UNDERSCORE = 0x5f
const CLOSING_BRACE = 0x7d
const FIXSTR_3 = 0xa3
const FIXSTR_4 = 0xa4
const textEncoder = new TextEncoder()
const LINE_START = textEncoder.encode('{"time":"')
const TAG_START = textEncoder.encode('","tag":"')
const TIME = textEncoder.encode('time')
const TAG = textEncoder.encode('tag')

/** Appends one line per entry. `entries` is trusted, see entry.ts. */
export function encodeJsonLines(tag: string, entries: Uint8Array, writer: ByteWriter): void {
  const tagText = tagBytes(tag)
  let offset = 0
  while (offset < entries.length) offset = encodeJsonLine(tagText, entries, offset, writer)
}

/** Appends the line of the entry at `offset` and returns the offset behind the entry. */
export function encodeJsonLine(
  tag: Uint8Array,
  entries: Uint8Array,
  offset: number,
  writer: ByteWriter,
): number {
  writer.append(LINE_START)
  encodeTimestamp(entries, offset, writer)
  writer.append(TAG_START)
  encodeJsonText(tag, 0, tag.length, writer)
  putByte(QUOTE, writer)
  const end = encodeFields(entries, offset + ENTRY_RECORD_OFFSET, writer)
  putByte(CLOSING_BRACE, writer)
  putByte(NEWLINE, writer)
  return end
}

/** Appends the time of the entry at `offset`. */
export function encodeTimestamp(entries: Uint8Array, offset: number, writer: ByteWriter): void {
  writer.reserve(TIMESTAMP_BYTES)
  writer.length = putTimestamp(
    writer.bytes,
    writer.length,
    entrySeconds(entries, offset),
    entryNanoseconds(entries, offset),
  )
}

/** `time` or `tag` when that is the key at `offset`, which the line has already; else null. */
export function takenName(entries: Uint8Array, offset: number): Uint8Array | null {
  const type = entries[offset]!
  // Fast path: nearly every key is a short str of another length.
  if (isFixstr(type) && type !== FIXSTR_3 && type !== FIXSTR_4) return null
  if (isText(entries, offset, TIME, 0)) return TIME
  return isText(entries, offset, TAG, 0) ? TAG : null
}

/** How many underscores the record's own `name` (`time` or `tag`) gets: mostly 1. */
export function underscoreCount(
  entries: Uint8Array,
  recordOffset: number,
  name: Uint8Array,
): number {
  let count = 1
  while (hasKey(entries, recordOffset, name, count)) count++
  return count
}

function encodeFields(entries: Uint8Array, recordOffset: number, writer: ByteWriter): number {
  let position = mapBodyOffset(entries, recordOffset)
  for (let left = mapCount(entries, recordOffset); left > 0; left--) {
    putByte(COMMA, writer)
    const name = takenName(entries, position)
    if (name === null) {
      position = encodeJsonKey(entries, position, writer)
    } else {
      encodeRenamed(name, underscoreCount(entries, recordOffset, name), writer)
      position = payloadEnd(entries, position)
    }
    putByte(COLON, writer)
    position = encodeJsonValue(entries, position, writer)
  }
  return position
}

/** Slow path: a record with a field of its own called `time` or `tag`. */
function encodeRenamed(name: Uint8Array, underscores: number, writer: ByteWriter): void {
  putByte(QUOTE, writer)
  for (let left = underscores; left > 0; left--) putByte(UNDERSCORE, writer)
  writer.append(name)
  putByte(QUOTE, writer)
}

function hasKey(
  entries: Uint8Array,
  recordOffset: number,
  name: Uint8Array,
  underscores: number,
): boolean {
  let position = mapBodyOffset(entries, recordOffset)
  for (let left = mapCount(entries, recordOffset); left > 0; left--) {
    if (isText(entries, position, name, underscores)) return true
    position = skipValue(entries, skipValue(entries, position))
  }
  return false
}

/** Whether the key at `offset`, str or bin, is `name` behind so many underscores. */
function isText(
  entries: Uint8Array,
  offset: number,
  name: Uint8Array,
  underscores: number,
): boolean {
  const type = entries[offset]!
  if (!isStr(type) && !isBin(type)) return false
  const start = payloadStart(entries, offset)
  if (payloadEnd(entries, offset) - start !== underscores + name.length) return false
  for (let index = 0; index < underscores; index++) {
    if (entries[start + index] !== UNDERSCORE) return false
  }
  for (let index = 0; index < name.length; index++) {
    if (entries[start + underscores + index] !== name[index]) return false
  }
  return true
}

function isFixstr(type: number): boolean {
  return (type & 0xe0) === 0xa0
}
