/**
 * Finds where one JSON array or object of a stream ends, without reading what is inside.
 * Specification: RFC 8259. json/to-msgpack.ts reads it, and says what is wrong with it.
 */
import { CodecError } from '../codec-error.ts'
import { SCAN_FAILED, SCAN_MORE } from '../msgpack/scanner.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Resumable at any byte, like MsgpackScanner; allocates nothing. */
export class JsonFramer {
  /** Set once `scan` has returned SCAN_FAILED; its offset counts from the value's first byte. */
  error: CodecError | null = null
  readonly #valueMaxBytes: number
  #position = 0
  #depth = 0
  #isInString = false
  #isEscaped = false

  constructor(valueMaxBytes: number) {
    this.#valueMaxBytes = valueMaxBytes
  }

  /** The offset of the first byte from `start` to `end` that is no JSON white space, or `end`. */
  static skipSpace(bytes: Uint8Array, start: number, end: number): number {
    let position = start
    while (position < end && isJsonSpace(bytes[position]!)) position++
    return position
  }

  /**
   * The length in bytes of the array or object that starts at `start` and has arrived up to `end`,
   * or SCAN_MORE or SCAN_FAILED. After SCAN_MORE the same value comes again, with more bytes.
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    if (this.#position === 0 && !isOpening(bytes[start]!)) return this.#failStart(bytes[start]!)
    let position = start + this.#position
    while (position < end) {
      if (this.#isInString) {
        position = this.#skipString(bytes, position, end)
        continue
      }
      const byte = bytes[position++]!
      if (byte === QUOTE) this.#isInString = true
      else if (isOpening(byte)) this.#depth++
      else if (isClosing(byte) && --this.#depth === 0) return this.#finish(position - start)
    }
    this.#position = position - start
    return this.#position > this.#valueMaxBytes ? this.#failTooLarge() : SCAN_MORE
  }

  #skipString(bytes: Uint8Array, start: number, end: number): number {
    let position = start
    while (position < end) {
      const byte = bytes[position++]!
      if (this.#isEscaped) this.#isEscaped = false
      else if (byte === BACKSLASH) this.#isEscaped = true
      else if (byte === QUOTE) {
        this.#isInString = false
        break
      }
    }
    return position
  }

  #finish(length: number): number {
    this.#position = 0
    return length > this.#valueMaxBytes ? this.#failTooLarge() : length
  }

  #failStart(byte: number): number {
    const found = `byte 0x${byte.toString(16).padStart(2, '0')}`
    const expected = '[ or { of a JSON value'
    this.error = new CodecError({ reason: 'invalid_json', offset: 0, found, expected })
    return SCAN_FAILED
  }

  #failTooLarge(): number {
    const found = 'a JSON value reaching further'
    const expected = `at most ${this.#valueMaxBytes} bytes`
    const offset = this.#valueMaxBytes
    this.error = new CodecError({ reason: 'frame_too_large', offset, found, expected })
    return SCAN_FAILED
  }
}

export function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isOpening(byte: number): boolean {
  return byte === 0x5b || byte === 0x7b
}

function isClosing(byte: number): boolean {
  return byte === 0x5d || byte === 0x7d
}
