/**
 * Walks one msgpack value from a peer that is not trusted, and finds where it ends.
 * Specification: https://github.com/msgpack/msgpack/blob/master/spec.md; tables: msgpack/format.ts.
 * Trusted entries are walked by record.ts, which checks nothing.
 */
import { CodecError } from '../codec-error.ts'
import { CHILDREN, FIXED_BYTES, LENGTH_BYTES, NEVER_USED, readLength, typeName } from './format.ts'

/** `scan` has walked all bytes it was given and the value goes on. */
export const SCAN_MORE = 0
/** `scan` has met bytes that no further byte can mend; see `error`. */
export const SCAN_FAILED = -1

/** Enough for a forward frame: tag, time, record, option, and where the option ends. */
const CHILD_OFFSETS_MAX = 5

export interface MsgpackScannerOptions {
  /** Levels of non-empty arrays and maps; a value with more sets `isTooDeep`. */
  readonly depthMax: number
  /** A header that promises a longer value fails as soon as it is read; may be Infinity. */
  readonly valueMaxBytes: number
}

/**
 * Resumable at any byte and without recursion: given the same value with more bytes behind it,
 * `scan` goes on where it stopped. It allocates nothing, whatever a header says: every value still
 * owed takes at least one byte, so a count is checked against the bytes the value may still have.
 */
export class MsgpackScanner {
  /** Set once `scan` has returned SCAN_FAILED; its offset counts from the value's first byte. */
  error: CodecError | null = null
  /** Values directly inside the array or map that was walked (a map's pairs count twice). */
  childCount = 0
  /** Where the first of them start, counted from the value's first byte. */
  readonly childOffsets = new Uint32Array(CHILD_OFFSETS_MAX)
  /** The value is nested deeper than allowed; its length and children are right all the same. */
  isTooDeep = false

  readonly #depthMax: number
  readonly #valueMaxBytes: number
  /** For each open level, the values still owed to the level around it. */
  readonly #outerLeft: Float64Array
  #depth = 0
  #left = 0
  /** Values that headers have promised on all levels and that have not come yet. */
  #owed = 0
  #position = 0

  constructor(options: MsgpackScannerOptions) {
    this.#depthMax = options.depthMax
    this.#valueMaxBytes = options.valueMaxBytes
    this.#outerLeft = new Float64Array(options.depthMax + 1)
  }

  /** Forgets a value that was begun and not finished. */
  reset(): void {
    this.#owed = 0
  }

  /**
   * The length in bytes of the value that starts at `start` and has arrived up to `end`, or
   * SCAN_MORE or SCAN_FAILED. After SCAN_MORE the same value comes again, with more bytes; it may
   * have moved to another array.
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    if (this.#owed === 0) this.#begin()
    const limit = start + this.#valueMaxBytes
    const outerLeft = this.#outerLeft
    const depthMax = this.#depthMax
    let position = start + this.#position
    let owed = this.#owed
    let depth = this.#depth
    let left = this.#left
    while (owed > 0 && position < end) {
      const type = bytes[position]!
      const width = LENGTH_BYTES[type]!
      let next = position + FIXED_BYTES[type]!
      let children = CHILDREN[type]!
      if (width !== 0) {
        if (position + width >= end) break
        const length = readLength(bytes, position + 1, width)
        if (type < 0xdc) next += length
        else children = type < 0xde ? length : length * 2
      } else if (type === NEVER_USED) {
        return this.#failUnused(position - start)
      }
      const promised = owed + children - 1
      if (next + promised > limit) return this.#failTooLarge(position - start, type)
      if (next > end) break
      if (depth === 1) this.#noteChild(position - start)
      owed = promised
      position = next
      if (children > 0 && depth <= depthMax) {
        outerLeft[depth] = left - 1
        left = children
        depth++
      } else {
        // The level past the deepest allowed one is flat: what it nests is only counted.
        left += children - 1
        while (left === 0 && depth > 0) left = outerLeft[--depth]!
      }
      if (depth > depthMax) this.isTooDeep = true
    }
    this.#position = position - start
    this.#owed = owed
    this.#depth = depth
    this.#left = left
    return owed === 0 ? position - start : SCAN_MORE
  }

  #begin(): void {
    this.#owed = 1
    this.#left = 1
    this.#depth = 0
    this.#position = 0
    this.childCount = 0
    this.isTooDeep = false
  }

  #noteChild(offset: number): void {
    if (this.childCount < CHILD_OFFSETS_MAX) this.childOffsets[this.childCount] = offset
    this.childCount += 1
  }

  #failUnused(offset: number): number {
    return this.#fail('unused_type', offset, 'byte 0xc1', 'a msgpack type')
  }

  #failTooLarge(offset: number, type: number): number {
    const found = `${typeName(type)} reaching further`
    return this.#fail('frame_too_large', offset, found, `at most ${this.#valueMaxBytes} bytes`)
  }

  #fail(reason: string, offset: number, found: string, expected: string): number {
    this.error = new CodecError({ reason, offset, found, expected })
    this.#owed = 0
    return SCAN_FAILED
  }
}
