/** Changes to msgpack that has just been written, where what it should be is known only then. */
import type { ByteWriter } from '../byte-writer.ts'
import { payloadEnd, payloadStart } from '../record.ts'

/** What stands behind `end` moves to `start`. */
export function removeBytes(writer: ByteWriter, start: number, end: number): void {
  writer.bytes.copyWithin(start, end, writer.length)
  writer.length -= end - start
}

/** Takes its last byte from the str at `offset`, which has one. */
export function shortenStr(writer: ByteWriter, offset: number): void {
  const start = payloadStart(writer.bytes, offset)
  const end = payloadEnd(writer.bytes, offset)
  removeBytes(writer, end - 1, end)
  // The header may get shorter too.
  const headerEnd = putStrHeader(writer.bytes, offset, end - 1 - start)
  if (headerEnd < start) removeBytes(writer, headerEnd, start)
}

/** The shortest header of a str of `length` bytes, at `offset`; the offset behind it. */
function putStrHeader(bytes: Uint8Array, offset: number, length: number): number {
  if (length < 32) {
    bytes[offset] = 0xa0 | length
    return offset + 1
  }
  const width = length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4
  bytes[offset] = width === 1 ? 0xd9 : width === 2 ? 0xda : 0xdb
  for (let index = 1; index <= width; index++) {
    bytes[offset + index] = length >>> (8 * (width - index))
  }
  return offset + 1 + width
}
