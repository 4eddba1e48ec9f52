/**
 * The `timestamp` of a GELF message: seconds since 1970 with decimals, as JSON number or, from
 * lenient senders, as text. Read digit by digit: a double keeps only the microseconds.
 */
import { ENTRY_SECONDS_MAX } from '../entry.ts'

const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const SECONDS_DIGITS_MAX = 10
const NANOSECOND_DIGITS = 9

export class GelfTimestamp {
  seconds = 0
  nanoseconds = 0

  /**
   * Whether the bytes from `start` to `end` are a time between 1970-01-01T00:00:01Z and 2106; sets
   * it then. Digits behind the ninth decimal are cut off.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let position = start
    let seconds = 0
    while (position < end && isDigit(bytes[position]!)) {
      seconds = seconds * 10 + (bytes[position]! - ZERO)
      position++
    }
    if (position === start || position - start > SECONDS_DIGITS_MAX) return false
    if (seconds === 0 || seconds > ENTRY_SECONDS_MAX) return false
    if (position === end) return this.#set(seconds, 0)
    if (bytes[position] !== DOT) return this.#readByDouble(bytes, start, end)
    return this.#readDecimals(bytes, position + 1, end, seconds, start)
  }

  #readDecimals(
    bytes: Uint8Array,
    start: number,
    end: number,
    seconds: number,
    textStart: number,
  ): boolean {
    let nanoseconds = 0
    let position = start
    while (position < end && isDigit(bytes[position]!)) {
      if (position - start < NANOSECOND_DIGITS) {
        nanoseconds = nanoseconds * 10 + (bytes[position]! - ZERO)
      }
      position++
    }
    if (position === start) return false
    if (position < end) return this.#readByDouble(bytes, textStart, end)
    for (let digits = position - start; digits < NANOSECOND_DIGITS; digits++) nanoseconds *= 10
    return this.#set(seconds, nanoseconds)
  }

  /** `1.7952510e9`: rare, and exact to the microsecond. */
  #readByDouble(bytes: Uint8Array, start: number, end: number): boolean {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
    if (!/^\d+(\.\d+)?[eE][+-]?\d+$/.test(text)) return false
    const time = Number(text)
    const seconds = Math.floor(time)
    if (seconds < 1 || seconds > ENTRY_SECONDS_MAX) return false
    return this.#set(seconds, Math.floor((time - seconds) * 1e6) * 1000)
  }

  #set(seconds: number, nanoseconds: number): boolean {
    this.seconds = seconds
    this.nanoseconds = nanoseconds
    return true
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}
