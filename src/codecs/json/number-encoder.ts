/**
 * msgpack numbers to JSON numbers. Integers keep all digits of 64 bits. A float becomes the
 * shortest decimal that reads back as the same double, as JavaScript writes it (1.0 is `1`); a
 * float32 is the double it stands for, so 0.1 sent in 32 bits is `0.10000000149011612`, which is
 * what Fluentd writes too and what a reader of JSON would compute with. NaN and infinities, which
 * JSON has not, are `null`.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { readUint32 } from '../msgpack/format.ts'

const MINUS = 0x2d
const ZERO = 0x30
const BILLION = 1_000_000_000
const UINT32_RANGE = 0x1_0000_0000
/** High halves below this are of integers that a double holds exactly. */
const EXACT_HIGH_RANGE = 0x20_0000
/** `-2.2250738585072014e-308` is as long as a number gets: 24 characters. */
const NUMBER_BYTES_MAX = 32

const floatBytes = new Uint8Array(8)
const floatView = new DataView(floatBytes.buffer)

/** Appends the integer or float at `offset`. */
export function encodeJsonNumber(source: Uint8Array, offset: number, writer: ByteWriter): void {
  const type = source[offset]!
  if (type < 0x80) return encodeUnsigned(type, writer)
  if (type >= 0xe0) return encodeSigned(type - 0x100, writer)
  if (type === 0xca || type === 0xcb) return encodeFloat(source, offset, writer)
  if (type === 0xcf) return encodeUnsigned64(source, offset + 1, writer)
  if (type === 0xd3) return encodeSigned64(source, offset + 1, writer)
  if (type < 0xd0) return encodeUnsigned(readUnsigned(source, offset), writer)
  encodeSigned(readSigned(source, offset), writer)
}

/** Appends a whole number from 0 to 2^53. */
export function encodeUnsigned(value: number, writer: ByteWriter): void {
  writer.reserve(NUMBER_BYTES_MAX)
  writer.length = putDigits(writer.bytes, writer.length, value)
}

/** Appends a whole number from -2^53 to 2^53. */
export function encodeSigned(value: number, writer: ByteWriter): void {
  writer.reserve(NUMBER_BYTES_MAX)
  if (value < 0) writer.bytes[writer.length++] = MINUS
  writer.length = putDigits(writer.bytes, writer.length, Math.abs(value))
}

/** Puts the nine digits of `value`, leading zeros included, at `position`. */
export function putNineDigits(target: Uint8Array, position: number, value: number): number {
  let rest = value
  for (let index = position + 8; index >= position; index--) {
    const tenth = (rest / 10) | 0
    target[index] = ZERO + rest - tenth * 10
    rest = tenth
  }
  return position + 9
}

function encodeUnsigned64(source: Uint8Array, offset: number, writer: ByteWriter): void {
  encode64(readUint32(source, offset), readUint32(source, offset + 4), writer)
}

function encodeSigned64(source: Uint8Array, offset: number, writer: ByteWriter): void {
  const high = readUint32(source, offset)
  const low = readUint32(source, offset + 4)
  if (high < 0x8000_0000) return encode64(high, low, writer)
  writer.reserve(NUMBER_BYTES_MAX)
  writer.bytes[writer.length++] = MINUS
  // Two's complement of both halves together: the carry reaches the high one when low is zero.
  encode64((~high + (low === 0 ? 1 : 0)) >>> 0, (~low + 1) >>> 0, writer)
}

function encode64(high: number, low: number, writer: ByteWriter): void {
  if (high < EXACT_HIGH_RANGE) return encodeUnsigned(high * UINT32_RANGE + low, writer)
  // Long division by 10^9 in steps of 16 bits, so that every intermediate is exact in a double.
  let remainder = high % BILLION
  let quotient = (high - remainder) / BILLION
  for (let shift = 16; shift >= 0; shift -= 16) {
    const step = remainder * 0x1_0000 + ((low >>> shift) & 0xffff)
    remainder = step % BILLION
    quotient = quotient * 0x1_0000 + (step - remainder) / BILLION
  }
  writer.reserve(NUMBER_BYTES_MAX)
  const position = putDigits(writer.bytes, writer.length, quotient)
  writer.length = putNineDigits(writer.bytes, position, remainder)
}

function encodeFloat(source: Uint8Array, offset: number, writer: ByteWriter): void {
  const width = source[offset] === 0xca ? 4 : 8
  for (let index = 0; index < width; index++) floatBytes[index] = source[offset + 1 + index]!
  const value = width === 4 ? floatView.getFloat32(0) : floatView.getFloat64(0)
  if (!Number.isFinite(value)) return encodeAscii('null', writer)
  if (Object.is(value, -0)) return encodeAscii('-0', writer)
  if (Number.isSafeInteger(value)) return encodeSigned(value, writer)
  encodeAscii(String(value), writer)
}

function encodeAscii(text: string, writer: ByteWriter): void {
  writer.reserve(NUMBER_BYTES_MAX)
  for (let index = 0; index < text.length; index++) {
    writer.bytes[writer.length + index] = text.charCodeAt(index)
  }
  writer.length += text.length
}

function readUnsigned(source: Uint8Array, offset: number): number {
  const type = source[offset]!
  if (type === 0xcc) return source[offset + 1]!
  if (type === 0xcd) return (source[offset + 1]! << 8) | source[offset + 2]!
  return readUint32(source, offset + 1)
}

function readSigned(source: Uint8Array, offset: number): number {
  const type = source[offset]!
  if (type === 0xd0) return (source[offset + 1]! << 24) >> 24
  if (type === 0xd1) return ((source[offset + 1]! << 24) | (source[offset + 2]! << 16)) >> 16
  return readUint32(source, offset + 1) | 0
}

/** Puts a whole number below 10^18 without leading zeros; exact when `value` is. */
function putDigits(target: Uint8Array, position: number, value: number): number {
  if (value < BILLION) return putSmallDigits(target, position, value)
  const low = value % BILLION
  const highEnd = putDigits(target, position, (value - low) / BILLION)
  return putNineDigits(target, highEnd, low)
}

function putSmallDigits(target: Uint8Array, position: number, value: number): number {
  let end = position + 1
  for (let limit = 10; value >= limit; limit *= 10) end++
  let rest = value
  for (let index = end - 1; index >= position; index--) {
    const tenth = (rest / 10) | 0
    target[index] = ZERO + rest - tenth * 10
    rest = tenth
  }
  return end
}
