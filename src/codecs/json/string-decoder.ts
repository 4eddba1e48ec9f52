/** Escapes in JSON strings (RFC 8259, part 7); used by json/to-msgpack.ts. */
import type { ByteWriter } from '../byte-writer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const REPLACEMENT = 0xfffd

/** What stands for each of the letters behind a backslash; 0 where there is no such escape. */
const ESCAPES = new Uint8Array(256)
for (const [letter, byte] of Object.entries({
  '"': 0x22,
  '\\': 0x5c,
  '/': 0x2f,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
})) {
  ESCAPES[letter.charCodeAt(0)] = byte
}

/**
 * Appends the text from `start` to its closing quote and returns the offset behind the quote. A
 * negative result `-offset - 1` says where the text is wrong. Lone surrogates become U+FFFD.
 * `controls` says whether control characters may stand there bare, which RFC 8259 forbids.
 */
export function unescapeJson(
  bytes: Uint8Array,
  start: number,
  end: number,
  writer: ByteWriter,
  controls: 'refused' | 'kept' = 'refused',
): number {
  let position = start
  let plainStart = start
  while (position < end) {
    const byte = bytes[position]!
    if (byte < 0x20 && controls === 'refused') break
    if (byte !== QUOTE && byte !== BACKSLASH) {
      position++
      continue
    }
    writer.append(bytes.subarray(plainStart, position))
    if (byte === QUOTE) return position + 1
    const next = writeEscape(bytes, position, end, writer)
    if (next < 0) break
    position = plainStart = next
  }
  return -position - 1
}

/** The escape whose backslash is at `position`; the offset behind it, or -1. */
function writeEscape(bytes: Uint8Array, position: number, end: number, writer: ByteWriter): number {
  if (position + 1 >= end) return -1
  const letter = bytes[position + 1]!
  if (letter !== 0x75) {
    writeCodePoint(writer, ESCAPES[letter]!)
    return ESCAPES[letter] === 0 ? -1 : position + 2
  }
  const first = readHex4(bytes, position + 2, end)
  if (first < 0) return -1
  const next = position + 6
  if (first < 0xd800 || first > 0xdfff) {
    writeCodePoint(writer, first)
    return next
  }
  const hasPair = first < 0xdc00 && bytes[next] === BACKSLASH && bytes[next + 1] === 0x75
  const second = hasPair ? readHex4(bytes, next + 2, end) : -1
  if (second >= 0xdc00 && second <= 0xdfff) {
    writeCodePoint(writer, 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    return next + 6
  }
  writeCodePoint(writer, REPLACEMENT)
  return next
}

/** The number that four hexadecimal digits say, or -1. */
function readHex4(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 > end) return -1
  let value = 0
  for (let position = start; position < start + 4; position++) {
    const digit = hexDigit(bytes[position]!)
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1
}

function writeCodePoint(writer: ByteWriter, codePoint: number): void {
  writer.reserve(4)
  if (codePoint < 0x80) return pushByte(writer, codePoint)
  if (codePoint < 0x800) {
    pushByte(writer, 0xc0 | (codePoint >>> 6))
  } else {
    if (codePoint < 0x1_0000) pushByte(writer, 0xe0 | (codePoint >>> 12))
    else {
      pushByte(writer, 0xf0 | (codePoint >>> 18))
      pushByte(writer, 0x80 | ((codePoint >>> 12) & 0x3f))
    }
    pushByte(writer, 0x80 | ((codePoint >>> 6) & 0x3f))
  }
  pushByte(writer, 0x80 | (codePoint & 0x3f))
}

function pushByte(writer: ByteWriter, byte: number): void {
  writer.bytes[writer.length++] = byte
}
