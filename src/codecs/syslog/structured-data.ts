/**
 * STRUCTURED-DATA of RFC 5424, section 6.3: `[id name="value" …][…]`, as a map of maps. A name that
 * comes more than once has a list of its values. A `]` in a value need not be escaped.
 */
import type { ByteWriter } from '../byte-writer.ts'
import {
  writeArrayHeader,
  writeMapHeader,
  writeStrBytes,
  writeStrHeader,
} from '../msgpack/writer.ts'

const SPACE = 0x20
const QUOTE = 0x22
const EQUALS = 0x3d
const OPEN = 0x5b
const BACKSLASH = 0x5c
const CLOSE = 0x5d

/** More are no structured data: looking for names that repeat takes the square of it. */
const ELEMENTS_MAX = 64
const PARAMS_MAX = 128

/** The offset behind the structured data at `start`, which is a `[`; -1 if it is none. */
export function structuredDataEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  let elements = 0
  while (position < end && bytes[position] === OPEN) {
    if (++elements > ELEMENTS_MAX || isRepeated(bytes, start, position, end)) return -1
    position = elementEnd(bytes, position, end)
    if (position < 0) return -1
  }
  return position >= end || bytes[position] === SPACE ? position : -1
}

/** Appends the map of what `structuredDataEnd` has passed over. */
export function writeStructuredData(
  writer: ByteWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let elements = 0
  for (let at = start; at < end; at = elementEnd(bytes, at, end)) elements++
  writeMapHeader(writer, elements)
  for (let at = start; at < end; at = elementEnd(bytes, at, end)) {
    const idEnd = nameEnd(bytes, at + 1, end)
    writeStrBytes(writer, bytes, at + 1, idEnd)
    writeParams(writer, bytes, idEnd, end)
  }
}

function writeParams(writer: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  let names = 0
  for (let at = firstParam(bytes, start); at >= 0; at = nextParam(bytes, at, end)) {
    if (!isSeen(bytes, start, at, end)) names++
  }
  writeMapHeader(writer, names)
  for (let at = firstParam(bytes, start); at >= 0; at = nextParam(bytes, at, end)) {
    if (isSeen(bytes, start, at, end)) continue
    writeStrBytes(writer, bytes, at, nameEnd(bytes, at, end))
    writeValues(writer, bytes, at, end)
  }
}

/** The value of the parameter at `first`, or the list of those of its name. */
function writeValues(writer: ByteWriter, bytes: Uint8Array, first: number, end: number): void {
  let values = 0
  for (let at = first; at >= 0; at = nextParam(bytes, at, end)) {
    if (isSameName(bytes, first, at, end)) values++
  }
  if (values > 1) writeArrayHeader(writer, values)
  for (let at = first; at >= 0; at = nextParam(bytes, at, end)) {
    if (isSameName(bytes, first, at, end))
      writeValue(writer, bytes, nameEnd(bytes, at, end) + 2, end)
  }
}

/** The text from `start` to the quote that ends it, without the backslashes that escape. */
function writeValue(writer: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  const valueEnd = quoteEnd(bytes, start, end)
  let length = 0
  for (let at = start; at < valueEnd; at++) {
    if (isEscape(bytes, at, valueEnd)) at++
    length++
  }
  writeStrHeader(writer, length)
  writer.reserve(valueEnd - start)
  for (let at = start; at < valueEnd; at++) {
    if (isEscape(bytes, at, valueEnd)) at++
    writer.bytes[writer.length++] = bytes[at]!
  }
}

/** The offset behind the element at `start`, or -1. */
function elementEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = nameEnd(bytes, start + 1, end)
  if (position === start + 1) return -1
  let params = 0
  while (position < end && bytes[position] === SPACE) {
    // Spaces before the end of an element are not allowed, and met.
    if (bytes[position + 1] === SPACE || bytes[position + 1] === CLOSE) {
      position++
      continue
    }
    const equals = nameEnd(bytes, position + 1, end)
    const isParam = equals > position + 1 && bytes[equals] === EQUALS && bytes[equals + 1] === QUOTE
    if (!isParam || equals + 2 > end || ++params > PARAMS_MAX) return -1
    position = quoteEnd(bytes, equals + 2, end) + 1
  }
  return position < end && bytes[position] === CLOSE ? position + 1 : -1
}

/** Of the element whose name ends at `start`; -1 if it has none. */
function firstParam(bytes: Uint8Array, start: number): number {
  let position = start
  while (bytes[position] === SPACE) position++
  return bytes[position] === CLOSE ? -1 : position
}

function nextParam(bytes: Uint8Array, param: number, end: number): number {
  return firstParam(bytes, quoteEnd(bytes, nameEnd(bytes, param, end) + 2, end) + 1)
}

function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && isNameByte(bytes[position]!)) position++
  return position
}

function isNameByte(byte: number): boolean {
  return byte > SPACE && byte !== QUOTE && byte !== EQUALS && byte !== CLOSE
}

/** Where the quote is that ends the value at `start`; `end` if there is none. */
function quoteEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position] !== QUOTE) {
    position += isEscape(bytes, position, end) ? 2 : 1
  }
  return Math.min(position, end)
}

/** A backslash before anything else stands for itself. */
function isEscape(bytes: Uint8Array, position: number, end: number): boolean {
  if (bytes[position] !== BACKSLASH || position + 1 >= end) return false
  const next = bytes[position + 1]
  return next === QUOTE || next === BACKSLASH || next === CLOSE
}

/** Whether an element before the one at `element` has the same id. */
function isRepeated(bytes: Uint8Array, start: number, element: number, end: number): boolean {
  for (let at = start; at < element; at = elementEnd(bytes, at, end)) {
    if (isSameName(bytes, at + 1, element + 1, end)) return true
  }
  return false
}

/** Whether a parameter before the one at `param` has the same name. */
function isSeen(bytes: Uint8Array, start: number, param: number, end: number): boolean {
  for (let at = firstParam(bytes, start); at < param; at = nextParam(bytes, at, end)) {
    if (isSameName(bytes, at, param, end)) return true
  }
  return false
}

function isSameName(bytes: Uint8Array, one: number, other: number, end: number): boolean {
  const length = nameEnd(bytes, one, end) - one
  if (nameEnd(bytes, other, end) - other !== length) return false
  for (let index = 0; index < length; index++) {
    if (bytes[one + index] !== bytes[other + index]) return false
  }
  return true
}
