/**
 * Times by a format as strptime(3) has them, with what Ruby and Python add: `%d/%b/%Y:%H:%M:%S %z`.
 * Names are English, numbers may lack their leading zeros, white space in a format stands for any.
 *
 * A time without a year is of the year that puts it nearest to now, one without a date of the
 * nearest day: a line written just before midnight on New Year's Eve stays where it belongs.
 */
import { DAY_SECONDS, daysInMonth, daysSince1970, type Instant, isLeapYear } from './instant.ts'
import { DAY_NAMES, lastNameValue, MONTH_NAMES, readName, readZoneName } from './names.ts'
import { lastOffsetSeconds, readNanoseconds, readOffset, type ZoneReader } from './rfc3339.ts'
import { skipDigits } from './unix.ts'

/** What a format cannot hold; `column` counts its characters from 1. */
export class TimeFormatError extends Error {
  readonly column: number

  constructor(message: string, column: number) {
    super(message)
    this.column = column
  }
}

export interface StrptimeOptions {
  /** What a time is read in that does not say its zone. */
  readonly zone: ZoneReader
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Directives that stand for others. */
const SHORTHANDS: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  D: '%m/%d/%y',
  c: '%a %b %d %H:%M:%S %Y',
  r: '%I:%M:%S %p',
}
const DIRECTIVES = 'YymdejbBhaAHkIlMSpPLNfzZsQnt'
const EXPECTED = [...DIRECTIVES, ...Object.keys(SHORTHANDS), '%'].map((letter) => `%${letter}`)
const SPACE = 0x20
const UNSET = -1
/** What `#readClock` says to directives of dates. */
const NOT_MINE = -2

/** A directive's letter, or a byte that must stand there, negated. */
type Step = number

export class Strptime {
  readonly format: string
  readonly #steps: readonly Step[]
  readonly #options: StrptimeOptions
  #year = UNSET
  #month = UNSET
  #day = UNSET
  #dayOfYear = UNSET
  #hour = 0
  /** UNSET, or the hours that AM and PM add. */
  #half = UNSET
  #minute = 0
  #second = 0
  #epoch = UNSET
  #offset = Number.NaN
  #number = 0

  /** Throws a TimeFormatError for a directive that it does not know. */
  constructor(format: string, options: StrptimeOptions) {
    this.format = format
    this.#steps = compile(format)
    this.#options = options
  }

  /** The time that the whole text from `start` to `end` says; false if it does not fit. */
  read(bytes: Uint8Array, start: number, end: number, into: Instant): boolean {
    this.#year = this.#month = this.#day = this.#dayOfYear = this.#half = this.#epoch = UNSET
    this.#hour = this.#minute = this.#second = 0
    this.#offset = Number.NaN
    into.nanoseconds = 0
    let position = start
    for (let index = 0; index < this.#steps.length; index++) {
      const step = this.#steps[index]!
      if (step > 0) position = this.#readDirective(step, bytes, position, end, into)
      else if (step === -SPACE) position = skipSpace(bytes, position, end)
      else position = position < end && bytes[position] === -step ? position + 1 : -1
      if (position < 0) return false
    }
    return position === end && this.#compose(into)
  }

