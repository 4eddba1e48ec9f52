/**
 * Bytes of text to a JSON string (RFC 8259, part 7), always valid UTF-8: see utf8.ts. Escaped are
 * `"`, `\` and what lies below U+0020, nothing else: U+2028 is fine in JSON, and `/` as well.
 */
import type { ByteWriter } from './byte-writer.ts'
import { characterLength } from './utf8.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** `\u0001` for one byte; U+FFFD for one ill-formed byte takes less. */
const ENCODED_BYTES_MAX = 6
/** Text is encoded in blocks, so that room is made for what may come of one block only. */
const BLOCK_BYTES = 4096
/** For the quotes, and for a character that reaches past the end of its block. */
const SLACK_BYTES = 32
const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef')

/** What a byte asks for: to be copied, `\uXXXX`, a look at UTF-8, or else the letter behind `\`. */
const COPY = 0
const MULTIBYTE = 1
const UNICODE_ESCAPE = 'u'.charCodeAt(0)
const TREATMENT = treatmentTable()

/** Appends the text from `start` to `end` between quotes. */
export function encodeJsonString(
  source: Uint8Array,
  start: number,
  end: number,
  writer: ByteWriter,
): void {
  writer.reserve(SLACK_BYTES)
  writer.bytes[writer.length++] = QUOTE
  encodeJsonText(source, start, end, writer)
  writer.bytes[writer.length++] = QUOTE
}

/** As `encodeJsonString`, without the quotes; leaves room for at least one more byte. */
export function encodeJsonText(
  source: Uint8Array,
  start: number,
  end: number,
  writer: ByteWriter,
): void {
  let position = start
  while (position < end) {
    position = encodeBlock(source, position, Math.min(end, position + BLOCK_BYTES), end, writer)
  }
}

/** Puts what was written behind `start`, some JSON text, between quotes and escapes it. */
export function quoteWritten(writer: ByteWriter, start: number): void {
  const end = writer.length
  let escapes = 0
  for (let index = start; index < end; index++) escapes += isEscaped(writer.bytes[index]!) ? 1 : 0
  writer.reserve(escapes + SLACK_BYTES)
  const { bytes } = writer
  let target = end + escapes + 1
  writer.length = target + 1
  bytes[target--] = QUOTE
  for (let index = end - 1; index >= start; index--) {
    const byte = bytes[index]!
    bytes[target--] = byte
    if (isEscaped(byte)) bytes[target--] = BACKSLASH
  }
  bytes[start] = QUOTE
}

/** Encodes up to `blockEnd` or the end of a character that starts before; returns how far. */
function encodeBlock(
  source: Uint8Array,
  start: number,
  blockEnd: number,
  end: number,
  writer: ByteWriter,
): number {
  writer.reserve((blockEnd - start) * ENCODED_BYTES_MAX + SLACK_BYTES)
  const target = writer.bytes
  let length = writer.length
  let position = start
  while (position < blockEnd) {
    const byte = source[position]!
    const treatment = TREATMENT[byte]!
    if (treatment === COPY) {
      target[length++] = byte
      position++
    } else if (treatment === MULTIBYTE) {
      const characterBytes = characterLength(source, position, end)
      if (characterBytes > 0)
        length = copyCharacter(source, position, characterBytes, target, length)
      else length = putReplacement(target, length)
      position += Math.abs(characterBytes)
    } else {
      length = putEscape(target, length, byte, treatment)
      position++
    }
  }
  writer.length = length
  return position
}

function copyCharacter(
  source: Uint8Array,
  position: number,
  count: number,
  target: Uint8Array,
  length: number,
): number {
  for (let index = 0; index < count; index++) target[length + index] = source[position + index]!
  return length + count
}

/** U+FFFD. */
function putReplacement(target: Uint8Array, length: number): number {
  target[length] = 0xef
  target[length + 1] = 0xbf
  target[length + 2] = 0xbd
  return length + 3
}

function putEscape(target: Uint8Array, length: number, byte: number, letter: number): number {
  target[length] = BACKSLASH
  target[length + 1] = letter
  if (letter !== UNICODE_ESCAPE) return length + 2
  target[length + 2] = 0x30
  target[length + 3] = 0x30
  target[length + 4] = HEX_DIGITS[byte >>> 4]!
  target[length + 5] = HEX_DIGITS[byte & 0x0f]!
  return length + 6
}

function isEscaped(byte: number): boolean {
  return byte === QUOTE || byte === BACKSLASH
}

function treatmentTable(): Uint8Array {
  const table = new Uint8Array(256)
  table.fill(UNICODE_ESCAPE, 0, 0x20)
  table.fill(MULTIBYTE, 0x80)
  for (const byte of [QUOTE, BACKSLASH]) table[byte] = byte
  for (const [letter, byte] of Object.entries({ b: 8, t: 9, n: 10, f: 12, r: 13 })) {
    table[byte] = letter.charCodeAt(0)
  }
  return table
}
