/**
 * Messages in a stream (RFC 6587, RFC 5425), told apart one by one: a length and a space before a
 * message, or a newline (some send NUL) behind it. What goes wrong is over with the next newline.
 *
 * Who ends messages with NUL, as Python does, may have newlines in them: behind a message that NUL
 * has ended, a newline ends one only if a message starts behind it. The first message of a
 * connection has nothing before it that would tell, so it ends with whichever comes first.
 * Right behind a message with its length, what has a length but no priority is one as well, unless
 * a message starts on a line within it.
 * A length above the longest message is believed unless a line end with a message behind it comes
 * within that many bytes: then it is taken for a mistake, and the message ends there.
 *
 *     27 <30>1 - host app - - - text        <30>Nov 21 08:50:00 host app: text\n
 */
import { isFiller } from './parts.ts'
import { isDigit } from './times.ts'

const SPACE = 0x20
const NEWLINE = 0x0a
const LESS = 0x3c
/** Of a length. More digits are text. */
const DIGITS_MAX = 9

/** NUL has ended the last line, so that newlines may be within the next. */
const BEHIND_NUL = 1
/** A counted message ends right here, so that what has a length but no priority is one, too. */
const BEHIND_COUNT = 2

export class SyslogFramer {
  /** Set by `next`: the message, and where what follows it starts. */
  start = 0
  end = 0
  nextStart = 0
  /** Set by `next`: it goes on behind `end`, as it is longer than allowed. */
  isCut = false
  /** Set by `next`: it is what goes on behind a piece that was cut. */
  isContinued = false
  readonly #messageMaxBytes: number
  /** The last line was ended by NUL. */
  #isNulEnded = false
  /** A message that had its length before it was read last, and nothing is behind it. */
  #isBehindCount = false
  /** Of a counted message that was cut; -1 if the rest of it ends with a newline. */
  #restBytes = 0
  #isInRest = false
  /** A message that was not whole has been looked through up to there, from its start. */
  #scanned = 0

  constructor(messageMaxBytes: number) {
    this.#messageMaxBytes = messageMaxBytes
  }

  /** Finds the next message from `start` on; false if it is not whole, or there is none. */
  next(bytes: Uint8Array, start: number, end: number): boolean {
    this.isCut = false
    this.isContinued = this.#isInRest
    if (this.#isInRest) return this.#nextRest(bytes, start, end)
    this.start = this.#skipFillers(bytes, start, end)
    if (this.start === end) return this.#isNotWhole()
    const length = this.#readLength(bytes, end)
    if (length === WAIT) return this.#isNotWhole()
    return length < 0 ? this.#nextLine(bytes, end) : this.#nextCounted(bytes, length, end)
  }

  /** Whether it is between two messages, or in one that is whole as far as it is there. */
  get isAtMessage(): boolean {
    return !this.#isInRest
  }

  /** What tells how the next message is framed: BEHIND_NUL and BEHIND_COUNT, or'ed. */
  get state(): number {
    return (this.#isNulEnded ? BEHIND_NUL : 0) | (this.#isBehindCount ? BEHIND_COUNT : 0)
  }

  /** Somebody else has read on, to where there is that state: what was looked through is behind. */
  restart(state: number): void {
    this.#scanned = 0
    this.#isNulEnded = (state & BEHIND_NUL) !== 0
    this.#isBehindCount = (state & BEHIND_COUNT) !== 0
  }

  /** Nothing more comes: what is left from `start` on is a message, whole or not. */
  last(bytes: Uint8Array, start: number, end: number): boolean {
    this.isCut = false
    this.isContinued = this.#isInRest
    this.start = this.#isInRest ? start : this.#skipFillers(bytes, start, end)
    this.#isInRest = false
    if (this.start === end) return false
    const length = this.isContinued ? NONE : this.#readLength(bytes, end)
    if (length >= 0) {
      this.start = this.#textStart
      this.isCut = true
    }
    this.end = this.nextStart = end
    return this.end > this.start
  }

  /** Where the text of the counted message starts; set by `#readLength`. */
  #textStart = 0

  #skipFillers(bytes: Uint8Array, start: number, end: number): number {
    let position = start
    for (; position < end && isFiller(bytes[position]!); position++) {
      if (bytes[position] === 0) this.#isNulEnded = true
    }
    if (position > start) {
      this.#scanned = 0
      this.#isBehindCount = false
    }
    return position
  }

  #isNotWhole(): false {
    this.nextStart = this.start
    return false
  }

