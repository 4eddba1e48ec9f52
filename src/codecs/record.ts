/**
 * Reads fields of trusted entries in place, without decoding them; the form is in entry.ts.
 * Nothing here checks bounds or validity: an input's decoder has done so (msgpack/scanner.ts).
 */
import { ENTRY_RECORD_OFFSET } from './entry.ts'
import {
  CHILDREN,
  countsValues,
  FIXED_BYTES,
  isBin,
  isStr,
  LENGTH_BYTES,
  readLength,
} from './msgpack/format.ts'

/** The offset behind the entry that starts at `offset`. */
export function entryEnd(bytes: Uint8Array, offset: number): number {
  return skipValue(bytes, offset + ENTRY_RECORD_OFFSET)
}

/** The offset behind the msgpack value that starts at `offset`. */
export function skipValue(bytes: Uint8Array, offset: number): number {
  let position = offset
  let pending = 1
  while (pending > 0) {
    const type = bytes[position]!
    const width = LENGTH_BYTES[type]!
    pending += CHILDREN[type]! - 1
    if (width !== 0) {
      const length = readLength(bytes, position + 1, width)
      if (countsValues(type)) pending += type >= 0xde ? length * 2 : length
      else position += length
    }
    position += FIXED_BYTES[type]!
  }
  return position
}

/** How many pairs the map at `offset` has, or how many values the array. */
export function mapCount(bytes: Uint8Array, offset: number): number {
  const type = bytes[offset]!
  const width = LENGTH_BYTES[type]!
  return width === 0 ? type & 0x0f : readLength(bytes, offset + 1, width)
}

/** Where the first key of the map at `offset` starts. */
export function mapBodyOffset(bytes: Uint8Array, offset: number): number {
  return offset + FIXED_BYTES[bytes[offset]!]!
}

/**
 * Where the value of the field named `key` (UTF-8 bytes) starts, or -1. Of a repeated key the
 * last one counts, as it does for every reader of the JSON line that the record becomes.
 */
export function findField(bytes: Uint8Array, recordOffset: number, key: Uint8Array): number {
  let found = -1
  let position = mapBodyOffset(bytes, recordOffset)
  for (let left = mapCount(bytes, recordOffset); left > 0; left--) {
    const valueOffset = skipValue(bytes, position)
    if (isStrEqual(bytes, position, key)) found = valueOffset
    position = skipValue(bytes, valueOffset)
  }
  return found
}

/** Whether the value at `offset` is a str with exactly the bytes `text`. */
export function isStrEqual(bytes: Uint8Array, offset: number, text: Uint8Array): boolean {
  if (!isStr(bytes[offset]!)) return false
  const start = payloadStart(bytes, offset)
  if (payloadEnd(bytes, offset) - start !== text.length) return false
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text[index]) return false
  }
  return true
}

/** Where the bytes of the str or bin at `valueOffset` start; -1 when it is neither. */
export function payloadStart(bytes: Uint8Array, valueOffset: number): number {
  const type = bytes[valueOffset]!
  if (!isStr(type) && !isBin(type)) return -1
  return valueOffset + 1 + LENGTH_BYTES[type]!
}

/** Where the bytes of the str or bin at `valueOffset` end; -1 when it is neither. */
export function payloadEnd(bytes: Uint8Array, valueOffset: number): number {
  const type = bytes[valueOffset]!
  if (!isStr(type) && !isBin(type)) return -1
  const width = LENGTH_BYTES[type]!
  if (width === 0) return valueOffset + 1 + (type & 0x1f)
  return valueOffset + 1 + width + readLength(bytes, valueOffset + 1, width)
}
