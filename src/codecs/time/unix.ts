/** Times as a number of seconds, or of thousandths, millionths or billionths, since 1970. */
import type { Instant } from './instant.ts'

const ZERO = 0x30
const DOT = 0x2e
/** Of seconds: more stand for no time that an entry can hold. */
const SECONDS_DIGITS_MAX = 11

/** How many digits of the whole number stand for the part of a second. */
export const UNIX_DIGITS = { unix: 0, unix_ms: 3, unix_us: 6, unix_ns: 9 } as const

/** Reads all of `start` to `end`; further digits may follow behind a dot. */
export function readUnix(
  bytes: Uint8Array,
  start: number,
  end: number,
  digitsOfSecond: number,
  into: Instant,
): boolean {
  const wholeEnd = skipDigits(bytes, start, end)
  if (wholeEnd === start) return false
  const secondsEnd = Math.max(start, wholeEnd - digitsOfSecond)
  if (secondsEnd - start > SECONDS_DIGITS_MAX) return false
  into.seconds = 0
  for (let position = start; position < secondsEnd; position++) {
    into.seconds = into.seconds * 10 + bytes[position]! - ZERO
  }
  // A number shorter than that part lacks its leading zeros.
  let scale = 10 ** (8 - digitsOfSecond + (wholeEnd - secondsEnd))
  into.nanoseconds = 0
  for (let position = secondsEnd; position < end; position++) {
    if (position === wholeEnd) {
      if (bytes[position] !== DOT || position + 1 === end) return false
      continue
    }
    const digit = bytes[position]! - ZERO
    if (digit < 0 || digit > 9) return false
    into.nanoseconds += digit * scale
    scale = scale > 1 ? scale / 10 : 0
  }
  return true
}

/**
 * What the number of its digits says about a time of 1973 to 2286: up to 11 are seconds, up to 14
 * milliseconds, up to 17 microseconds, more nanoseconds.
 */
export function guessUnixDigits(bytes: Uint8Array, start: number, end: number): number {
  const digits = skipDigits(bytes, start, end) - start
  if (digits <= 11) return 0
  if (digits <= 14) return 3
  return digits <= 17 ? 6 : 9
}

export function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position]! >= ZERO && bytes[position]! <= 0x39) position++
  return position
}
