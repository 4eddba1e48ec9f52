/**
 * Takes batches from the store, no more than the look-ahead at a time, and gives each back finished
 * once all of its events are settled. The only one who speaks with the store.
 */
import type { BatchStore, StoredBatch } from '../buffers/batch-store.ts'
import type { Clock } from '../clock.ts'
import type { MemoryAccount } from '../memory-budget.ts'
import { KeyedLanes } from './keys/keyed-lanes.ts'
import { KeySplitter } from './keys/key-splitter.ts'
import { Lanes, type Waiting } from './lanes.ts'
import { HeldBatch, Piece } from './piece.ts'
import type { DeliverySettings } from './settings.ts'

/** A store that has events but hands none out (a read error, say) is asked again after this. */
const ASK_AGAIN_MS = 1000
/** With chunk keys, as each event may have its own: no more than that at a time, or one batch. */
const KEYED_TAKE_EVENTS = 10_000

export interface IntakeOptions {
  readonly store: BatchStore
  readonly settings: DeliverySettings
  readonly clock: Clock
  /** For what was read from files; what came in since, its inputs count. */
  readonly memory?: MemoryAccount
  /** Called when a `take` has ended: there may be more in the lanes, or it asks again later. */
  readonly onTaken: () => void
  readonly onBatch: (stored: StoredBatch) => void
  readonly onFinished: (held: HeldBatch) => void
  readonly onClosedEarly: () => void
}

export class Intake {
  readonly lanes: Waiting
  readonly #splitter: KeySplitter | null
  bytes = 0
  events = 0
  /** Monotonic milliseconds from which `refill` asks the store again on its own. */
  askAgainAtMs = Infinity
  readonly #options: IntakeOptions
  readonly #memory: MemoryAccount | undefined
  #mayHaveMore = true
  #isTaking = false
  #isStopped = false

  constructor(options: IntakeOptions) {
    this.#options = options
    const { store, memory } = options
    this.#memory = store.isDurable || store.leftover ? memory : undefined
    const { keys, isOrdered, chunk } = options.settings
    const { onClosedEarly } = options
    this.#splitter = keys && new KeySplitter(keys)
    this.lanes = keys
      ? new KeyedLanes({ isOrdered, limit: chunk, openMax: keys.openMax, onClosedEarly })
      : new Lanes(isOrdered)
  }

  start(): void {
    this.#options.store.onAvailable = () => {
      this.#mayHaveMore = true
      this.refill()
    }
    if (this.#memory) this.#memory.onRoom = () => this.refill()
    this.refill()
  }

  /** The store must not be closed meanwhile. */
  get isTaking(): boolean {
    return this.#isTaking
  }

  /** What a `take` that is under way still brings stays in the store. */
  stop(): void {
    this.#isStopped = true
    this.#options.store.onAvailable = () => undefined
  }

  /** After `stop`, once nothing more is settled. */
  close(): void {
    this.#memory?.close()
  }

  /** Asks the store if it may have something and there is room for it. */
  refill(): void {
    const { store, settings, clock } = this.#options
    if (this.askAgainAtMs <= clock.monotonic()) this.#mayHaveMore = true
    if (!this.#mayHaveMore || this.#isTaking || this.#isStopped) return
    const { chunk, lookAhead } = settings
    const bytes = Math.min(chunk.bytes, lookAhead.bytes - this.bytes)
    const eventsMax = this.#splitter ? Math.min(chunk.events, KEYED_TAKE_EVENTS) : chunk.events
    const events = Math.min(eventsMax, lookAhead.events - this.events)
    if (this.#isFull || this.lanes.isCrowded || this.#mustWait) return
    this.#isTaking = true
    this.#mayHaveMore = false
    this.askAgainAtMs = Infinity
    void store.take({ bytes, events }).then((batches) => this.#taken(batches))
  }

  /** Counts events of a batch as settled; with the last of them the batch is finished. */
  settle(held: HeldBatch, { delivered, rejected }: { delivered: number; rejected: number }): void {
    held.delivered += delivered
    held.rejected += rejected
    if (!held.isSettled) return
    const { store, onFinished } = this.#options
    const { stored } = held
    // Before `finish`, after which the entries may be gone.
    this.bytes -= stored.entries.length
    this.events -= stored.count
    this.#count(stored, -1)
    store.finish(stored, held.delivered > 0 ? 'delivered' : 'rejected')
    onFinished(held)
  }

  /** Whether nothing can be taken any more, though what waits may be of keys that are not due. */
  get mustMakeRoom(): boolean {
    return this.lanes.open > 0 && (this.#isFull || (this.#memory?.isFull ?? false))
  }

  get #isFull(): boolean {
    const { bytes, events } = this.#options.settings.lookAhead
    return this.bytes >= bytes || this.events >= events
  }

  /** While memory is short. But one chunk is always in hand, so that delivery goes on. */
  get #mustWait(): boolean {
    if (!this.#memory?.isFull || this.bytes === 0) return false
    this.#memory.wait()
    return true
  }

  #taken(batches: readonly StoredBatch[]): void {
    this.#isTaking = false
    if (this.#isStopped) {
      this.#options.onTaken()
      return
    }
    for (const stored of batches) {
      this.#options.onBatch(stored)
      this.bytes += stored.entries.length
      this.events += stored.count
      this.#count(stored, 1)
      const held = new HeldBatch(stored, this.#dueAtMs(stored))
      if (!this.#splitter) this.lanes.add(Piece.whole(held))
      else for (const piece of this.#splitter.split(held)) this.lanes.add(piece)
    }
    if (batches.length > 0) this.#mayHaveMore = true
    else if (this.#options.store.events > this.events)
      this.askAgainAtMs = this.#options.clock.monotonic() + ASK_AGAIN_MS
    this.#options.onTaken()
  }

  #count({ isRead, entries }: StoredBatch, sign: 1 | -1): void {
    if (isRead) this.#memory?.add(sign * entries.length)
  }

  /** The system's clock may have jumped since it came; it does not wait longer for that. */
  #dueAtMs({ arrivedAt }: StoredBatch): number {
    const { clock, settings } = this.#options
    const { ageMs } = settings.chunk
    const leftMs = Math.min(ageMs, Math.max(0, arrivedAt + ageMs - clock.now()))
    return clock.monotonic() + leftMs
  }
}
