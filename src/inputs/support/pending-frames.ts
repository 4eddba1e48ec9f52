/**
 * Bytes of incomplete messages over all connections of an input. Holding connections back would
 * not help, because only more bytes complete a message. So when all hold too many, the connection
 * that holds most is ended: whoever else only has a message cut in two is not to blame.
 */
import type { MemoryAccount } from '../../pipeline/memory-budget.ts'
import type { Gauge, Metrics } from '../../pipeline/metrics.ts'

/** A connection with an incomplete message. */
export interface Holder {
  /** It holds most of too many bytes, and must let go of them; they are not counted any more. */
  evict(): void
}

export class PendingFrames {
  readonly #bytesMax: number
  readonly #memory: MemoryAccount
  readonly #gauge: Gauge
  readonly #held = new Map<Holder, number>()
  #bytes = 0

  constructor(bytesMax: number, metrics: Metrics, memory: MemoryAccount) {
    this.#bytesMax = bytesMax
    this.#memory = memory
    this.#gauge = metrics.gauge('pending_frame_bytes', 'Bytes of incomplete messages.')
  }

  /** Notes how many bytes `holder` holds now; may evict it, or others. */
  note(holder: Holder, bytes: number): void {
    this.#set(holder, bytes)
    while (this.#bytes > this.#bytesMax) {
      const largest = this.#largest()
      this.#set(largest, 0)
      largest.evict()
    }
  }

  #set(holder: Holder, bytes: number): void {
    const change = bytes - (this.#held.get(holder) ?? 0)
    if (change === 0) return
    if (bytes === 0) this.#held.delete(holder)
    else this.#held.set(holder, bytes)
    this.#bytes += change
    this.#gauge.add(change)
    this.#memory.add(change)
  }

  #largest(): Holder {
    let [largest, most]: [Holder | null, number] = [null, 0]
    for (const [holder, bytes] of this.#held) {
      if (bytes > most) [largest, most] = [holder, bytes]
    }
    if (largest === null) throw new Error('BUG: bytes are held by nobody')
    return largest
  }
}
