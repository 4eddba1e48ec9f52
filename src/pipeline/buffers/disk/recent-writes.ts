/**
 * What was written last and is still in memory: a reader that keeps up takes it from here, without
 * reading it back and checking it. When the reader falls behind, this fills up and it reads files.
 */
import { Lease } from '../../../codecs/lease.ts'

/** Whole frames that lie in a segment from `offset` on. */
export interface RecentWrite {
  readonly offset: number
  readonly bytes: Buffer
  /** To be released by whoever has taken it. */
  readonly lease: Lease
}

interface Kept extends RecentWrite {
  readonly order: number
}

export class RecentWrites {
  readonly #bytesMax: number
  #writes: Kept[] = []
  #bytes = 0

  /** Together; one write more may be kept. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /**
   * Keeps it if there is room, else gives its memory back. `bytes` must be all of their buffer, and
   * belong to nobody else; `order` is the segment's.
   */
  add(order: number, offset: number, bytes: Buffer): void {
    const lease = new Lease(new Uint8Array(bytes.buffer))
    if (this.#bytes >= this.#bytesMax) return lease.release()
    this.#bytes += bytes.length
    this.#writes.push({ order, offset, bytes, lease })
  }

  /** The write that begins there, or null. What is before it will not be asked for any more. */
  take(order: number, offset: number): RecentWrite | null {
    let passed = 0
    for (const write of this.#writes) {
      const isBehind = write.order > order || (write.order === order && write.offset >= offset)
      if (isBehind) break
      this.#bytes -= write.bytes.length
      write.lease.release()
      passed++
    }
    const next = this.#writes[passed]
    const isFound = next?.order === order && next.offset === offset
    if (isFound) this.#bytes -= next.bytes.length
    if (passed > 0 || isFound) this.#writes.splice(0, passed + (isFound ? 1 : 0))
    return isFound ? next : null
  }

  clear(): void {
    for (const { lease } of this.#writes) lease.release()
    this.#writes = []
    this.#bytes = 0
  }
}
