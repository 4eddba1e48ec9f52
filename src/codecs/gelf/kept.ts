/**
 * Entries of what came in the place of a GELF message and is none: its bytes as they came, and why.
 * Text is in `message`, also if some of it is no UTF-8; what is left of compressed messages, which
 * is no text at all, is in `message_base64`.
 */
import { isUtf8 } from 'node:buffer'
import { encodeBase64 } from '../base64.ts'
import { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../entry.ts'
import { writeMapHeader, writeStr, writeStrBytes } from '../msgpack/writer.ts'
import { extend, type GelfSource, putHeadOfMillis } from './source.ts'

export interface Kept {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Why it is no message, in a snake_case word. */
  readonly reason: string
  /** When it came, in milliseconds since 1970. */
  readonly now: number
  readonly source: GelfSource
}

/** Appends the entry of a text. */
export function writeKept(writer: ByteWriter, kept: Kept): void {
  const { bytes, start, end } = kept
  writeAround(writer, kept, () => {
    writeStr(writer, 'message')
    writeStrBytes(writer, bytes, start, end)
  })
}

/** Appends the entry of bytes that need not be a text. */
export function writeKeptBytes(writer: ByteWriter, kept: Kept): void {
  const { bytes, start, end } = kept
  if (isUtf8(bytes.subarray(start, end))) return writeKept(writer, kept)
  const base64 = new ByteWriter(Math.ceil((end - start) / 3) * 4)
  encodeBase64(bytes, start, end, base64)
  writeAround(writer, kept, () => {
    writeStr(writer, 'message_base64')
    writeStrBytes(writer, base64.bytes, 0, base64.length)
  })
}

function writeAround(
  writer: ByteWriter,
  { now, reason, source }: Kept,
  writeMessage: () => void,
): void {
  writer.reserve(ENTRY_RECORD_OFFSET)
  writer.length = putHeadOfMillis(writer.bytes, writer.length, now)
  const recordStart = writer.length
  writeMapHeader(writer, 2)
  writeMessage()
  writeStr(writer, 'parse_failed')
  writeStr(writer, reason)
  extend(writer, recordStart, source.failed)
}
