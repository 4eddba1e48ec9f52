/**
 * Reads the time that a text says, by one of the ways to write one: `auto`, `rfc3339`, `unix`,
 * `unix_ms`, `unix_us`, `unix_ns`, or a format with directives (strptime.ts).
 */
import type { Instant } from './instant.ts'
import { readRfc3339, type ZoneReader } from './rfc3339.ts'
import { Strptime, type StrptimeOptions, TimeFormatError } from './strptime.ts'
import { guessUnixDigits, readUnix, UNIX_DIGITS } from './unix.ts'

export interface TimeReader {
  /** As a configuration has it. */
  readonly format: string
  /** False if the text from `start` to `end` is no such time; all of it has to be. */
  read(bytes: Uint8Array, start: number, end: number, into: Instant): boolean
}

const NAMES = ['auto', 'rfc3339', ...Object.keys(UNIX_DIGITS)]

/** Throws a TimeFormatError for a format that is none. */
export function timeReader(format: string, options: StrptimeOptions): TimeReader {
  const { zone } = options
  if (format === 'auto') return new AutoReader(zone)
  if (format === 'rfc3339') return new Rfc3339Reader(zone)
  if (Object.hasOwn(UNIX_DIGITS, format)) return new UnixReader(format as keyof typeof UNIX_DIGITS)
  if (format.includes('%')) return new Strptime(format, options)
  const expected = `${NAMES.join(', ')} or directives such as %Y-%m-%d %H:%M:%S`
  throw new TimeFormatError(`cannot read time format ${format}: expected ${expected}`, 1)
}

class Rfc3339Reader implements TimeReader {
  readonly format = 'rfc3339'
  readonly #zone: ZoneReader

  constructor(zone: ZoneReader) {
    this.#zone = zone
  }

  read(bytes: Uint8Array, start: number, end: number, into: Instant): boolean {
    return readRfc3339(bytes, start, end, into, this.#zone) === end
  }
}

class UnixReader implements TimeReader {
  readonly format: string
  readonly #digits: number

  constructor(format: keyof typeof UNIX_DIGITS) {
    this.format = format
    this.#digits = UNIX_DIGITS[format]
  }

  read(bytes: Uint8Array, start: number, end: number, into: Instant): boolean {
    return readUnix(bytes, start, end, this.#digits, into)
  }
}

/** RFC 3339, or a number, of which the digits tell the unit. */
class AutoReader implements TimeReader {
  readonly format = 'auto'
  readonly #zone: ZoneReader

  constructor(zone: ZoneReader) {
    this.#zone = zone
  }

  read(bytes: Uint8Array, start: number, end: number, into: Instant): boolean {
    if (readRfc3339(bytes, start, end, into, this.#zone) === end) return true
    return readUnix(bytes, start, end, guessUnixDigits(bytes, start, end), into)
  }
}
