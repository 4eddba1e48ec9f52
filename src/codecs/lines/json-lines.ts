/**
 * THE line: one JSON object per entry, straight from msgpack bytes, what files hold and `tail -f`
 * shows:
 *
 *     {"time":"2026-11-21T08:50:00.123456789Z","tag":"docker.web1",…the record's fields}
 *
 * `time` and `tag` come first and exactly once; a record's own are kept as `_time` and `_tag`, see
 * own-names.ts. Values: json/value-encoder.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET, entryNanoseconds, entrySeconds } from '../entry.ts'
import { encodeJsonText } from '../json/string-encoder.ts'
import { encodeJsonKey, encodeJsonValue, putByte } from '../json/value-encoder.ts'
import { mapBodyOffset, mapCount, payloadEnd, payloadStart } from '../record.ts'
import { OwnNames } from './own-names.ts'
import { putTimestamp, TIMESTAMP_BYTES } from './timestamp.ts'
import { tagBytes } from './tag-bytes.ts'

const NEWLINE = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const UNDERSCORE = 0x5f
const CLOSING_BRACE = 0x7d
const textEncoder = new TextEncoder()
const LINE_START = textEncoder.encode('{"time":"')
const TAG_START = textEncoder.encode('","tag":"')
const ownNames = new OwnNames()

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

function encodeFields(entries: Uint8Array, recordOffset: number, writer: ByteWriter): number {
  ownNames.startRecord()
  let position = mapBodyOffset(entries, recordOffset)
  for (let left = mapCount(entries, recordOffset); left > 0; left--) {
    putByte(COMMA, writer)
    const underscores = ownNames.underscoresFor(entries, recordOffset, position)
    if (underscores === 0) position = encodeJsonKey(entries, position, writer)
    else position = encodeRenamed(entries, position, underscores, writer)
    putByte(COLON, writer)
    position = encodeJsonValue(entries, position, writer)
  }
  return position
}

/** Slow path: a record with a field of its own called `time` or `tag`. */
function encodeRenamed(
  entries: Uint8Array,
  keyOffset: number,
  underscores: number,
  writer: ByteWriter,
): number {
  const end = payloadEnd(entries, keyOffset)
  putByte(QUOTE, writer)
  for (let left = underscores; left > 0; left--) putByte(UNDERSCORE, writer)
  encodeJsonText(entries, payloadStart(entries, keyOffset), end, writer)
  putByte(QUOTE, writer)
  return end
}
