/**
 * A buffer in memory: batches wait where they are, and whoever brought one waits with it, until it
 * is finished. So what is in it is bounded by what its sources have in flight, and nothing in it is
 * acknowledged: after a stop or a crash the senders bring it again.
 */
import type { Batch, Outcome } from '../batch.ts'
import type { Clock } from '../clock.ts'
import { Fifo } from '../delivery/fifo.ts'
import type { BatchLimit, BatchStore, StoredBatch } from './batch-store.ts'
import { newStoreId } from './store-id.ts'

/** A batch, and the answer that its sender waits for. */
class WaitingBatch implements StoredBatch {
  readonly buffer: string
  readonly isRead = false
  readonly tag: string
  readonly entries: Uint8Array
  readonly count: number
  readonly sequence: number
  readonly arrivedAt: number
  readonly answer = Promise.withResolvers<Outcome>()

  constructor(
    { tag, entries, count }: Batch,
    { buffer, sequence, arrivedAt }: Pick<StoredBatch, 'buffer' | 'sequence' | 'arrivedAt'>,
  ) {
    this.buffer = buffer
    this.tag = tag
    this.entries = entries
    this.count = count
    this.sequence = sequence
    this.arrivedAt = arrivedAt
  }
}

export class MemoryStore implements BatchStore {
  readonly isDurable = false
  bytes = 0
  events = 0
  nextSequence = 0
  readonly lostEvents = 0
  readonly problem = null
  onAvailable: () => void = () => undefined
  onDamaged: BatchStore['onDamaged'] = () => undefined
  readonly #id = newStoreId()
  readonly #clock: Pick<Clock, 'now'>
  /** Not handed out yet. */
  readonly #waiting = new Fifo<WaitingBatch>()
  /** Not finished, handed out or not, by sequence; the oldest first. */
  readonly #unfinished = new Map<number, WaitingBatch>()
  #isStopped = false

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  get oldestAt(): number | null {
    for (const { arrivedAt } of this.#unfinished.values()) return arrivedAt
    return null
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  append(batch: Batch): Promise<Outcome> {
    if (this.#isStopped) return Promise.resolve('retry')
    const [sequence, arrivedAt] = [this.nextSequence++, this.#clock.now()]
    const waiting = new WaitingBatch(batch, { buffer: this.#id, sequence, arrivedAt })
    this.bytes += batch.entries.length
    this.events += batch.count
    this.#waiting.push(waiting)
    this.#unfinished.set(waiting.sequence, waiting)
    this.onAvailable()
    return waiting.answer.promise
  }

  take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const taken: StoredBatch[] = []
    let bytes = 0
    let events = 0
    for (let next = this.#waiting.first; next; next = this.#waiting.first) {
      bytes += next.entries.length
      events += next.count
      if (taken.length > 0 && (bytes > limit.bytes || events > limit.events)) break
      this.#waiting.shift()
      taken.push(next)
    }
    return Promise.resolve(taken)
  }

  /** What is not in it (any more) is left alone: its sender has its answer. */
  finish({ sequence }: StoredBatch, outcome: Outcome): void {
    const batch = this.#unfinished.get(sequence)
    if (!batch) return
    this.#unfinished.delete(sequence)
    this.bytes -= batch.entries.length
    this.events -= batch.count
    batch.answer.resolve(outcome)
  }

  /** Ends at once. Senders of what is not finished are told to bring it again. */
  stop(): Promise<void> {
    this.#isStopped = true
    while (this.#waiting.length > 0) this.#waiting.shift()
    for (const batch of [...this.#unfinished.values()]) this.finish(batch, 'retry')
    return Promise.resolve()
  }
}
