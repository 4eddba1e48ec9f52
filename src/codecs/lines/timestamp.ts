/**
 * Times as text, `2026-11-21T08:50:00.123456789Z` (RFC 3339, UTC, always nine digits). The
 * nineteen bytes up to the second are kept from the last call: neighbours share them.
 */
import { putNineDigits } from '../json/number-encoder.ts'

/** Bytes of a whole `putTimestamp`. */
export const TIMESTAMP_BYTES = 30

const DATE_TIME_BYTES = 19
const DAY_SECONDS = 86_400
const ZERO = 0x30
const DOT = 0x2e
const Z = 0x5a

const dateTime = new TextEncoder().encode('1970-01-01T00:00:00')
let dateTimeSeconds = 0

/** Puts date, time, nanoseconds and `Z` at `position` and returns the offset behind them. */
export function putTimestamp(
  target: Uint8Array,
  position: number,
  seconds: number,
  nanoseconds: number,
): number {
  const dotPosition = putDateTime(target, position, seconds)
  target[dotPosition] = DOT
  const end = putNineDigits(target, dotPosition + 1, nanoseconds)
  target[end] = Z
  return end + 1
}

/** Puts `2026-11-21T08:50:00`, in UTC, at `position` and returns the offset behind it. */
export function putDateTime(target: Uint8Array, position: number, seconds: number): number {
  if (seconds !== dateTimeSeconds) renderDateTime(seconds)
  for (let index = 0; index < DATE_TIME_BYTES; index++) target[position + index] = dateTime[index]!
  return position + DATE_TIME_BYTES
}

function renderDateTime(seconds: number): void {
  const secondOfDay = seconds % DAY_SECONDS
  renderDate((seconds - secondOfDay) / DAY_SECONDS)
  putTwoDigits(11, Math.trunc(secondOfDay / 3600))
  putTwoDigits(14, Math.trunc(secondOfDay / 60) % 60)
  putTwoDigits(17, secondOfDay % 60)
  dateTimeSeconds = seconds
}

/**
 * Days since 1970-01-01 to year, month and day, in years that begin in March, so that a leap day
 * is the last of its year (http://howardhinnant.github.io/date_algorithms.html#civil_from_days).
 * Entries end in 2106, and from 1900 to 2106 only 2100 breaks the rule of four years.
 */
function renderDate(daysSince1970: number): void {
  // 2100-02-28 is day 47,540; a day that the year 2100 leaves out is counted in from there on.
  const days = daysSince1970 + (daysSince1970 > 47_540 ? 1 : 0) + 671
  const cycle = Math.trunc(days / 1461)
  const dayOfCycle = days % 1461
  const yearOfCycle = Math.min(3, Math.trunc(dayOfCycle / 365))
  const dayOfYear = dayOfCycle - yearOfCycle * 365
  const marchMonth = Math.trunc((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = 1968 + cycle * 4 + yearOfCycle + (month <= 2 ? 1 : 0)
  putTwoDigits(0, Math.trunc(year / 100))
  putTwoDigits(2, year % 100)
  putTwoDigits(5, month)
  putTwoDigits(8, dayOfYear - Math.trunc((153 * marchMonth + 2) / 5) + 1)
}

function putTwoDigits(position: number, value: number): void {
  dateTime[position] = ZERO + Math.trunc(value / 10)
  dateTime[position + 1] = ZERO + (value % 10)
}
