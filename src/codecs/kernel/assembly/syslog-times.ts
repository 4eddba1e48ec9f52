/** Times in syslog as they usually are. Twin: ../../syslog/times.ts, ../../time/rfc3339.ts. */

const NONE: usize = 0
const BAD: u32 = 0xff
const DAY_SECONDS: u32 = 86_400
/** Days before each month, of a year that is none of 366. */
const DAYS_BEFORE = memory.data<u16>([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365])

let seconds: u32 = 0
let nanoseconds: u32 = 0

let yearDays: u32 = 0
let yearIsLeap: u32 = 0
let wallFrom: u32 = 0
let wallTo: u32 = 0
let wallOffset: i32 = 0

/** Of the time read last, since 1970. */
export function timeSeconds(): u32 {
  return seconds
}

export function timeNanoseconds(): u32 {
  return nanoseconds
}

export function useYear(days: u32, isLeap: u32, from: u32, to: u32, offset: i32): void {
  yearDays = days
  yearIsLeap = isLeap
  wallFrom = from
  wallTo = to
  wallOffset = offset
}

/** `2026-11-21T08:50:00.123Z` or with an offset; where it ends, or NONE. */
export function readRfc3339(start: usize, end: usize): usize {
  if (start + 20 > end) return NONE
  const century = digits2(start)
  const inCentury = digits2(start + 2)
  const month = digits2(start + 5)
  const day = digits2(start + 8)
  // 1970 to 2099.
  if ((century != 19 || inCentury < 70) && century != 20) return NONE
  if (inCentury == BAD || month - 1 > 11 || day - 1 > 30) return NONE
  if (load<u8>(start + 4) != 0x2d || load<u8>(start + 7) != 0x2d) return NONE
  if ((load<u8>(start + 10) | 0x20) != 0x74) return NONE
  const ofDay = readTimeOfDay(start + 11)
  if (ofDay == u32.MAX_VALUE) return NONE
  const year = century * 100 + inCentury
  // Of 1970 to 2099 every fourth year is a leap year.
  const isLeap = <u32>((year & 3) == 0)
  const ofYear = dayOfYear(month, day, isLeap)
  if (ofYear == u32.MAX_VALUE) return NONE
  const days = (year - 1970) * 365 + ((year - 1969) >> 2) + ofYear
  let at = start + 19
  nanoseconds = 0
  if (load<u8>(at) == 0x2e) {
    at = readFraction(at + 1, end)
    if (at == NONE) return NONE
  }
  return readOffset(at, end, <i64>(days * DAY_SECONDS + ofDay))
}

/** Sets the seconds of the wall clock's `wall` in the zone at `at`. */
function readOffset(at: usize, end: usize, wall: i64): usize {
  if (at >= end) return NONE
  const sign = <u32>load<u8>(at)
  if ((sign | 0x20) == 0x7a) {
    seconds = <u32>wall
    return at + 1
  }
  if ((sign != 0x2b && sign != 0x2d) || at + 6 > end || load<u8>(at + 3) != 0x3a) return NONE
  const hours = digits2(at + 1)
  const minutes = digits2(at + 4)
  if (hours > 23 || minutes > 59) return NONE
  const offset = <i64>(hours * 3600 + minutes * 60)
  const utc = sign == 0x2b ? wall - offset : wall + offset
  if (utc < 0) return NONE
  seconds = <u32>utc
  return at + 6
}

/** Digits, of which nine count. */
function readFraction(start: usize, end: usize): usize {
  const nineEnd = min(start + 9, end)
  let value: u32 = 0
  let at = start
  for (; at < nineEnd; at++) {
    const digit = <u32>load<u8>(at) - 0x30
    if (digit > 9) break
    value = value * 10 + digit
  }
  if (at == start) return NONE
  for (let missing = start + 9 - at; missing > 0; missing--) value *= 10
  nanoseconds = value
  if (at == start + 9) while (at < end && <u32>load<u8>(at) - 0x30 <= 9) at++
  return at
}

/**
 * `Nov 21 08:50:00` before a space, if neither a year nor a zone may follow; where it ends, or
 * NONE. The day may have a space for its first digit.
 */
export function readBsdTime(start: usize, end: usize): usize {
  if (start + 18 > end) return NONE
  const month = monthOf(load<u32>(start))
  if (month == 0) return NONE
  const tens = <u32>load<u8>(start + 4)
  const units = <u32>load<u8>(start + 5) - 0x30
  if (units > 9 || load<u8>(start + 6) != 0x20) return NONE
  if (tens != 0x20 && tens - 0x30 > 9) return NONE
  const day = (tens == 0x20 ? 0 : (tens - 0x30) * 10) + units
  if (day - 1 > 30) return NONE
  const ofDay = readTimeOfDay(start + 7)
  if (ofDay == u32.MAX_VALUE) return NONE
  const ofYear = dayOfYear(month, day, yearIsLeap)
  if (ofYear == u32.MAX_VALUE || mayGoOn(start + 15)) return NONE
  const wall = (yearDays + ofYear) * DAY_SECONDS + ofDay
  if (wall < wallFrom || wall > wallTo) return NONE
  seconds = wall - wallOffset
  nanoseconds = 0
  return start + 15
}

/** Whether a year, or a zone of up to four capitals, may come behind the space at `at`. */
function mayGoOn(at: usize): bool {
  const first = <u32>load<u8>(at + 1)
  if (first == 0x31 || first == 0x32) {
    const century = digits2(at + 1)
    return (century == 19 || century == 20) && digits2(at + 3) != BAD
  }
  if (first - 0x41 > 25) return false
  for (let index: usize = 2; index <= 5; index++) {
    const byte = <u32>load<u8>(at + index)
    if (byte == 0x20 || byte == 0x3a) return true
  }
  return false
}

/** From 1; 0 if the three letters, with a space behind, are none. */
function monthOf(letters: u32): u32 {
  switch (letters) {
    case 0x206e614a:
      return 1
    case 0x20626546:
      return 2
    case 0x2072614d:
      return 3
    case 0x20727041:
      return 4
    case 0x2079614d:
      return 5
    case 0x206e754a:
      return 6
    case 0x206c754a:
      return 7
    case 0x20677541:
      return 8
    case 0x20706553:
      return 9
    case 0x2074634f:
      return 10
    case 0x20766f4e:
      return 11
    case 0x20636544:
      return 12
    default:
      return 0
  }
}

/** From 0; MAX_VALUE if the month has no such day. */
function dayOfYear(month: u32, day: u32, isLeap: u32): u32 {
  const entry = DAYS_BEFORE + ((<usize>month - 1) << 1)
  const before = <u32>load<u16>(entry)
  const length = <u32>load<u16>(entry + 2) - before + (month == 2 ? isLeap : 0)
  if (day > length) return u32.MAX_VALUE
  return before + (month > 2 ? isLeap : 0) + day - 1
}

/** `08:50:00` as seconds of the day; 60 seconds are allowed. MAX_VALUE if it is none. */
function readTimeOfDay(start: usize): u32 {
  const hour = digits2(start)
  const minute = digits2(start + 3)
  const second = digits2(start + 6)
  const isTime = hour < 24 && minute < 60 && second <= 60
  if (!isTime || load<u8>(start + 2) != 0x3a || load<u8>(start + 5) != 0x3a) return u32.MAX_VALUE
  return hour * 3600 + minute * 60 + second
}

/** The number of two digits, or BAD. */
function digits2(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 0x30
  const units = <u32>load<u8>(at + 1) - 0x30
  return tens <= 9 && units <= 9 ? tens * 10 + units : BAD
}
