/** msgpack values as the text that stands in a column or after a label. */
import type { ByteWriter } from '../byte-writer.ts'
import { encodeJsonValue } from '../json/value-encoder.ts'
import { FIXED_BYTES } from '../msgpack/format.ts'
import { payloadEnd, payloadStart } from '../record.ts'
import { writeUtf8 } from '../utf8.ts'

const NIL = 0xc0

/**
 * Appends the text of the value at `offset`: str and bin as UTF-8 without quotes, nil as nothing,
 * all else as JSON. Returns the offset behind the value.
 */
export function encodePlainText(source: Uint8Array, offset: number, writer: ByteWriter): number {
  if (source[offset] === NIL) return offset + FIXED_BYTES[NIL]!
  const start = payloadStart(source, offset)
  if (start < 0) return encodeJsonValue(source, offset, writer)
  const end = payloadEnd(source, offset)
  writeUtf8(source, start, end, writer)
  return end
}
