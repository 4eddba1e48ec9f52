/**
 * Tells UTF-8 from what only looks like it, byte by byte, exactly as the UTF-8 decoder of
 * https://encoding.spec.whatwg.org/#utf-8-decoder does (TextDecoder, browsers): of ill-formed
 * bytes each maximal subpart of a character becomes one U+FFFD. A byte order mark is kept.
 */
import type { ByteWriter } from './byte-writer.ts'

/**
 * How many bytes the character at `position` has (1 to 4), or, negated, how many bytes (1 to 3)
 * that are no character become one U+FFFD. `position` is before `end`.
 */
export function characterLength(bytes: Uint8Array, position: number, end: number): number {
  const lead = bytes[position]!
  if (lead < 0x80) return 1
  const length = lengthFromLead(lead)
  if (length === 0) return -1
  const second = position + 1 < end ? bytes[position + 1]! : 0
  if (second < lowestSecond(lead) || second > highestSecond(lead)) return -1
  for (let index = 2; index < length; index++) {
    const next = position + index < end ? bytes[position + index]! : 0
    if ((next & 0xc0) !== 0x80) return -index
  }
  return length
}

/**
 * Puts what `characterLength` said of the bytes at `position`, the character or U+FFFD, at
 * `targetPosition` and returns the offset behind it, at most four further.
 */
export function putCharacter(
  source: Uint8Array,
  position: number,
  length: number,
  target: Uint8Array,
  targetPosition: number,
): number {
  if (length > 0) {
    for (let index = 0; index < length; index++) {
      target[targetPosition + index] = source[position + index]!
    }
    return targetPosition + length
  }
  target[targetPosition] = 0xef
  target[targetPosition + 1] = 0xbf
  target[targetPosition + 2] = 0xbd
  return targetPosition + 3
}

/** Appends the bytes from `start` to `end` with U+FFFD for all that is not UTF-8. */
export function writeUtf8(
  source: Uint8Array,
  start: number,
  end: number,
  writer: ByteWriter,
): void {
  // One ill-formed byte becomes three.
  writer.reserve((end - start) * 3)
  let position = start
  while (position < end) {
    const length = characterLength(source, position, end)
    writer.length = putCharacter(source, position, length, writer.bytes, writer.length)
    position += Math.abs(length)
  }
}

function lengthFromLead(lead: number): number {
  if (lead < 0xc2) return 0
  if (lead < 0xe0) return 2
  if (lead < 0xf0) return 3
  return lead < 0xf5 ? 4 : 0
}

/** Past overlong forms: e0 80 … e0 9f and f0 80 … f0 8f. */
function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0
  return lead === 0xf0 ? 0x90 : 0x80
}

/** Before surrogates, ed a0 …, and beyond U+10FFFF, f4 90 …. */
function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f
  return lead === 0xf4 ? 0x8f : 0xbf
}