  /** The length before the message at `this.start`, NONE, or WAIT if more has to come first. */
  #readLength(bytes: Uint8Array, end: number): number {
    let position = this.start
    const first = bytes[position]!
    if (first < 0x31 || first > 0x39) return NONE
    let length = 0
    for (; position < end && position < this.start + DIGITS_MAX; position++) {
      const digit = bytes[position]! - 0x30
      if (!(digit >= 0 && digit <= 9)) break
      length = length * 10 + digit
    }
    if (position >= end) return WAIT
    if (bytes[position] !== SPACE) return NONE
    // `5 apples` is a line; a message with a length starts with its priority.
    if (position + 1 >= end) return WAIT
    this.#textStart = position + 1
    if (bytes[position + 1] === LESS) return length
    return this.#isBehindCount ? this.#lengthOfBare(bytes, length, end) : NONE
  }

  /**
   * Of a message without a priority behind a counted one. That of a line which starts with a digit
   * would swallow others: it is none if a message starts on a line within that many bytes.
   */
  #lengthOfBare(bytes: Uint8Array, length: number, end: number): number {
    const textEnd = this.#textStart + length
    const limit = Math.min(end, textEnd)
    let isLine = length > this.#messageMaxBytes
    let position = Math.max(this.#textStart, this.start + this.#scanned)
    for (; position < limit && !isLine; position++) {
      position = endOfLine(bytes, position, limit)
      const starts = position < limit ? startsMessage(bytes, position + 1, limit) : NO
      if (starts === UNKNOWN) break
      isLine = starts === YES
    }
    if (isLine) {
      this.#scanned = 0
      this.#isBehindCount = false
      return NONE
    }
    this.#scanned = Math.min(position, limit) - this.start
    return textEnd > end ? WAIT : length
  }

  #nextCounted(bytes: Uint8Array, length: number, end: number): boolean {
    const max = this.#messageMaxBytes
    const taken = Math.min(length, max)
    if (length > max && this.#isMistaken(bytes, end)) return true
    if (this.#textStart + taken > end) return this.#isNotWhole()
    this.start = this.#textStart
    this.end = this.nextStart = this.start + taken
    this.isCut = this.#isInRest = length > max
    this.#restBytes = length - taken
    this.#scanned = 0
    this.#isBehindCount = true
    return true
  }

  /** Whether a message ends and another starts where the length says that it goes on; takes it. */
  #isMistaken(bytes: Uint8Array, end: number): boolean {
    const text = this.#textStart
    const limit = Math.min(end, text + this.#messageMaxBytes)
    let position = Math.max(text, this.start + this.#scanned)
    for (; position < limit; position++) {
      position = endOfLine(bytes, position, limit)
      const starts = startsMessage(bytes, position + 1, limit)
      if (starts === UNKNOWN) break
      if (starts === NO) continue
      this.start = text
      this.#isNulEnded = bytes[position] === 0
      return this.#take(position, position + 1)
    }
    this.#scanned = position - this.start
    return false
  }

  #nextLine(bytes: Uint8Array, end: number): boolean {
    const limit = Math.min(end, this.start + this.#messageMaxBytes)
    const lineEnd = this.#endOfMessage(bytes, limit)
    if (lineEnd < limit) return this.#take(lineEnd, lineEnd + 1)
    if (limit === end && end - this.start < this.#messageMaxBytes) return this.#isNotWhole()
    this.isCut = this.#isInRest = true
    this.#restBytes = NONE
    return this.#take(limit, limit)
  }

  #nextRest(bytes: Uint8Array, start: number, end: number): boolean {
    this.start = start
    if (this.#restBytes === NONE) {
      const limit = Math.min(end, start + this.#messageMaxBytes)
      const lineEnd = this.#endOfMessage(bytes, limit)
      const isEnd = lineEnd < limit
      if (!isEnd && limit - start < this.#messageMaxBytes) return this.#isNotWhole()
      this.#isInRest = !isEnd
      return this.#take(lineEnd, isEnd ? lineEnd + 1 : lineEnd)
    }
    const taken = Math.min(this.#restBytes, this.#messageMaxBytes)
    if (start + taken > end) return this.#isNotWhole()
    this.#restBytes -= taken
    this.#isInRest = this.#restBytes > 0
    this.#take(start + taken, start + taken)
    return (this.#isBehindCount = true)
  }

  /** Where the line end is that ends the message at `this.start`; `limit` if it is not there. */
  #endOfMessage(bytes: Uint8Array, limit: number): number {
    let position = this.start + this.#scanned
    for (; position < limit; position++) {
      position = endOfLine(bytes, position, limit)
      if (position === limit) break
      const isNul = bytes[position] === 0
      const starts = isNul || !this.#isNulEnded ? YES : startsMessage(bytes, position + 1, limit)
      if (starts === UNKNOWN) break
      if (starts === NO) continue
      this.#isNulEnded = isNul
      return position
    }
    this.#scanned = position - this.start
    return limit
  }

  #take(end: number, nextStart: number): true {
    this.end = end
    this.nextStart = nextStart
    this.#scanned = 0
    this.#isBehindCount = false
    return true
  }
}

const NONE = -1
const WAIT = -2

const YES = 1
const NO = 0
/** What tells is at or behind the limit. */
const UNKNOWN = -1

/** Whether a priority is at `start`, or a length and a priority: YES, NO or UNKNOWN. */
function startsMessage(bytes: Uint8Array, start: number, limit: number): number {
  let position = start
  const last = Math.min(limit, start + DIGITS_MAX)
  while (position < last && isDigit(bytes[position])) position++
  if (position >= limit) return UNKNOWN
  if (position > start) {
    if (bytes[position] !== SPACE || bytes[start] === 0x30) return NO
    position++
  }
  if (position >= limit) return UNKNOWN
  if (bytes[position] !== LESS) return NO
  if (position + 1 >= limit) return UNKNOWN
  return isDigit(bytes[position + 1]) ? YES : NO
}

/** Where the first newline or NUL is; `end` if there is none. */
function endOfLine(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position] !== NEWLINE && bytes[position] !== 0) position++
  return position
}
