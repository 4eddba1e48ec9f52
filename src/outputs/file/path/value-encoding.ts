/**
 * How a tag or a field becomes part of a file name, and how to read it back.
 *
 * Percent-encoding of UTF-8 as in RFC 3986, for what a file name cannot or should not hold: control
 * and invisible characters, `/ \ : * ? " < > |`, `%` itself, `@` (kept for rotated files) and a dot
 * at the start (so no value is `.`, `..` or a hidden file). The empty value is `%empty`. A value
 * too long for its place keeps its beginning and ends in `%~` and a hash; what it was stands in
 * the folder `.long-names` beside the logs.
 */
import { createHash } from 'node:crypto'

const UNSAFE = /^\.|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"%*/:<>?@\\|]/gu
const EMPTY = '%empty'
const SHORTENED = '%~'
const HASH_DIGITS = 32

/** A shortened value is never shorter than this. */
export const VALUE_BYTES_MIN = 16 + SHORTENED.length + HASH_DIGITS
/** Folder, below the fixed part of the path, with one file per shortened value. */
export const LONG_NAMES_FOLDER = '.long-names'

/** The value as part of a file name; never empty, never with a separator. */
export function encodeValue(value: string): string {
  return value === '' ? EMPTY : value.toWellFormed().replaceAll(UNSAFE, percentEncode)
}

/** The encoded value, cut to `bytesMax` of UTF-8 with a hash of all of it if it is longer. */
export function shortenEncoded(encoded: string, bytesMax: number): string {
  // No UTF-16 unit takes more than three bytes, so most values need not be measured.
  if (encoded.length * 3 <= bytesMax || Buffer.byteLength(encoded) <= bytesMax) return encoded
  const hash = createHash('sha256').update(encoded).digest('hex').slice(0, HASH_DIGITS)
  const prefix = utf8Prefix(encoded, bytesMax - SHORTENED.length - HASH_DIGITS)
  return prefix.replace(/%[0-9A-F]?$/, '') + SHORTENED + hash
}

/** The hashes of the shortened values in a path; empty when every value is whole. */
export function hashesIn(path: string): string[] {
  if (!path.includes(SHORTENED)) return []
  return [...path.matchAll(/%~([0-9a-f]{32})/g)].map((match) => match[1]!)
}

function percentEncode(character: string): string {
  let encoded = ''
  for (const byte of Buffer.from(character)) {
    encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

function utf8Prefix(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text.slice(0, bytesMax))
  let end = Math.min(bytesMax, bytes.length)
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
