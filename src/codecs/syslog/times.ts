/**
 * Times of messages: RFC 3339, and what senders of RFC 3164 write, of which most say neither the
 * year nor the zone. The year is the one that brings the time nearest to the arrival in the
 * sender's zone, so a message of New Year's Eve that comes in the new year is of the old one.
 */
import { ENTRY_SECONDS_MAX } from '../entry.ts'
import { DAY_SECONDS, daysInMonth, daysSince1970, type Instant } from '../time/instant.ts'
import { lastNameValue, MONTH_NAMES, readName, readZoneName } from '../time/names.ts'
import { digits2, readNanoseconds, readRfc3339, type ZoneReader } from '../time/rfc3339.ts'
import { type YearWindow, yearWindowOf } from './year-window.ts'

const SPACE = 0x20
const COLON = 0x3a
/** Seconds since 1970 as ten digits: 2001 to 2286. */
const EPOCH_DIGITS = 10

export class SyslogTimes implements Instant {
  seconds = 0
  nanoseconds = 0
  readonly #zone: ZoneReader
  #arrivalSeconds = 0
  #arrivalYear = 1970
  /** The last time without a year, as one number, and what it was found to be. */
  #lastWall = -1
  #lastSeconds = 0

  constructor(zone: ZoneReader) {
    this.#zone = zone
  }

  /** `nowMs` is the arrival of what is read next. */
  begin(nowMs: number): void {
    const seconds = Math.floor(nowMs / 1000)
    if (seconds === this.#arrivalSeconds) return
    this.#arrivalSeconds = seconds
    this.#arrivalYear = new Date(nowMs).getUTCFullYear()
    this.#lastWall = -1
  }

  /** What a time without a year means, as long as it is near; for the kernel. */
  get yearWindow(): YearWindow {
    return yearWindowOf(this.#zone, this.#arrivalSeconds)
  }

  /** Reads the time at `start`; returns the offset behind it, or -1 if there is none. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const position = this.#readAny(bytes, start, end)
    // An entry has room for 1970 to 2106.
    return position >= 0 && this.seconds >= 0 && this.seconds <= ENTRY_SECONDS_MAX ? position : -1
  }

  /** As `read`, but RFC 3339 alone. */
  readRfc3339(bytes: Uint8Array, start: number, end: number): number {
    const position = readRfc3339(bytes, start, end, this, this.#zone)
    return position >= 0 && this.seconds >= 0 && this.seconds <= ENTRY_SECONDS_MAX ? position : -1
  }

  #readAny(bytes: Uint8Array, start: number, end: number): number {
    if (start >= end) return -1
    const first = bytes[start]!
    if (first < 0x30 || first > 0x39) return this.#readMonth(bytes, start, end, -1)
    const iso = readRfc3339(bytes, start, end, this, this.#zone)
    if (iso >= 0) return iso
    const year = readYear(bytes, start, end)
    // 2025 Jan 28 10:46:06
    if (year >= 0 && bytes[start + 4] === SPACE) return this.#readMonth(bytes, start + 5, end, year)
    return this.#readEpoch(bytes, start, end)
  }

  /** `Jan  8 10:46:06`, with a year (before, behind the day or the time), .123 and a zone. */
  #readMonth(bytes: Uint8Array, start: number, end: number, yearBefore: number): number {
    const monthEnd = readName(bytes, start, end, MONTH_NAMES)
    if (monthEnd !== start + 3 || bytes[monthEnd] !== SPACE) return -1
    const month = lastNameValue() + 1
    let position = skipSpaces(bytes, monthEnd, end)
    const [day, dayEnd] = [readDay(bytes, position), endOfDigits(bytes, position, end)]
    if (day < 1 || bytes[dayEnd] !== SPACE) return -1
    position = skipSpaces(bytes, dayEnd, end)
    let year = yearBefore
    const yearBetween = readYear(bytes, position, end)
    if (year < 0 && yearBetween >= 0 && bytes[position + 4] === SPACE) {
      year = yearBetween
      position += 5
    }
    const ofDay = readTimeOfDay(bytes, position, end)
    if (ofDay < 0) return -1
    position += 8
    this.nanoseconds = 0
    const mark = position + 1 < end ? bytes[position]! : 0
    if ((mark === 0x2e || mark === 0x2c) && isDigit(bytes[position + 1]))
      position = readNanoseconds(bytes, position + 1, end, this)
    const yearBehind =
      year < 0 && bytes[position] === SPACE ? readYear(bytes, position + 1, end) : -1
    if (yearBehind >= 0 && isEndOfTime(bytes, position + 5, end)) {
      year = yearBehind
      position += 5
    }
    return this.#settle({ year, month, day, ofDay }, this.#readZone(bytes, position, end))
  }

  /** Set by `#readZone`: seconds east of UTC, or NaN if the time names no zone. */
  #zoneSeconds = NaN

  /** ` UTC` in capitals and before a space or colon: else it may be a host. */
  #readZone(bytes: Uint8Array, start: number, end: number): number {
    this.#zoneSeconds = NaN
    if (start + 1 >= end || bytes[start] !== SPACE || !isCapital(bytes[start + 1])) return start
    const zoneEnd = readZoneName(bytes, start + 1, end)
    if (zoneEnd < 0 || !isEndOfTime(bytes, zoneEnd, end) || !isCapital(bytes[zoneEnd - 1]))
      return start
    this.#zoneSeconds = lastNameValue() * 60
    return zoneEnd
  }

  /** Sets the time; `position`, which is returned, is behind it. */
  #settle({ year, month, day, ofDay }: WallTime, position: number): number {
    if (year >= 0) {
      if (day > daysInMonth(year, month)) return -1
      this.seconds = this.#toUtc(wallSeconds(year, month, day, ofDay))
      return position
    }
    if (day > daysInMonth(LEAP_YEAR, month)) return -1
    const wall = (month * 32 + day) * DAY_SECONDS + ofDay
    const isKnown = wall === this.#lastWall && Number.isNaN(this.#zoneSeconds)
    this.seconds = isKnown ? this.#lastSeconds : this.#nearest({ year, month, day, ofDay })
    this.#lastWall = Number.isNaN(this.#zoneSeconds) ? wall : -1
    this.#lastSeconds = this.seconds
    return position
  }

