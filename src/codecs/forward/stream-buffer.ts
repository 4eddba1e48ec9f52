/**
 * The bytes of a stream that its decoder has not consumed yet.
 *
 *     bytes  ┌──────────┬───────────────────┬────────┐
 *            │ consumed │ held: start … end │ room   │
 *            └──────────┴───────────────────┴────────┘
 *
 * Memory is never written twice, so views into `bytes` stay valid after the bytes are consumed.
 */
const NOTHING = new Uint8Array(0)
/** Memory worth copying out of, when the bytes held are a small part of it. */
const TRIM_MIN_BYTES = 128 * 1024

export class StreamBuffer {
  bytes: Uint8Array = NOTHING
  /** The first byte held. */
  start = 0
  /** Behind the last byte held. */
  end = 0
  /** Where in the stream the byte at `start` is. */
  streamOffset = 0
  #hasRoom = false

  /** Bytes held. */
  get length(): number {
    return this.end - this.start
  }

  /** Takes `chunk` as it is when nothing is held, without a copy; it must not change later. */
  append(chunk: Uint8Array): void {
    const held = this.length
    if (held === 0) this.#replace(chunk, chunk.length, false)
    else if (this.#hasRoom && this.end + chunk.length <= this.bytes.length) this.#fill(chunk)
    else {
      // Twice what is held, so that a long frame in many reads is copied O(1) times per byte.
      const grown = new Uint8Array(Math.max(held + chunk.length, held * 2))
      grown.set(this.bytes.subarray(this.start, this.end))
      this.#replace(grown, held, true)
      this.#fill(chunk)
    }
  }

  consume(byteCount: number): void {
    this.start += byteCount
    this.streamOffset += byteCount
    // An idle stream keeps no memory of its last bytes.
    if (this.start === this.end) this.clear()
  }

  /** Lets go of memory that is mostly consumed: the little left of it may wait for long. */
  trim(): void {
    const held = this.length
    if (this.bytes.length < TRIM_MIN_BYTES || held * 4 > this.bytes.length) return
    this.#replace(this.bytes.slice(this.start, this.end), held, false)
  }

  /** Lets go of the memory. */
  clear(): void {
    this.#replace(NOTHING, 0, false)
  }

  #replace(bytes: Uint8Array, length: number, hasRoom: boolean): void {
    this.bytes = bytes
    this.start = 0
    this.end = length
    this.#hasRoom = hasRoom
  }

  #fill(chunk: Uint8Array): void {
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }
}
