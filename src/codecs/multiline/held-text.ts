/** The lines of one event that is not complete, with line feeds between, up to a bound. */
import { ByteWriter } from '../byte-writer.ts'

const LINE_FEED = 0x0a
const CAPACITY_BYTES = 256

export class HeldText {
  readonly #bytesMax: number
  readonly #writer = new ByteWriter(CAPACITY_BYTES)
  /** How many lines it has. */
  lines = 0
  /** How long the text would be if nothing had been left out. */
  originalSize = 0

  /** Of more than `bytesMax` the rest is left out. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isEmpty(): boolean {
    return this.lines === 0
  }

  get isTruncated(): boolean {
    return this.originalSize > this.#writer.length
  }

  /** Takes a copy of the line from `start` to `end`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const separator = this.lines > 0 ? 1 : 0
    const room = this.#bytesMax - this.#writer.length - separator
    // What comes behind a cut would look as if it stood there.
    const isCut = this.isTruncated || room < 0 || (room === 0 && end > start)
    this.lines++
    this.originalSize += separator + end - start
    if (isCut) return
    if (separator === 1) {
      this.#writer.reserve(1)
      this.#writer.bytes[this.#writer.length++] = LINE_FEED
    }
    const kept = end - start <= room ? end : characterStart(bytes, start, start + room)
    this.#writer.append(bytes.subarray(start, kept))
  }

  /** The text so far; a view, valid until the next call. */
  text(): Uint8Array {
    return this.#writer.written()
  }

  /** What it takes of memory. */
  get memoryBytes(): number {
    return this.#writer.bytes.length
  }

  clear(): void {
    this.#writer.clear()
    this.lines = 0
    this.originalSize = 0
  }
}

/** `end`, or a little before it where that would cut a UTF-8 character. */
function characterStart(bytes: Uint8Array, start: number, end: number): number {
  for (let position = end; position > start && position > end - 4; position--) {
    if ((bytes[position]! & 0xc0) !== 0x80) return position
  }
  return end
}