  #nearest({ month, day, ofDay }: WallTime): number {
    let nearest = -Infinity
    for (let year = this.#arrivalYear - 1; year <= this.#arrivalYear + 1; year++) {
      if (day > daysInMonth(year, month)) continue
      const seconds = this.#toUtc(wallSeconds(year, month, day, ofDay))
      const distance = Math.abs(seconds - this.#arrivalSeconds)
      if (distance < Math.abs(nearest - this.#arrivalSeconds)) nearest = seconds
    }
    // 29 February, three years around none: the last leap year is meant.
    return nearest === -Infinity ? this.#lastLeapDay(ofDay) : nearest
  }

  #lastLeapDay(ofDay: number): number {
    let year = this.#arrivalYear
    while (daysInMonth(year, 2) < 29) year--
    return this.#toUtc(wallSeconds(year, 2, 29, ofDay))
  }

  #toUtc(wall: number): number {
    if (!Number.isNaN(this.#zoneSeconds)) return wall - this.#zoneSeconds
    return wall - this.#zone.offsetOfWall(wall)
  }

  /** `1490691423` or `1490691423.123`, before a space. */
  #readEpoch(bytes: Uint8Array, start: number, end: number): number {
    const digitsEnd = endOfDigits(bytes, start, end)
    if (digitsEnd - start !== EPOCH_DIGITS) return -1
    let seconds = 0
    for (let index = start; index < digitsEnd; index++)
      seconds = seconds * 10 + bytes[index]! - 0x30
    this.seconds = seconds
    this.nanoseconds = 0
    let position = digitsEnd
    if (position + 1 < end && bytes[position] === 0x2e && isDigit(bytes[position + 1]))
      position = readNanoseconds(bytes, position + 1, end, this)
    return position >= end || bytes[position] === SPACE ? position : -1
  }
}

interface WallTime {
  /** -1 if the time does not say it. */
  readonly year: number
  readonly month: number
  readonly day: number
  /** Seconds of the day. */
  readonly ofDay: number
}

const LEAP_YEAR = 2024

function wallSeconds(year: number, month: number, day: number, ofDay: number): number {
  return daysSince1970(year, month, day) * DAY_SECONDS + ofDay
}

/** Seconds of the day for `10:46:06`, or -1. */
function readTimeOfDay(bytes: Uint8Array, start: number, end: number): number {
  if (start + 8 > end || bytes[start + 2] !== COLON || bytes[start + 5] !== COLON) return -1
  const hour = digits2(bytes, start)
  const minute = digits2(bytes, start + 3)
  const second = digits2(bytes, start + 6)
  const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60
  return isTime ? hour * 3600 + minute * 60 + second : -1
}

/** Of one or two digits; -1 for none. */
function readDay(bytes: Uint8Array, start: number): number {
  if (!isDigit(bytes[start])) return -1
  return isDigit(bytes[start + 1]) ? digits2(bytes, start) : bytes[start]! - 0x30
}

/** Four digits that are a year of our time, or -1. */
function readYear(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 > end) return -1
  const century = digits2(bytes, start)
  const inCentury = digits2(bytes, start + 2)
  return (century === 19 || century === 20) && inCentury >= 0 ? century * 100 + inCentury : -1
}

function isEndOfTime(bytes: Uint8Array, position: number, end: number): boolean {
  if (position >= end || bytes[position] === SPACE) return true
  // Not the one of an address: `2001:db8::1`.
  return bytes[position] === COLON && (position + 1 >= end || bytes[position + 1] === SPACE)
}

function endOfDigits(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && isDigit(bytes[position])) position++
  return position
}

export function skipSpaces(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position] === SPACE) position++
  return position
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function isCapital(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a
}
