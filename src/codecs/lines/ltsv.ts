/**
 * Labeled tab-separated values (http://ltsv.org): `time:…` TAB `tag:…` TAB `label:value` …, with
 * the fields, and the names, of the JSON line (json-lines.ts). LTSV knows no escapes and Fluentd
 * writes a tab inside a value as it is; here one event stays one line and can be read back: tab,
 * newline, carriage return and backslash become `\t`, `\n`, `\r`, `\\`, a colon in a label `\:`.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../entry.ts'
import { escapesOf, escapeWritten } from '../escape-in-place.ts'
import { encodeTimestamp } from './json-lines.ts'
import { putByte } from '../json/value-encoder.ts'
import { OwnNames } from './own-names.ts'
import { encodePlainText } from './value-text.ts'
import { mapBodyOffset, mapCount } from '../record.ts'
import { tagBytes } from './tag-bytes.ts'

const TAB = 0x09
const NEWLINE = 0x0a
const COLON = 0x3a
const UNDERSCORE = 0x5f
const CONTROL_LETTERS = { '\t': 't', '\n': 'n', '\r': 'r', '\\': '\\' }
const textEncoder = new TextEncoder()
const TIME_LABEL = textEncoder.encode('time:')
const TAG_LABEL = textEncoder.encode('\ttag:')
const ownNames = new OwnNames()

/** What keeps a value inside its column of a tab-separated line. */
export const TAB_SEPARATED = escapesOf('\\', CONTROL_LETTERS)
const LABEL = escapesOf('\\', { ...CONTROL_LETTERS, ':': ':' })

/** Appends one line per entry. */
export function encodeLtsv(tag: string, entries: Uint8Array, writer: ByteWriter): void {
  const tagText = tagBytes(tag)
  let offset = 0
  while (offset < entries.length) {
    writer.append(TIME_LABEL)
    encodeTimestamp(entries, offset, writer)
    writer.append(TAG_LABEL)
    const tagStart = writer.length
    writer.append(tagText)
    escapeWritten(writer, tagStart, TAB_SEPARATED)
    offset = encodeFields(entries, offset + ENTRY_RECORD_OFFSET, writer)
    putByte(NEWLINE, writer)
  }
}

function encodeFields(entries: Uint8Array, recordOffset: number, writer: ByteWriter): number {
  ownNames.startRecord()
  let position = mapBodyOffset(entries, recordOffset)
  for (let left = mapCount(entries, recordOffset); left > 0; left--) {
    putByte(TAB, writer)
    position = encodeLabel(entries, recordOffset, position, writer)
    putByte(COLON, writer)
    const valueStart = writer.length
    position = encodePlainText(entries, position, writer)
    escapeWritten(writer, valueStart, TAB_SEPARATED)
  }
  return position
}

function encodeLabel(
  entries: Uint8Array,
  recordOffset: number,
  keyOffset: number,
  writer: ByteWriter,
): number {
  const start = writer.length
  const underscores = ownNames.underscoresFor(entries, recordOffset, keyOffset)
  for (let left = underscores; left > 0; left--) putByte(UNDERSCORE, writer)
  const end = encodePlainText(entries, keyOffset, writer)
  escapeWritten(writer, start, LABEL)
  return end
}
