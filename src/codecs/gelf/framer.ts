/**
 * Where GELF messages end in a stream: Docker and Graylog put a NUL behind each, others a line
 * break. Resumable at any byte; searches each byte once for each delimiter.
 */
const NUL = 0x00
const NEWLINE = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * `auto`: either, whichever comes first, but a line break inside of an object only if the next line
 * begins with another.
 */
export type Delimiter = 'auto' | 'nul' | 'newline'

/** No delimiter yet. */
export const NO_CUT = -1

export class GelfFramer {
  readonly #usesNul: boolean
  readonly #usesNewline: boolean
  readonly #isAuto: boolean
  /** From the first byte of the message at hand: what is known to hold no delimiter. */
  #searched = 0
  /** Set while the message at hand is looked through beyond its first line break. */
  #isOpen = false
  #openAt = 0
  #depth = 0
  #isInString = false
  #isEscaped = false

  constructor(delimiter: Delimiter) {
    this.#isAuto = delimiter === 'auto'
    this.#usesNul = delimiter !== 'newline'
    this.#usesNewline = delimiter !== 'nul'
  }

  /** Whether some of the message at hand has been looked through. */
  get isMidway(): boolean {
    return this.#searched > 0 || this.#isOpen
  }

  /** Whether that has not come upon a delimiter yet. */
  get isSearching(): boolean {
    return this.#searched > 0 && !this.#isOpen
  }

  /** To be called before each new message. */
  begin(): void {
    this.#searched = this.#openAt = this.#depth = 0
    this.#isOpen = this.#isInString = this.#isEscaped = false
  }

  /** Where the message that starts at `start` ends, as far as bytes up to `end` say; or NO_CUT. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#isOpen) return this.#findOpen(bytes, start, end)
    let position = start + this.#searched
    for (; position < end; position++) {
      const byte = bytes[position]!
      if (byte === NEWLINE && this.#usesNewline) return position
      if (byte === NUL && this.#usesNul) return position
    }
    this.#searched = position - start
    return NO_CUT
  }

  /**
   * Whether a message cut at `cut`, of which only the beginning was there, may go on behind the
   * line break; `find` looks for another end then.
   */
  goesOn(bytes: Uint8Array, cut: number): boolean {
    if (!this.#isAuto || this.#isOpen || bytes[cut] !== NEWLINE) return false
    this.#isOpen = true
    return true
  }

  /** A NUL, or a line break behind the object or before another one. */
  #findOpen(bytes: Uint8Array, start: number, end: number): number {
    let position = start + this.#openAt
    for (; position < end; position++) {
      const byte = bytes[position]!
      if (byte === NUL) return position
      if (byte === NEWLINE) {
        if (this.#depth === 0 && !this.#isInString) return position
        if (position + 1 === end) break
        if (bytes[position + 1] === OPEN_OBJECT) return position
      }
      this.#step(byte)
    }
    this.#openAt = position - start
    return NO_CUT
  }

  #step(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === QUOTE) this.#isInString = !this.#isInString
    else if (this.#isInString) this.#isEscaped = byte === BACKSLASH
    else if (byte === OPEN_OBJECT) this.#depth++
    else if (byte === CLOSE_OBJECT) this.#depth--
  }
}
