/**
 * Numbers of JSON text (RFC 8259, part 6) as msgpack numbers; used by json/to-msgpack.ts. No digit
 * of a whole number is lost: one that neither 64 bits nor a double hold stays the text it is.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { writeDouble, writeInteger, writeStrBytes } from '../msgpack/writer.ts'

const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
/** So many digits are always exact in a double. */
const SAFE_DIGITS = 15
/** More digits than any 64-bit integer has. */
const INTEGER_DIGITS_MAX = 20
const INT64_MIN = -(2n ** 63n)
const UINT64_MAX = 2n ** 64n - 1n

/** Appends the number at `start` and returns the offset behind it, or -1 when it is none. */
export function writeJsonNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  writer: ByteWriter,
): number {
  const firstDigit = bytes[start] === MINUS ? start + 1 : start
  const integerEnd = skipDigits(bytes, firstDigit, end)
  const digitCount = integerEnd - firstDigit
  if (digitCount === 0 || (digitCount > 1 && bytes[firstDigit] === ZERO)) return -1
  const numberEnd = skipFraction(bytes, integerEnd, end)
  if (numberEnd < 0) return -1
  if (numberEnd > integerEnd) writeDecimal(bytes, start, numberEnd, writer)
  else if (digitCount <= INTEGER_DIGITS_MAX) writeDigits(bytes, start, integerEnd, writer)
  else writeLong(bytes, start, integerEnd, writer)
  return numberEnd
}

function writeDigits(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  const isNegative = bytes[start] === MINUS
  if (end - start > SAFE_DIGITS) return writeBig(bytes, start, end, writer)
  let value = 0
  for (let position = isNegative ? start + 1 : start; position < end; position++) {
    value = value * 10 + (bytes[position]! - ZERO)
  }
  // Minus zero exists only as a double.
  if (isNegative && value === 0) writeDouble(writer, -0)
  else writeInteger(writer, isNegative ? -value : value)
}

function writeBig(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  const value = BigInt(textOf(bytes, start, end))
  if (value < INT64_MIN || value > UINT64_MAX) writeLong(bytes, start, end, writer)
  else writeInteger(writer, value)
}

/** Of more than 64 bits: a double if that has all the digits, as one with many zeros does. */
function writeLong(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  const text = textOf(bytes, start, end)
  const value = Number(text)
  const [shortest = ''] = value.toExponential().split('e')
  const digits = shortest.replace('.', '')
  const isExact = text.startsWith(digits) && /^0*$/.test(text.slice(digits.length))
  if (isExact) writeDouble(writer, value)
  else writeStrBytes(writer, bytes, start, end)
}

/** What no double can hold, `1e400`, stays the text it is: as infinity it would become null. */
function writeDecimal(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  const value = Number(textOf(bytes, start, end))
  if (Number.isFinite(value)) writeDouble(writer, value)
  else writeStrBytes(writer, bytes, start, end)
}

/** Behind `.digits` and `e±digits`, when they are there; -1 when they have no digit. */
function skipFraction(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  if (position < end && bytes[position] === DOT) {
    const fractionEnd = skipDigits(bytes, position + 1, end)
    if (fractionEnd === position + 1) return -1
    position = fractionEnd
  }
  if (position < end && (bytes[position]! | 0x20) === 0x65) {
    const sign = bytes[position + 1]
    const firstDigit = position + (sign === PLUS || sign === MINUS ? 2 : 1)
    const exponentEnd = skipDigits(bytes, firstDigit, end)
    return exponentEnd > firstDigit ? exponentEnd : -1
  }
  return position
}

function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position]! >= ZERO && bytes[position]! <= 0x39) position++
  return position
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
