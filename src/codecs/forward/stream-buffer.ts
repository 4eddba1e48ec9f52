/**
 * The bytes of a stream that its decoder has not consumed yet.
 *
 *     bytes  ┌──────────┬───────────────────┬────────┐
 *            │ consumed │ held: start … end │ room   │
 *            └──────────┴───────────────────┴────────┘
 *
 * Memory is never written twice, so views into `bytes` stay valid after the bytes are consumed, for
 * as long as somebody has a hold on `lease`.
 */
import { Lease } from '../lease.ts'

const NOTHING = new Uint8Array(0)
/** Memory worth copying out of, when the bytes held are a small part of it. */
const TRIM_MIN_BYTES = 16 * 1024
/** Room is made ahead for a value that says how long it is, but for so many times what is there. */
const AHEAD_MAX = 4
/**
 * What a read can bring (libuv asks for so many bytes): the last read of a value mostly brings the
 * beginning of the next one, and all would be copied once more if there were no room for that.
 */
const READ_BYTES = 64 * 1024

export class StreamBuffer {
  bytes: Uint8Array = NOTHING
  /** Of the memory that `bytes` is in; null when that is not ours to give back. */
  lease: Lease | null = null
  /** The first byte held. */
  start = 0
  /** Behind the last byte held. */
  end = 0
  /** Where in the stream the byte at `start` is. */
  streamOffset = 0
  readonly #ownsChunks: boolean
  #hasRoom = false

  /** `ownsChunks` says that the memory of what is appended is given away with it. */
  constructor(ownsChunks: boolean) {
    this.#ownsChunks = ownsChunks
  }

  /** Bytes held. */
  get length(): number {
    return this.end - this.start
  }

  /**
   * Takes `chunk` as it is when nothing is held, without a copy; it must not change later.
   * `expected` is how many bytes are going to be held, as far as that is known.
   */
  append(chunk: Uint8Array, expected = 0): void {
    const held = this.length
    if (held === 0) return this.#replace(chunk, this.#leaseOf(chunk), chunk.length)
    if (this.#hasRoom && this.end + chunk.length <= this.bytes.length) return this.#fill(chunk)
    const needed = held + chunk.length
    // A header alone makes nobody reserve what it promises; and twice what is held at least, so
    // that a long frame in many reads is copied O(1) times per byte.
    const ahead = expected > needed ? Math.min(expected + READ_BYTES, needed * AHEAD_MAX) : held * 2
    const grown = allocate(Math.max(needed, ahead))
    grown.set(this.bytes.subarray(this.start, this.end))
    this.#replace(grown, new Lease(grown), held)
    this.#hasRoom = true
    this.#fill(chunk)
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
    const kept = this.bytes.slice(this.start, this.end)
    this.#replace(kept, new Lease(kept), held)
  }

  /** Lets go of the memory. */
  clear(): void {
    this.#replace(NOTHING, null, 0)
  }

  /** What was appended is either held as it is, or copied and not needed any more. */
  #leaseOf(chunk: Uint8Array): Lease | null {
    return this.#ownsChunks ? new Lease(chunk) : null
  }

  #replace(bytes: Uint8Array, lease: Lease | null, length: number): void {
    this.lease?.release()
    this.lease = lease
    this.bytes = bytes
    this.start = 0
    this.end = length
    this.#hasRoom = false
  }

  #fill(chunk: Uint8Array): void {
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
    this.#leaseOf(chunk)?.release()
  }
}

/** Not zeroed: nothing is read before it is written. */
function allocate(byteCount: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(byteCount).buffer)
}
