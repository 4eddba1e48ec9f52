/**
 * Appends msgpack values to a ByteWriter, each in its shortest form.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import type { ByteWriter } from '../byte-writer.ts'

const encoder = new TextEncoder()
const UINT64_MAX = 0xffff_ffff_ffff_ffffn
const INT64_MIN = -0x8000_0000_0000_0000n

/** `count` is the number of pairs that follow. */
export function writeMapHeader(writer: ByteWriter, count: number): void {
  if (count < 16) writeByte(writer, 0x80 | count)
  else if (count < 0x1_0000) writeUint(writer, 0xde, count, 2)
  else writeUint(writer, 0xdf, count, 4)
}

/** `count` is the number of values that follow. */
export function writeArrayHeader(writer: ByteWriter, count: number): void {
  if (count < 16) writeByte(writer, 0x90 | count)
  else if (count < 0x1_0000) writeUint(writer, 0xdc, count, 2)
  else writeUint(writer, 0xdd, count, 4)
}

/** Lone surrogates become U+FFFD. */
export function writeStr(writer: ByteWriter, text: string): void {
  const byteCount = Buffer.byteLength(text)
  writeStrHeader(writer, byteCount)
  writer.reserve(byteCount)
  encoder.encodeInto(text, writer.bytes.subarray(writer.length))
  writer.length += byteCount
}

/** A str of the bytes from `start` to `end`, whether they are UTF-8 or not. */
export function writeStrBytes(
  writer: ByteWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  writeStrHeader(writer, end - start)
  writer.append(bytes.subarray(start, end))
}

/** The header of a str whose `byteCount` bytes the caller appends. */
export function writeStrHeader(writer: ByteWriter, byteCount: number): void {
  if (byteCount < 32) writeByte(writer, 0xa0 | byteCount)
  else if (byteCount < 0x100) writeUint(writer, 0xd9, byteCount, 1)
  else if (byteCount < 0x1_0000) writeUint(writer, 0xda, byteCount, 2)
  else writeUint(writer, 0xdb, byteCount, 4)
}

/** Takes all of `bytes`. */
export function writeBin(writer: ByteWriter, bytes: Uint8Array): void {
  writeBinHeader(writer, bytes.length)
  writer.append(bytes)
}

/** The header of a bin whose `byteCount` bytes the caller appends. */
export function writeBinHeader(writer: ByteWriter, byteCount: number): void {
  if (byteCount < 0x100) writeUint(writer, 0xc4, byteCount, 1)
  else if (byteCount < 0x1_0000) writeUint(writer, 0xc5, byteCount, 2)
  else writeUint(writer, 0xc6, byteCount, 4)
}

/** Exact from -2^63 to 2^64 - 1; an integer beyond, or a fraction, is written as a double. */
export function writeInteger(writer: ByteWriter, value: number | bigint): void {
  if (typeof value === 'bigint') writeBigInteger(writer, value)
  else if (!Number.isInteger(value)) writeDouble(writer, value)
  else if (value >= 0) writeUnsigned(writer, value)
  else writeNegative(writer, value)
}

export function writeDouble(writer: ByteWriter, value: number): void {
  const view = reserveValue(writer, 0xcb, 8)
  view.setFloat64(1, value)
}

export function writeBoolean(writer: ByteWriter, value: boolean): void {
  writeByte(writer, value ? 0xc3 : 0xc2)
}

export function writeNil(writer: ByteWriter): void {
  writeByte(writer, 0xc0)
}

function writeUnsigned(writer: ByteWriter, value: number): void {
  if (value < 0x80) writeByte(writer, value)
  else if (value < 0x100) writeUint(writer, 0xcc, value, 1)
  else if (value < 0x1_0000) writeUint(writer, 0xcd, value, 2)
  else if (value <= 0xffff_ffff) writeUint(writer, 0xce, value, 4)
  else writeBigInteger(writer, BigInt(value))
}

function writeNegative(writer: ByteWriter, value: number): void {
  if (value >= -32) writeByte(writer, value & 0xff)
  else if (value >= -0x80) writeUint(writer, 0xd0, value, 1)
  else if (value >= -0x8000) writeUint(writer, 0xd1, value, 2)
  else if (value >= -0x8000_0000) writeUint(writer, 0xd2, value, 4)
  else writeBigInteger(writer, BigInt(value))
}

function writeBigInteger(writer: ByteWriter, value: bigint): void {
  if (value >= -0x8000_0000n && value <= 0xffff_ffffn) writeInteger(writer, Number(value))
  else if (value > UINT64_MAX || value < INT64_MIN) writeDouble(writer, Number(value))
  else if (value > 0n) reserveValue(writer, 0xcf, 8).setBigUint64(1, value)
  else reserveValue(writer, 0xd3, 8).setBigInt64(1, value)
}

function writeByte(writer: ByteWriter, byte: number): void {
  writer.reserve(1)
  writer.bytes[writer.length] = byte
  writer.length += 1
}

/** The type byte and the low `width` bytes (1, 2 or 4) of an integer, two's complement. */
function writeUint(writer: ByteWriter, type: number, value: number, width: number): void {
  writer.reserve(1 + width)
  const { bytes, length } = writer
  bytes[length] = type
  for (let index = 1; index <= width; index++) {
    bytes[length + index] = value >>> (8 * (width - index))
  }
  writer.length = length + 1 + width
}

/** Room for a type byte, written here, and `byteCount` bytes, for the caller from offset 1 on. */
function reserveValue(writer: ByteWriter, type: number, byteCount: number): DataView {
  writer.reserve(1 + byteCount)
  const view = new DataView(
    writer.bytes.buffer,
    writer.bytes.byteOffset + writer.length,
    1 + byteCount,
  )
  view.setUint8(0, type)
  writer.length += 1 + byteCount
  return view
}
