/**
 * What was written last and is still in memory: a reader that keeps up takes it from here, without
 * reading it back and checking it. When the reader falls behind, this fills up and it reads files.
 */
import { Lease } from '../../../codecs/lease.ts'
import type { MemoryAccount } from '../../memory-budget.ts'

/** Whole frames that lie in a segment from `offset` on, as they are or compressed. */
export interface RecentWrite {
  readonly offset: number
  /** The frames. */
  readonly bytes: Buffer
  /** Of the block in the segment that they are in; null if they lie there as they are. */
  readonly packedLength: number | null
  /** To be released by whoever has taken it. */
  readonly lease: Lease
}

interface Kept extends RecentWrite {
  readonly order: number
}

export class RecentWrites {
  readonly #bytesMax: number
  readonly #memory: MemoryAccount | undefined
  #writes: Kept[] = []
  #bytes = 0

  /** Together; one write more may be kept. While memory is short nothing is. */
  constructor(bytesMax: number, memory?: MemoryAccount) {
    this.#bytesMax = bytesMax
    this.#memory = memory
  }

  /**
   * Keeps it if there is room, else gives its memory back. Its bytes must be all of their buffer,
   * and belong to nobody else; `order` is the segment's.
   */
  add(order: number, write: Omit<RecentWrite, 'lease'>): void {
    const { bytes } = write
    const lease = new Lease(new Uint8Array(bytes.buffer))
    if (this.#memory?.isFull) this.clear()
    if (this.#bytes >= this.#bytesMax || this.#memory?.isFull) return lease.release()
    this.#count(bytes.length)
    this.#writes.push({ ...write, order, lease })
  }

  /** The write that begins there, or null. What is before it will not be asked for any more. */
  take(order: number, offset: number): RecentWrite | null {
    let passed = 0
    for (const write of this.#writes) {
      const isBehind = write.order > order || (write.order === order && write.offset >= offset)
      if (isBehind) break
      this.#count(-write.bytes.length)
      write.lease.release()
      passed++
    }
    const next = this.#writes[passed]
    const isFound = next?.order === order && next.offset === offset
    if (isFound) this.#count(-next.bytes.length)
    if (passed > 0 || isFound) this.#writes.splice(0, passed + (isFound ? 1 : 0))
    return isFound ? next : null
  }

  clear(): void {
    for (const { lease } of this.#writes) lease.release()
    this.#writes = []
    this.#count(-this.#bytes)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#memory?.add(bytes)
  }
}
