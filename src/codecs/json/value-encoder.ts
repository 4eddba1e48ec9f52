/**
 * msgpack values to JSON text, bytes to bytes, with nothing made in between:
 * bin is text; ext is `{"type":n,"data":"<base64>"}`; a map is an object with its pairs as they
 * came, repeated keys too; a key that is not text is the text of its JSON (`{1: …}` is `{"1":…}`).
 *
 * Values are trusted (see entry.ts), so they end where they say and their depth, hence the
 * recursion here, is bounded by the input's limit. Strings: json/string-encoder.ts.
 */
import { encodeBase64 } from '../base64.ts'
import type { ByteWriter } from '../byte-writer.ts'
import { escapesOf, escapeWritten, quoteWritten } from '../escape-in-place.ts'
import { encodeJsonNumber, encodeSigned } from './number-encoder.ts'
import { encodeJsonString } from './string-encoder.ts'
import {
  FIXED_BYTES,
  isArray,
  isBin,
  isMap,
  isStr,
  LENGTH_BYTES,
  readLength,
} from '../msgpack/format.ts'
import { mapBodyOffset, mapCount, payloadEnd, payloadStart, skipValue } from '../record.ts'

const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
/** JSON text has no control characters, so two escapes make a string of it. */
const JSON_IN_JSON = escapesOf('\\', { '"': '"', '\\': '\\' })
const textEncoder = new TextEncoder()
const NULL = textEncoder.encode('null')
const FALSE = textEncoder.encode('false')
const TRUE = textEncoder.encode('true')
const EXT_TYPE = textEncoder.encode('{"type":')
const EXT_DATA = textEncoder.encode(',"data":"')
const EXT_END = textEncoder.encode('"}')

/** Appends the JSON text of the value at `offset` and returns the offset behind the value. */
export function encodeJsonValue(source: Uint8Array, offset: number, writer: ByteWriter): number {
  return encodeValue(source, offset, writer, false)
}

/** As `encodeJsonValue`, for a map's key: the result is a JSON string in any case. */
export function encodeJsonKey(source: Uint8Array, offset: number, writer: ByteWriter): number {
  return encodeKey(source, offset, writer, false)
}

export function putByte(byte: number, writer: ByteWriter): void {
  writer.reserve(1)
  writer.bytes[writer.length++] = byte
}

function encodeValue(
  source: Uint8Array,
  offset: number,
  writer: ByteWriter,
  isInKey: boolean,
): number {
  const type = source[offset]!
  if ((type & 0xe0) === 0xa0) {
    const end = offset + 1 + (type & 0x1f)
    encodeJsonString(source, offset + 1, end, writer)
    return end
  }
  if (type < 0x80 || type >= 0xe0) {
    encodeJsonNumber(source, offset, writer)
    return offset + 1
  }
  if (isStr(type) || isBin(type)) return encodeText(source, offset, writer)
  if (isMap(type)) return encodeMap(source, offset, writer, isInKey)
  if (isArray(type)) return encodeArray(source, offset, writer, isInKey)
  if (isExt(type)) return encodeExt(source, offset, writer)
  if (type === 0xc2 || type === 0xc3) writer.append(type === 0xc2 ? FALSE : TRUE)
  else if (type < 0xca) writer.append(NULL)
  else encodeJsonNumber(source, offset, writer)
  return offset + FIXED_BYTES[type]!
}

function encodeText(source: Uint8Array, offset: number, writer: ByteWriter): number {
  const end = payloadEnd(source, offset)
  encodeJsonString(source, payloadStart(source, offset), end, writer)
  return end
}

function encodeArray(
  source: Uint8Array,
  offset: number,
  writer: ByteWriter,
  isInKey: boolean,
): number {
  const width = LENGTH_BYTES[source[offset]!]!
  const count = width === 0 ? source[offset]! & 0x0f : readLength(source, offset + 1, width)
  let position = offset + 1 + width
  putByte(0x5b, writer)
  for (let index = 0; index < count; index++) {
    if (index > 0) putByte(COMMA, writer)
    position = encodeValue(source, position, writer, isInKey)
  }
  putByte(0x5d, writer)
  return position
}

function encodeMap(
  source: Uint8Array,
  offset: number,
  writer: ByteWriter,
  isInKey: boolean,
): number {
  const count = mapCount(source, offset)
  let position = mapBodyOffset(source, offset)
  putByte(0x7b, writer)
  for (let index = 0; index < count; index++) {
    if (index > 0) putByte(COMMA, writer)
    position = encodeKey(source, position, writer, isInKey)
    putByte(COLON, writer)
    position = encodeValue(source, position, writer, isInKey)
  }
  putByte(0x7d, writer)
  return position
}

function encodeKey(
  source: Uint8Array,
  offset: number,
  writer: ByteWriter,
  isInKey: boolean,
): number {
  const type = source[offset]!
  if (isStr(type) || isBin(type)) return encodeText(source, offset, writer)
  if (isInKey && (isMap(type) || isArray(type) || isExt(type))) {
    return encodeBytesAsKey(source, offset, writer)
  }
  const start = writer.length
  const end = encodeValue(source, offset, writer, true)
  escapeWritten(writer, start, JSON_IN_JSON)
  quoteWritten(writer, start, QUOTE)
  return end
}

/**
 * A map, array or ext that is a key inside a key: its msgpack bytes as base64. Its JSON text would
 * be escaped once per level, and twice as long with each, until a small record fills the memory.
 */
function encodeBytesAsKey(source: Uint8Array, offset: number, writer: ByteWriter): number {
  const end = skipValue(source, offset)
  putByte(QUOTE, writer)
  encodeBase64(source, offset, end, writer)
  putByte(QUOTE, writer)
  return end
}

function encodeExt(source: Uint8Array, offset: number, writer: ByteWriter): number {
  const end = skipValue(source, offset)
  const typeOffset = offset + 1 + LENGTH_BYTES[source[offset]!]!
  writer.append(EXT_TYPE)
  encodeSigned((source[typeOffset]! << 24) >> 24, writer)
  writer.append(EXT_DATA)
  encodeBase64(source, typeOffset + 1, end, writer)
  writer.append(EXT_END)
  return end
}

/** ext 8, 16, 32 and the five fixext. */
function isExt(type: number): boolean {
  return (type >= 0xc7 && type <= 0xc9) || (type >= 0xd4 && type <= 0xd8)
}
