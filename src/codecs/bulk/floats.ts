/** Floats of documents: as in JSON lines, but with a decimal point if they are whole numbers. */
import type { ByteWriter } from '../byte-writer.ts'
import { encodeJsonNumber } from '../json/number-encoder.ts'
import { FIXED_BYTES } from '../msgpack/format.ts'

const MINUS = 0x2d
const DECIMALS = new TextEncoder().encode('.0')

export function isFloat(type: number): boolean {
  return type === 0xca || type === 0xcb
}

/** Appends the float at `offset` and returns the offset behind it. */
export function encodeFloat(source: Uint8Array, offset: number, writer: ByteWriter): number {
  const start = writer.length
  encodeJsonNumber(source, offset, writer)
  if (isDigits(writer.bytes, start, writer.length)) writer.append(DECIMALS)
  return offset + FIXED_BYTES[source[offset]!]!
}

/** Neither a fraction nor an exponent, nor `null`. */
function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = bytes[start] === MINUS ? start + 1 : start; index < end; index++) {
    if (bytes[index]! < 0x30 || bytes[index]! > 0x39) return false
  }
  return true
}
