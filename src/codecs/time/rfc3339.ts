/**
 * Times as RFC 3339 writes them, and the deviations of it that are met in logs: a space or an
 * underscore for the T, small letters, a comma before the fraction, no minutes in the offset, no
 * zone at all. Fractions have any number of digits, of which nine count.
 */
import { DAY_SECONDS, daysInMonth, daysSince1970, type Instant } from './instant.ts'

const ZERO = 0x30
/** Behind `2026-11-21T08:50:00`. */
const SECOND_END = 19

/** What a time without a zone is read in. */
export interface ZoneReader {
  /** Seconds to add to UTC for the wall clock that shows `wallSeconds`. */
  offsetOfWall(wallSeconds: number): number
}

/**
 * Reads the time that starts at `start` and returns the offset behind it, or -1 if there is none.
 * `zone` is for a time that does not say its own; without it such a time is none.
 */
export function readRfc3339(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Instant,
  zone: ZoneReader | null = null,
): number {
  if (end - start < SECOND_END) return -1
  const century = digits2(bytes, start)
  const inCentury = digits2(bytes, start + 2)
  const year = century < 0 || inCentury < 0 ? -1 : century * 100 + inCentury
  const month = digits2(bytes, start + 5)
  const day = digits2(bytes, start + 8)
  const hour = digits2(bytes, start + 11)
  const minute = digits2(bytes, start + 14)
  const second = digits2(bytes, start + 17)
  if (!hasSeparators(bytes, start) || !(year >= 0 && month >= 1 && month <= 12)) return -1
  if (!(day >= 1 && day <= daysInMonth(year, month))) return -1
  // A leap second, :60, is the first of the next minute, as POSIX counts it.
  if (!(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60))
    return -1
  const days = daysSince1970(year, month, day)
  const wall = days * DAY_SECONDS + hour * 3600 + minute * 60 + second
  const fractionEnd = readFraction(bytes, start + SECOND_END, end, into)
  if (fractionEnd < 0) return -1
  const zoneEnd = readOffset(bytes, fractionEnd, end)
  if (zoneEnd === fractionEnd) {
    if (zone === null) return -1
    into.seconds = wall - zone.offsetOfWall(wall)
    return fractionEnd
  }
  into.seconds = wall - offsetSeconds
  return zoneEnd
}

/** Set by `readOffset`. */
let offsetSeconds = 0

/** Seconds east of UTC that the last `readOffset` has read. */
export function lastOffsetSeconds(): number {
  return offsetSeconds
}

/** Reads `Z`, `+02`, `+0200` or `+02:00` and returns the offset behind; `start` if it is none. */
export function readOffset(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return start
  const sign = bytes[start]!
  if ((sign | 0x20) === 0x7a) {
    offsetSeconds = 0
    return start + 1
  }
  if ((sign !== 0x2b && sign !== 0x2d) || start + 3 > end) return start
  const hours = digits2(bytes, start + 1)
  if (!(hours >= 0 && hours < 24)) return start
  let position = start + 3
  const minuteStart = bytes[position] === 0x3a ? position + 1 : position
  const minutes = minuteStart + 2 <= end ? digits2(bytes, minuteStart) : -1
  if (minutes >= 60) return start
  if (minutes >= 0) position = minuteStart + 2
  offsetSeconds = (sign === 0x2d ? -1 : 1) * (hours * 3600 + Math.max(minutes, 0) * 60)
  return position
}

/** `.123` or `,123`, into nanoseconds; the offset behind, or -1 for a dot without digits. */
function readFraction(bytes: Uint8Array, start: number, end: number, into: Instant): number {
  into.nanoseconds = 0
  if (start >= end || (bytes[start] !== 0x2e && bytes[start] !== 0x2c)) return start
  const fractionEnd = readNanoseconds(bytes, start + 1, end, into)
  return fractionEnd === start + 1 ? -1 : fractionEnd
}

/** Digits behind the decimal point, of which nine count; the offset behind all of them. */
export function readNanoseconds(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Instant,
): number {
  let value = 0
  let position = start
  let scale = 100_000_000
  while (position < end) {
    const digit = bytes[position]! - ZERO
    if (digit < 0 || digit > 9) break
    value += digit * scale
    scale = scale > 1 ? scale / 10 : 0
    position++
  }
  into.nanoseconds = value
  return position
}

/** The number of two digits, or -1. Past the end of the array it is -1 too. */
export function digits2(bytes: Uint8Array, position: number): number {
  const tens = bytes[position]! - ZERO
  const units = bytes[position + 1]! - ZERO
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : -1
}

function hasSeparators(bytes: Uint8Array, start: number): boolean {
  const between = bytes[start + 10]!
  return (
    bytes[start + 4] === 0x2d &&
    bytes[start + 7] === 0x2d &&
    bytes[start + 13] === 0x3a &&
    bytes[start + 16] === 0x3a &&
    ((between | 0x20) === 0x74 || between === 0x20 || between === 0x5f)
  )
}
