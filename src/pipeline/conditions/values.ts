/** What a field holds beside what a condition names, read in place from trusted entries. */
import { isArray, isBin, isStr } from '../../codecs/msgpack/format.ts'
import {
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../../codecs/record.ts'
import { valueAsText } from '../placeholders/field-value.ts'

export type Literal =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string; readonly bytes: Uint8Array }

const NIL = 0xc0
const FALSE = 0xc2
const TRUE = 0xc3
/** Digits of a number that is written as text; longer ones are no numbers. */
const NUMBER_LENGTH_MAX = 32
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** Whether the value at `offset` (-1: there is no such field) is the literal. */
export function isEqual(bytes: Uint8Array, offset: number, literal: Literal): boolean {
  if (literal.kind === 'null') return offset < 0 || bytes[offset] === NIL
  if (offset < 0) return false
  if (literal.kind === 'boolean') return bytes[offset] === (literal.value ? TRUE : FALSE)
  if (literal.kind === 'number') return numberAt(bytes, offset) === literal.value
  return compareText(bytes, offset, literal.bytes) === 0
}

/** Below, at or above 0 as the value is less than the literal; NaN if they cannot be compared. */
export function compare(bytes: Uint8Array, offset: number, literal: Literal): number {
  if (offset < 0) return Number.NaN
  if (literal.kind === 'number') {
    const number = numberAt(bytes, offset)
    // The difference of two equal infinities would be NaN.
    return number === literal.value ? 0 : number - literal.value
  }
  return literal.kind === 'text' ? compareText(bytes, offset, literal.bytes) : Number.NaN
}

function compareText(bytes: Uint8Array, offset: number, text: Uint8Array): number {
  const start = payloadStart(bytes, offset)
  if (start < 0) return Number.NaN
  const length = payloadEnd(bytes, offset) - start
  const common = Math.min(length, text.length)
  for (let index = 0; index < common; index++) {
    const difference = bytes[start + index]! - text[index]!
    if (difference !== 0) return difference
  }
  return length - text.length
}

/** The number at `offset`, a text that is one included; NaN for anything else. */
export function numberAt(bytes: Uint8Array, offset: number): number {
  const type = bytes[offset]!
  if (type < 0x80) return type
  if (type >= 0xe0) return type - 0x100
  if (isStr(type) || isBin(type)) return numberInText(bytes, offset)
  if (type < 0xca || type > 0xd3) return Number.NaN
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + 1)
  switch (type) {
    case 0xca:
      return view.getFloat32(0)
    case 0xcb:
      return view.getFloat64(0)
    case 0xcc:
      return view.getUint8(0)
    case 0xcd:
      return view.getUint16(0)
    case 0xce:
      return view.getUint32(0)
    case 0xcf:
      return Number(view.getBigUint64(0))
    case 0xd0:
      return view.getInt8(0)
    case 0xd1:
      return view.getInt16(0)
    case 0xd2:
      return view.getInt32(0)
    default:
      return Number(view.getBigInt64(0))
  }
}

function numberInText(bytes: Uint8Array, offset: number): number {
  const length = payloadEnd(bytes, offset) - payloadStart(bytes, offset)
  if (length === 0 || length > NUMBER_LENGTH_MAX) return Number.NaN
  const text = valueAsText(bytes, offset)!
  return NUMBER.test(text) ? Number(text) : Number.NaN
}

/** Whether the text at `offset` has `text` in it; of a list, whether an item is `text`. */
export function contains(bytes: Uint8Array, offset: number, literal: Literal): boolean {
  if (offset < 0) return false
  if (isArray(bytes[offset]!)) return hasItem(bytes, offset, literal)
  const start = payloadStart(bytes, offset)
  if (start < 0 || literal.kind !== 'text') return false
  const end = payloadEnd(bytes, offset)
  const found = bufferOf(bytes, start, end).indexOf(literal.bytes)
  return found >= 0
}

function hasItem(bytes: Uint8Array, offset: number, literal: Literal): boolean {
  let position = mapBodyOffset(bytes, offset)
  for (let left = mapCount(bytes, offset); left > 0; left--) {
    if (isEqual(bytes, position, literal)) return true
    position = skipValue(bytes, position)
  }
  return false
}

export function startsWith(bytes: Uint8Array, offset: number, text: Uint8Array): boolean {
  if (offset < 0) return false
  const start = payloadStart(bytes, offset)
  if (start < 0 || payloadEnd(bytes, offset) - start < text.length) return false
  return isAt(bytes, start, text)
}

export function endsWith(bytes: Uint8Array, offset: number, text: Uint8Array): boolean {
  if (offset < 0) return false
  const start = payloadStart(bytes, offset)
  const end = payloadEnd(bytes, offset)
  return start >= 0 && end - start >= text.length && isAt(bytes, end - text.length, text)
}

function isAt(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++)
    if (bytes[start + index] !== text[index]) return false
  return true
}

/** A view, for the searches that Buffer has. */
function bufferOf(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
}
