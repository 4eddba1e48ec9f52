/**
 * Cuts a stream of bytes into lines, at any delimiter. A line that is longer than allowed comes in
 * pieces, cut between two characters of UTF-8 where it is that, so that nothing of it is lost.
 */
import type { Lease } from '../lease.ts'
import { StreamBuffer } from '../forward/stream-buffer.ts'

const CARRIAGE_RETURN = 0x0d
/** A character of UTF-8 has so many bytes behind its first. */
const CONTINUATION_BYTES_MAX = 3

export interface LineSplitterOptions {
  /** At least one byte. */
  readonly delimiter: Uint8Array
  /** Longest line; longer ones come in pieces of so many bytes. */
  readonly lineMaxBytes: number
  /** Whether a carriage return before the delimiter belongs to it. */
  readonly stripsReturn: boolean
  /** Whether the memory of what is pushed is given away with it. */
  readonly ownsChunks?: boolean
}

export interface Rest {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** `push` bytes, then `next` until it answers false; at the end of the stream `last`. */
export class LineSplitter {
  /** Where the line is that `next` or `last` has found; valid until the next call. */
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  /** Whether it is a piece whose line goes on. */
  isCut = false
  /** Whether it is a piece, the last of its line included. */
  isPiece = false
  readonly #options: LineSplitterOptions
  readonly #buffer: StreamBuffer
  #view: Buffer = Buffer.alloc(0)
  /** Of the memory that the line is in. */
  #lease: Lease | null = null
  /** Up to here there is no delimiter, counted from the first byte held. */
  #searched = 0

  constructor(options: LineSplitterOptions) {
    this.#options = options
    this.#buffer = new StreamBuffer(options.ownsChunks ?? false)
  }

  /** Bytes held of a line that is not complete. */
  get heldBytes(): number {
    return this.#buffer.length
  }

  /** `bytes` must not change later. */
  push(bytes: Uint8Array): void {
    this.#buffer.append(bytes)
    this.#look()
  }

  /** What is held, from the beginning of a line on; null if a piece of that line was taken. */
  get rest(): Rest | null {
    const { bytes, start, end } = this.#buffer
    return this.isCut || start === end ? null : { bytes, start, end }
  }

  /** Takes the lines up to `end`, which is behind a delimiter, unseen. */
  skipTo(end: number): void {
    const buffer = this.#buffer
    if (end === buffer.start) return
    this.#searched = 0
    buffer.consume(end - buffer.start)
    if (buffer.length === 0) this.#look()
  }

  next(): boolean {
    const buffer = this.#buffer
    const { delimiter, lineMaxBytes } = this.#options
    if (buffer.length === 0) return false
    const from = buffer.start + this.#searched
    const one = delimiter.length === 1
    const at = one ? this.#view.indexOf(delimiter[0]!, from) : this.#view.indexOf(delimiter, from)
    // Without a delimiter, the last bytes may be the beginning of one and what is stripped.
    const certain = at < 0 ? buffer.end - delimiter.length : this.#withoutReturn(at)
    if (certain - buffer.start > lineMaxBytes) {
      this.#take(this.#cutAt(buffer.start + lineMaxBytes), 0, true)
      return true
    }
    if (at < 0) {
      this.#searched = Math.max(0, buffer.length - delimiter.length + 1)
      return false
    }
    this.#take(at, delimiter.length, false)
    return true
  }

  /** What is left without a delimiter, once; false for nothing. */
  last(): boolean {
    if (this.#buffer.length === 0) return false
    this.#take(this.#buffer.end, 0, false)
    return true
  }

  /** Takes the line up to `end`, and the delimiter behind it. */
  #take(end: number, delimiterBytes: number, isCut: boolean): void {
    const buffer = this.#buffer
    this.isPiece = isCut || this.isCut
    this.isCut = isCut
    this.bytes = buffer.bytes
    this.start = buffer.start
    this.end = delimiterBytes > 0 ? this.#withoutReturn(end) : end
    this.#searched = 0
    this.#lease?.release()
    this.#lease = buffer.lease?.retain() ?? null
    buffer.consume(end + delimiterBytes - buffer.start)
    if (buffer.length === 0) this.#look()
  }

  #withoutReturn(end: number): number {
    const { bytes, start } = this.#buffer
    const hasReturn =
      this.#options.stripsReturn && end > start && bytes[end - 1] === CARRIAGE_RETURN
    return hasReturn ? end - 1 : end
  }

  #cutAt(end: number): number {
    const { bytes } = this.#buffer
    for (let back = 0; back <= CONTINUATION_BYTES_MAX && end - back > this.#buffer.start; back++)
      if ((bytes[end - back]! & 0xc0) !== 0x80) return end - back
    return end
  }

  #look(): void {
    const { bytes, end } = this.#buffer
    this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, end)
  }
}
