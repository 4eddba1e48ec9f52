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

/** Passes over entries of a forward frame that need no walk of ours. */
export interface EntrySkipper {
  /** How many entries the last call has passed over. */
  readonly count: number
  /** Where it stopped, between `start` and `end`; `countMax` entries at most. */
  canonical(bytes: Uint8Array, start: number, end: number, countMax: number): number
}

/** An array of two, as canonical entries are. */
const ENTRY_TYPE = 0x92
/** Fewer entries are walked faster than they are handed over. */
const SKIPPED_MIN = 4
/** Entries in a row that the skipper may refuse before it is not asked any more. */
const REFUSALS_MAX = 4

/** Enough for a forward frame: tag, time, record, option, and where the option ends. */
const CHILD_OFFSETS_MAX = 5

export interface MsgpackScannerOptions {
  /** Levels of non-empty arrays and maps; a value with more sets `isTooDeep`. */
  readonly depthMax: number
  /** A header that promises a longer value fails as soon as it is read; may be Infinity. */
  readonly valueMaxBytes: number
  /** For the values of an array that is inside the array walked. */
  readonly skipper?: EntrySkipper | null
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
  /** Bytes that the value is going to take, as far as its headers and its first entries say so. */
  expectedLength = 0
  /** How many of its values' values the skipper has passed over. */
  skippedCount = 0

  readonly #depthMax: number
  readonly #valueMaxBytes: number
  readonly #skipper: EntrySkipper | null
  /** For each open level, the values still owed to the level around it. */
  readonly #outerLeft: Float64Array
  #depth = 0
  #left = 0
  /** Values that headers have promised on all levels and that have not come yet. */
  #owed = 0
  #position = 0
  #refusals = 0

  constructor(options: MsgpackScannerOptions) {
    this.#depthMax = options.depthMax
    this.#valueMaxBytes = options.valueMaxBytes
    this.#skipper = options.skipper ?? null
    this.#outerLeft = new Float64Array(options.depthMax + 1)
  }

  /** Whether a value has been begun and not finished. */
  get isMidway(): boolean {
    return this.#owed > 0
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
      if (depth === 2 && type === ENTRY_TYPE && this.#mayAsk(left)) {
        const stopped = this.#skip(bytes, position, Math.min(end, limit), left)
        if (stopped > position) {
          const { count } = this.#skipper!
          const entryBytes = (stopped - position) / count
          position = stopped
          owed -= count
          left -= count
          this.expectedLength = Math.ceil(position - start + left * entryBytes)
          while (left === 0 && depth > 0) left = outerLeft[--depth]!
          continue
        }
      }
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
      if (next > end) {
        this.expectedLength = Math.max(this.expectedLength, next + promised - start)
        break
      }
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
    this.skippedCount = 0
    this.expectedLength = 0
    this.#refusals = 0
  }

  #mayAsk(left: number): boolean {
    return this.#skipper !== null && left >= SKIPPED_MIN && this.#refusals < REFUSALS_MAX
  }

  #skip(bytes: Uint8Array, position: number, end: number, countMax: number): number {
    const skipper = this.#skipper!
    const stopped = skipper.canonical(bytes, position, end, countMax)
    this.skippedCount += skipper.count
    this.#refusals = skipper.count > 0 ? 0 : this.#refusals + 1
    return stopped
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
