/** Bytes to base64 (RFC 4648, part 4, with padding) without a string in between. */
import type { ByteWriter } from './byte-writer.ts'

const PADDING = 0x3d
const ALPHABET = new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
)

/** Appends the bytes from `start` to `end` as base64. */
export function encodeBase64(
  source: Uint8Array,
  start: number,
  end: number,
  writer: ByteWriter,
): void {
  writer.reserve(Math.ceil((end - start) / 3) * 4)
  const { bytes } = writer
  for (let position = start; position < end; position += 3) {
    const left = end - position
    const group =
      (source[position]! << 16) |
      (left > 1 ? source[position + 1]! << 8 : 0) |
      (left > 2 ? source[position + 2]! : 0)
    bytes[writer.length] = ALPHABET[group >>> 18]!
    bytes[writer.length + 1] = ALPHABET[(group >>> 12) & 0x3f]!
    bytes[writer.length + 2] = left > 1 ? ALPHABET[(group >>> 6) & 0x3f]! : PADDING
    bytes[writer.length + 3] = left > 2 ? ALPHABET[group & 0x3f]! : PADDING
    writer.length += 4
  }
}
