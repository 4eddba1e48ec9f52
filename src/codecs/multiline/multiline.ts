/**
 * Which lines of a stream belong together. Pure: whoever has the lines holds them, and does with
 * each what the rule says of it:
 *
 *     state = rule.next(state, bytes, start, end)
 *     if (!rule.continues) pass on what is held of the stream
 *     add the line to what is held
 *     if (!rule.isOpen) pass on what is held, this line included
 *
 * The state of a stream is one number, 0 at its beginning and after what is held was passed on for
 * another reason (nothing came for a while, it has grown too large).
 */
import type { Regexp } from '../regexp/regexp.ts'

/**
 * More of a line does not count: what tells where an event begins is at its beginning. Texts up to
 * this are searched by the faster of the two engines (../regexp/regexp.ts).
 */
const HEAD_BYTES_MAX = 2048

export interface MultilineRule {
  /** Whether the line looked at last belongs to what is held of its stream. */
  readonly continues: boolean
  /** Whether lines behind it may belong to it. */
  readonly isOpen: boolean
  /** Looks at the next line of a stream in `state`, and returns the state behind it. */
  next(state: number, bytes: Uint8Array, start: number, end: number): number
}

const HOLDING = 1

/** An event begins with a line that fits a pattern, and ends before the next such line. */
export class StartRule implements MultilineRule {
  continues = false
  readonly isOpen = true
  readonly #pattern: Regexp

  constructor(pattern: Regexp) {
    this.#pattern = pattern
  }

  /** A first line that does not fit is the rest of something; those behind it belong to it. */
  next(state: number, bytes: Uint8Array, start: number, end: number): number {
    this.continues = state === HOLDING && !this.#pattern.test(headText(bytes, start, end))
    return HOLDING
  }
}

/** The beginning of a line, without a carriage return at its end. */
export function headText(bytes: Uint8Array, start: number, end: number): string {
  const textEnd = end > start && bytes[end - 1] === 0x0d ? end - 1 : end
  const length = Math.min(textEnd - start, HEAD_BYTES_MAX)
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString()
}