  #readDirective(
    letter: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    into: Instant,
  ): number {
    switch (letter) {
      case 0x4c: // L
      case 0x4e: // N
      case 0x66: {
        // f
        const position = readNanoseconds(bytes, start, end, into)
        return position === start ? -1 : position
      }
      case 0x70: // p
      case 0x50: // P
        return this.#readHalf(bytes, start, end)
      case 0x7a: // z
      case 0x5a: // Z
        return this.#readZone(bytes, start, end)
      case 0x73: // s
        return this.#readEpoch(bytes, start, end)
      case 0x51: // Q
        return this.#readEpochMs(bytes, start, end, into)
      default: {
        const position = this.#readClock(letter, bytes, start, end)
        return position === NOT_MINE ? this.#readDate(letter, bytes, start, end) : position
      }
    }
  }

  #readDate(letter: number, bytes: Uint8Array, start: number, end: number): number {
    let position = -1
    switch (letter) {
      case 0x59: // Y
        position = this.#readNumber(bytes, start, end, 4, 9999)
        this.#year = this.#number
        return position
      case 0x79: // y
        position = this.#readNumber(bytes, start, end, 2, 99)
        this.#year = this.#number + (this.#number < 69 ? 2000 : 1900)
        return position
      case 0x6d: // m
        position = this.#readNumber(bytes, start, end, 2, 12)
        this.#month = this.#number
        return position
      case 0x64: // d
      case 0x65: // e
        position = this.#readNumber(bytes, skipSpace(bytes, start, end), end, 2, 31)
        this.#day = this.#number
        return position
      case 0x6a: // j
        position = this.#readNumber(bytes, start, end, 3, 366)
        this.#dayOfYear = this.#number
        return position
      case 0x61: // a
      case 0x41: // A
        return readName(bytes, start, end, DAY_NAMES)
      default: // b, B, h
        position = readName(bytes, start, end, MONTH_NAMES)
        this.#month = lastNameValue() + 1
        return position
    }
  }

  #readClock(letter: number, bytes: Uint8Array, start: number, end: number): number {
    let position = -1
    switch (letter) {
      case 0x48: // H
      case 0x6b: // k
        position = this.#readNumber(bytes, skipSpace(bytes, start, end), end, 2, 23)
        this.#hour = this.#number
        return position
      case 0x49: // I
      case 0x6c: // l
        position = this.#readNumber(bytes, skipSpace(bytes, start, end), end, 2, 12)
        this.#hour = this.#number % 12
        return position
      case 0x4d: // M
        position = this.#readNumber(bytes, start, end, 2, 59)
        this.#minute = this.#number
        return position
      case 0x53: // S
        // A leap second, 60, is the first of the next minute, as POSIX counts it.
        position = this.#readNumber(bytes, start, end, 2, 60)
        this.#second = this.#number
        return position
      default:
        return NOT_MINE
    }
  }

  #readEpoch(bytes: Uint8Array, start: number, end: number): number {
    const position = this.#readNumber(bytes, start, end, 11, Infinity)
    this.#epoch = this.#number
    return position
  }

  #readEpochMs(bytes: Uint8Array, start: number, end: number, into: Instant): number {
    const position = this.#readNumber(bytes, start, end, 14, Infinity)
    this.#epoch = Math.floor(this.#number / 1000)
    into.nanoseconds = (this.#number % 1000) * 1e6
    return position
  }

  /** At most `digitsMax` digits that make no more than `max`. */
  #readNumber(
    bytes: Uint8Array,
    start: number,
    end: number,
    digitsMax: number,
    max: number,
  ): number {
    const numberEnd = skipDigits(bytes, start, Math.min(end, start + digitsMax))
    let value = 0
    for (let position = start; position < numberEnd; position++) {
      value = value * 10 + bytes[position]! - 0x30
    }
    this.#number = value
    return numberEnd === start || value > max ? -1 : numberEnd
  }

  #readHalf(bytes: Uint8Array, start: number, end: number): number {
    if (start + 2 > end || (bytes[start + 1]! | 0x20) !== 0x6d) return -1
    const letter = bytes[start]! | 0x20
    if (letter !== 0x61 && letter !== 0x70) return -1
    this.#half = letter === 0x70 ? 12 : 0
    return start + 2
  }

  #readZone(bytes: Uint8Array, start: number, end: number): number {
    const offsetEnd = readOffset(bytes, start, end)
    if (offsetEnd > start) {
      this.#offset = lastOffsetSeconds()
      return offsetEnd
    }
    const nameEnd = readZoneName(bytes, start, end)
    if (nameEnd >= 0) this.#offset = lastNameValue() * 60
    return nameEnd
  }

  #compose(into: Instant): boolean {
    if (this.#epoch !== UNSET) {
      into.seconds = this.#epoch
      return true
    }
    const hour = this.#half === UNSET ? this.#hour : (this.#hour % 12) + this.#half
    const inDay = hour * 3600 + this.#minute * 60 + this.#second
    if (this.#year !== UNSET) return this.#composeIn(this.#year, inDay, into)
    if (this.#month === UNSET && this.#dayOfYear === UNSET && this.#day === UNSET)
      return this.#composeNearestDay(inDay, into)
    return this.#composeNearestYear(inDay, into)
  }

  #composeIn(year: number, inDay: number, into: Instant): boolean {
    const days = this.#daysIn(year)
    if (Number.isNaN(days)) return false
    into.seconds = this.#toUtc(days * DAY_SECONDS + inDay)
    return true
  }

  #composeNearestYear(inDay: number, into: Instant): boolean {
    const nowSeconds = this.#options.now() / 1000
    const yearNow = new Date(nowSeconds * 1000).getUTCFullYear()
    let nearest = Number.NaN
    for (let year = yearNow - 1; year <= yearNow + 1; year++) {
      if (!this.#composeIn(year, inDay, into)) continue
      if (!(Math.abs(into.seconds - nowSeconds) >= Math.abs(nearest - nowSeconds)))
        nearest = into.seconds
    }
    into.seconds = nearest
    return !Number.isNaN(nearest)
  }

  #composeNearestDay(inDay: number, into: Instant): boolean {
    const nowSeconds = this.#options.now() / 1000
    const today = Math.floor(nowSeconds / DAY_SECONDS)
    let nearest = Number.NaN
    // Two days to each side, since the zone may be on another day than UTC.
    for (let day = today - 2; day <= today + 2; day++) {
      const seconds = this.#toUtc(day * DAY_SECONDS + inDay)
      if (!(Math.abs(seconds - nowSeconds) >= Math.abs(nearest - nowSeconds))) nearest = seconds
    }
    into.seconds = nearest
    return true
  }

  /** NaN for a day that the year does not have. */
  #daysIn(year: number): number {
    if (this.#dayOfYear !== UNSET) {
      const isInYear = this.#dayOfYear >= 1 && this.#dayOfYear <= (isLeapYear(year) ? 366 : 365)
      return isInYear ? daysSince1970(year, 1, 1) + this.#dayOfYear - 1 : Number.NaN
    }
    const month = this.#month === UNSET ? 1 : this.#month
    const day = this.#day === UNSET ? 1 : this.#day
    const isDay = year >= 1 && month >= 1 && day >= 1 && day <= daysInMonth(year, month)
    return isDay ? daysSince1970(year, month, day) : Number.NaN
  }

  #toUtc(wall: number): number {
    if (!Number.isNaN(this.#offset)) return wall - this.#offset
    return wall - this.#options.zone.offsetOfWall(wall)
  }
}

