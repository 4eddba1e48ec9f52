/**
 * The time that a field says, as a msgpack value. What is not usual is for the twins:
 * ../../time/time-reader.ts for a way that is configured, ../../records/record-time.ts for BY_SIZE.
 */
import { BAD, isText, readU32, readU64, textLength, textStart, valueEnd } from './msgpack'
import { readRfc3339, timeNanoseconds, timeSeconds } from './syslog-times'

/** How it is written: RFC 3339; that or a number; a number of so many units per second, and two. */
const RFC3339: u32 = 1
const AUTO: u32 = 2
/** That or a number, of which the size tells the unit. */
const BY_SIZE: u32 = 0xffff_ffff
const SECONDS_MAX: u64 = 0xffff_ffff
const DOUBLE: u32 = 0xcb

let way: u32 = 0
let seconds: u32 = 0
let nanoseconds: u32 = 0

/** Holds until the next call. */
export function useTimeWay(next: u32): void {
  way = next
}

/** Of the last `takeFieldTime`, since 1970. */
export function fieldSeconds(): u32 {
  return seconds
}

export function fieldNanoseconds(): u32 {
  return nanoseconds
}

/**
 * Reads the time in the field of the key at `key`, and takes the field out unless it stays. Where
 * the fields, which ended at `end`, end now; BAD if it has no time that is usual.
 */
export function takeFieldTime(key: usize, end: usize, stays: bool): usize {
  const value = valueEnd(key)
  if (!readFieldTime(value)) return BAD
  if (stays) return end
  const behind = valueEnd(value)
  memory.copy(key, behind, end - behind)
  return end - (behind - key)
}

/** False if the value is no time that is usual. */
function readFieldTime(value: usize): bool {
  const type = <u32>load<u8>(value)
  const isEither = way == AUTO || way == BY_SIZE
  if (isText(type)) {
    if (way != RFC3339 && !isEither) return false
    const text = textStart(value, type)
    const end = text + textLength(value, type)
    if (readRfc3339(text, end) != end) return false
    seconds = timeSeconds()
    nanoseconds = timeNanoseconds()
    return way != BY_SIZE || seconds != 0
  }
  if (way == RFC3339) return false
  if (type == DOUBLE) return way == BY_SIZE && splitDouble(reinterpret<f64>(readU64(value + 1)))
  if (type == 0xce) return split(readU32(value + 1))
  return type == 0xcf && split(readU64(value + 1))
}

function split(number: u64): bool {
  const units = unitsPerSecond(number)
  const whole = number / units
  if (whole > SECONDS_MAX) return false
  seconds = <u32>whole
  nanoseconds = <u32>((number - whole * units) * (1_000_000_000 / units))
  return true
}

function unitsPerSecond(number: u64): u64 {
  if (way == BY_SIZE) return bySize(number)
  return way == AUTO ? byDigits(number) : <u64>(way - AUTO)
}

function bySize(number: u64): u64 {
  if (number <= SECONDS_MAX) return 1
  if (number / 1000 <= SECONDS_MAX) return 1000
  return number / 1_000_000 <= SECONDS_MAX ? 1_000_000 : 1_000_000_000
}

/** The number of its digits says the unit, see ../../time/unix.ts. */
function byDigits(number: u64): u64 {
  if (number < 100_000_000_000) return 1
  if (number < 100_000_000_000_000) return 1000
  return number < 100_000_000_000_000_000 ? 1_000_000 : 1_000_000_000
}

/** Seconds, to the microsecond. */
function splitDouble(number: f64): bool {
  if (!(number >= 1 && number < <f64>SECONDS_MAX)) return false
  const whole = Math.floor(number)
  const microseconds = <u32>Math.floor((number - whole) * 1e6 + 0.5)
  if (microseconds == 1_000_000) return false
  seconds = <u32>whole
  nanoseconds = microseconds * 1000
  return true
}
