/** Days and seconds since 1970-01-01, by the proleptic Gregorian calendar, without Date. */

/** What readers of times fill in; reused, so that nothing is made per line. */
export interface Instant {
  /** Since 1970; may be negative. */
  seconds: number
  nanoseconds: number
}

export const DAY_SECONDS = 86_400
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** `month` from 1, `day` from 1; both within their ranges. */
export function daysSince1970(year: number, month: number, day: number): number {
  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)
  const inYear = DAYS_BEFORE_MONTH[month - 1]! + (month > 2 && isLeapYear(year) ? 1 : 0) + day - 1
  // 719,162 days from 0001-01-01 to 1970-01-01.
  return before * 365 + leapDays + inYear - 719_162
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : DAYS_IN_MONTH[month - 1]!
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}
