/** Finds what is to be covered in a text. */
import { isIP, isIPv4 } from 'node:net'
import { compileRegexp, type Regexp } from '../../../codecs/regexp/regexp.ts'

/** A stretch of a text, in UTF-16 units. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

export interface Finder {
  readonly regexp: Regexp
  /** Cheap and on bytes: false only if nothing can be found from `start` to `end`. */
  mayHold(bytes: Uint8Array, start: number, end: number): boolean
  /** What of a match is to be covered, from left to right. */
  stretches(match: RegExpExecArray, text: string): readonly Stretch[]
}

export type Builtin = 'email' | 'card' | 'ip' | 'token'

const NOTHING: readonly Stretch[] = []
/** Of the texts of groups in one match; each may take time by the length of the match. */
const PLACES_MAX = 100
const CARD_DIGITS_MIN = 13
const CARD_DIGITS_MAX = 19
/** Of an IPv6 address without `::`, the last part of which may be an IPv4 address. */
const COLONS_MIN = 6

export function finderOf(pattern: string): Finder {
  return { regexp: compileRegexp(pattern), mayHold: () => true, stretches: groupsOrAll }
}

export const builtinFinders: Readonly<Record<Builtin, () => Finder>> = {
  email: () => ({
    regexp: compileRegexp('[\\w.%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+'),
    mayHold: (bytes, start, end) => has(bytes, start, end, 0x40),
    stretches: whole,
  }),
  card: () => ({
    regexp: compileRegexp('\\d(?:[ -]?\\d)+'),
    mayHold: hasLongNumber,
    stretches: cards,
  }),
  ip: () => ({
    regexp: compileRegexp('[0-9A-Fa-f:.]+'),
    mayHold: hasAddress,
    stretches: addresses,
  }),
  token: () => ({
    regexp: compileRegexp(
      // In a header all that follows is a secret; elsewhere what is short is more likely a word.
      '(?i:\\bauthorization\\W{1,5}(?:bearer|basic))\\s+([\\w.~+/=-]+)|' +
        '(?i:\\b(?:bearer|basic))\\s+([\\w.~+/=-]{8,})|\\b(eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*)',
    ),
    mayHold: hasTokenStart,
    stretches: groupAtEnd,
  }),
}

function whole(match: RegExpExecArray): readonly Stretch[] {
  return [{ start: match.index, end: match.index + match[0].length }]
}

/** Of a pattern each alternative of which ends with its group. */
function groupAtEnd(match: RegExpExecArray): readonly Stretch[] {
  const group = match.slice(1).find((text) => text) ?? ''
  const end = match.index + match[0].length
  return [{ start: end - group.length, end }]
}

/**
 * Where the texts of the groups are. The engine that needs linear time does not tell which of
 * several places it was (`password=pass`), so all of them are covered, and a match with very many
 * as a whole.
 */
function groupsOrAll(match: RegExpExecArray): readonly Stretch[] {
  if (match.length === 1) return whole(match)
  const [all] = match
  const found: Stretch[] = []
  for (const group of new Set(match.slice(1))) {
    if (!group) continue
    for (let at = all.indexOf(group); at >= 0; at = all.indexOf(group, at + 1)) {
      if (found.length === PLACES_MAX) return whole(match)
      found.push({ start: match.index + at, end: match.index + at + group.length })
    }
  }
  return withoutOverlaps(found)
}

/** From left to right. */
function withoutOverlaps(stretches: readonly Stretch[]): readonly Stretch[] {
  const joined: Stretch[] = []
  for (const { start, end } of stretches.toSorted((one, other) => one.start - other.start)) {
    const last = joined.at(-1)
    if (last === undefined || start >= last.end) joined.push({ start, end })
    else joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, end) }
  }
  return joined
}

/** The longest numbers among digits and separators that could be of a card. */
function cards(match: RegExpExecArray): readonly Stretch[] {
  const run = match[0]
  const found: Stretch[] = []
  for (let start = 0; start < run.length; start++) {
    const isStart = isDigit(run, start) && (start === 0 || !isDigit(run, start - 1))
    const end = isStart ? cardEnd(run, start) : -1
    if (end < 0) continue
    found.push({ start: match.index + start, end: match.index + end })
    start = end - 1
  }
  return found
}

function cardEnd(run: string, start: number): number {
  if (!/[2-6]/.test(run[start]!)) return -1
  let longest = -1
  let digits = ''
  for (let at = start; at < run.length && digits.length < CARD_DIGITS_MAX; at++) {
    if (!isDigit(run, at)) continue
    digits += run[at]
    const isEnd = digits.length >= CARD_DIGITS_MIN && !isDigit(run, at + 1)
    if (isEnd && passesLuhn(digits)) longest = at + 1
  }
  return longest
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0x30 && code <= 0x39
}

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 0x30
    const doubled = index % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

const WORD = /[\w.]/

function addresses(match: RegExpExecArray, text: string): readonly Stretch[] {
  const { index: start } = match
  const run = match[0].replace(/[.:]+$/, '')
  const end = start + match[0].length
  const isPart = WORD.test(text[start - 1] ?? ' ') || /\w/.test(text[end] ?? ' ')
  if (isPart || run.length < 3) return NOTHING
  // `::` alone is written in programs more often than meant as an address.
  const full = match[0].endsWith('::') && isIP(match[0]) ? match[0] : run
  if (isIP(full) && /[0-9a-f]/i.test(full)) return [{ start, end: start + full.length }]
  const [host = '', port = ''] = run.split(':')
  if (isIPv4(host) && /^\d+$/.test(port)) return [{ start, end: start + host.length }]
  return NOTHING
}

function has(bytes: Uint8Array, start: number, end: number, byte: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return true
  return false
}

/** As many digits as a card has, with single spaces or hyphens between them at most. */
function hasLongNumber(bytes: Uint8Array, start: number, end: number): boolean {
  let digits = 0
  let separators = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (isDigitByte(byte)) {
      separators = 0
      if (++digits === CARD_DIGITS_MIN) return true
    } else if ((byte !== 0x20 && byte !== 0x2d) || ++separators > 1) digits = 0
  }
  return false
}

/** Three dots between digits, two colons side by side, or as many as an IPv6 address has. */
function hasAddress(bytes: Uint8Array, start: number, end: number): boolean {
  let dots = 0
  let colons = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte === 0x3a && (++colons === COLONS_MIN || bytes[at + 1] === 0x3a)) return true
    const isBetween = byte === 0x2e && isDigitByte(bytes[at + 1] ?? 0)
    if (isBetween && ++dots === 3) return true
  }
  return false
}

/** `bearer` or `basic` with a space behind it, or the `eyJ` that JSON web tokens begin with. */
function hasTokenStart(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start + 2; at < end; at++) {
    const byte = bytes[at]!
    if (byte === 0x4a && bytes[at - 1] === 0x79 && bytes[at - 2] === 0x65) return true
    if (byte > 0x20 || at < start + 5) continue
    const last = bytes[at - 1]! | 0x20
    const beforeLast = bytes[at - 2]! | 0x20
    if (last === 0x72 && beforeLast === 0x65 && (bytes[at - 3]! | 0x20) === 0x72) return true
    if (last === 0x63 && beforeLast === 0x69 && (bytes[at - 3]! | 0x20) === 0x73) return true
  }
  return false
}

function isDigitByte(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
