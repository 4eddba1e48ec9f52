/**
 * One field's text and a newline, nothing else: what the container wrote. An entry without that
 * field, or with nil there, is written as its whole JSON line (json-lines.ts): nothing is lost.
 */
import type { EntryEncoder } from './entry-encoder.ts'
import { ENTRY_RECORD_OFFSET } from '../entry.ts'
import { encodeJsonLine } from './json-lines.ts'
import { putByte } from '../json/value-encoder.ts'
import { encodePlainText } from './value-text.ts'
import { entryEnd, findField } from '../record.ts'
import { tagBytes } from './tag-bytes.ts'

const NEWLINE = 0x0a
const NIL = 0xc0
const textEncoder = new TextEncoder()

export function createRawEncoder(field: string): EntryEncoder {
  const key = textEncoder.encode(field)
  return (tag, entries, writer) => {
    const tagText = tagBytes(tag)
    let offset = 0
    while (offset < entries.length) {
      const valueOffset = findField(entries, offset + ENTRY_RECORD_OFFSET, key)
      if (valueOffset < 0 || entries[valueOffset] === NIL) {
        offset = encodeJsonLine(tagText, entries, offset, writer)
      } else {
        encodePlainText(entries, valueOffset, writer)
        putByte(NEWLINE, writer)
        offset = entryEnd(entries, offset)
      }
    }
  }
}