function compile(format: string): Step[] {
  const steps: Step[] = []
  for (let index = 0; index < format.length; index++) {
    const column = index + 1
    if (format[index] !== '%') {
      const codePoint = format.codePointAt(index)!
      if (codePoint > 0xffff) index++
      addLiteral(steps, String.fromCodePoint(codePoint))
      continue
    }
    index += format.slice(index).match(/^%[-0^#:_]?\d?/)![0].length
    addDirective(steps, format[index] ?? '', column)
  }
  return steps
}

function addLiteral(steps: Step[], text: string): void {
  if (/\s/.test(text)) {
    if (steps.at(-1) !== -SPACE) steps.push(-SPACE)
    return
  }
  for (const byte of new TextEncoder().encode(text)) steps.push(-byte)
}

function addDirective(steps: Step[], letter: string, column: number): void {
  if (letter === '%') steps.push(-0x25)
  else if (letter === 'n' || letter === 't') addLiteral(steps, ' ')
  else if (Object.hasOwn(SHORTHANDS, letter)) steps.push(...compile(SHORTHANDS[letter]!))
  else if (letter !== '' && DIRECTIVES.includes(letter)) steps.push(letter.charCodeAt(0))
  else {
    const found = letter === '' ? 'a % at the end' : `%${letter}`
    const message = `cannot read ${found} at column ${column}: expected ${EXPECTED.join(' ')}`
    throw new TimeFormatError(message, column)
  }
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && (bytes[position] === SPACE || bytes[position] === 0x09)) position++
  return position
}
