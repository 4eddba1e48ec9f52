/**
 * Lines for people at a terminal: time in milliseconds, tag, record as JSON on one line. What a
 * sender puts into a record or a tag cannot steer the terminal: JSON escapes the control characters
 * of ASCII, and those from U+0080 to U+009F, `CSI` among them, are shown as a middle dot.
 */
import type { ByteWriter } from '../byte-writer.ts'
import type { EntryEncoder } from './entry-encoder.ts'
import { ENTRY_RECORD_OFFSET, entryNanoseconds, entrySeconds } from '../entry.ts'
import { encodeJsonText } from '../json/string-encoder.ts'
import { encodeJsonValue, putByte } from '../json/value-encoder.ts'
import { tagBytes } from './tag-bytes.ts'
import { putTimestamp, TIMESTAMP_BYTES } from './timestamp.ts'

const NEWLINE = 0x0a
const SPACE = 0x20
const Z = 0x5a
const textEncoder = new TextEncoder()
const NO_COLOUR = new Uint8Array(0)
const DIM = textEncoder.encode('\u001b[2m')
const RESET = textEncoder.encode('\u001b[0m')
/** Green, yellow, blue, magenta, cyan, and green's bright sister; red is for errors. */
const TAG_COLOURS = [32, 33, 34, 35, 36, 92].map((code) => textEncoder.encode(`\u001b[${code}m`))

/** A tag has the same colour in every line. */
export function createPrettyEncoder(isColoured: boolean): EntryEncoder {
  const dim = isColoured ? DIM : NO_COLOUR
  const reset = isColoured ? RESET : NO_COLOUR
  return (tag, entries, writer) => {
    const tagText = tagBytes(tag)
    const start = writer.length
    const tagColour = isColoured ? colourOf(tagText) : NO_COLOUR
    let offset = 0
    while (offset < entries.length) {
      writer.append(dim)
      encodeMilliseconds(entries, offset, writer)
      writer.append(reset)
      putByte(SPACE, writer)
      writer.append(tagColour)
      encodeJsonText(tagText, 0, tagText.length, writer)
      writer.append(reset)
      putByte(SPACE, writer)
      offset = encodeJsonValue(entries, offset + ENTRY_RECORD_OFFSET, writer)
      putByte(NEWLINE, writer)
    }
    hideControls(writer, start)
  }
}

/** In UTF-8 these are c2 80 to c2 9f; a middle dot is c2 b7. */
function hideControls({ bytes, length }: ByteWriter, start: number): void {
  for (let index = start + 1; index < length; index++) {
    if (bytes[index - 1] === 0xc2 && bytes[index]! < 0xa0) bytes[index] = 0xb7
  }
}

/** `2026-11-21T08:50:00.123Z`: the timestamp without its last six digits. */
function encodeMilliseconds(entries: Uint8Array, offset: number, writer: ByteWriter): void {
  writer.reserve(TIMESTAMP_BYTES)
  const seconds = entrySeconds(entries, offset)
  const nanoseconds = entryNanoseconds(entries, offset)
  const end = putTimestamp(writer.bytes, writer.length, seconds, nanoseconds)
  writer.length = end - 7
  putByte(Z, writer)
}

function colourOf(tag: Uint8Array): Uint8Array {
  let hash = 0
  for (let index = 0; index < tag.length; index++) hash = (hash * 31 + tag[index]!) >>> 0
  return TAG_COLOURS[hash % TAG_COLOURS.length]!
}
