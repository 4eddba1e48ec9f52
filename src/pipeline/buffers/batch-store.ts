/**
 * Where the batches of one output wait until they are delivered: in memory (memory-store.ts) or on
 * disk (disk/). First in, first out; what is handed out may be finished in any order.
 */
import type { Batch, Outcome } from '../batch.ts'

/** A batch as it waits. */
export interface StoredBatch {
  /**
   * Id of the store it is in, which no other one ever has; the same after a restart, if that
   * survives. With it, the sequence and the place in the batch an output may name an event.
   */
  readonly buffer: string
  /** Whether its entries were read from files, so that whoever takes it counts their memory. */
  readonly isRead: boolean
  readonly tag: string
  /**
   * The same bytes until `finish`; the store may give the memory back then. At a `take` it may put
   * a copy here, to let go of other memory: whoever keeps a view of this keeps that too.
   */
  readonly entries: Uint8Array
  readonly count: number
  /**
   * Grows from batch to batch, over restarts too if the store survives them, by one or after a
   * start by more. In its `buffer` no other batch ever has it.
   */
  readonly sequence: number
  /** Milliseconds since 1970 when it came in. */
  readonly arrivedAt: number
}

export interface BatchLimit {
  readonly bytes: number
  readonly events: number
}

/** What a buffer on disk of an earlier configuration has left. */
export interface Leftover {
  readonly bytes: number
  readonly events: number
}

export interface Damage {
  /** NaN if that is not known. */
  readonly events: number
  /** Of files, in which there are events if their number is not known; else 0. */
  readonly bytes: number
}

export interface BatchStore {
  /** Not finished, and handed out before all else; absent for a store that never has such. */
  readonly leftover?: Leftover | undefined
  /**
   * Whether `append` settles once the batch is safe, and not only once it is finished. `bytes` and
   * `events` count a batch from then on; those of a store that is not durable from the `append` on.
   */
  readonly isDurable: boolean
  /** Bytes of entries that are not finished, handed out or not. */
  readonly bytes: number
  readonly events: number
  /** `arrivedAt` of the oldest that is not finished, or null. */
  readonly oldestAt: number | null
  /** What a `stop` could not leave for the next start, of `events`; NaN if that is not known. */
  readonly lostEvents: number
  /** Why nothing can be taken in or handed out at the moment (`disk full: …`), or null. */
  readonly problem: string | null
  /**
   * Takes a batch in. Never rejects. A store on disk settles with `delivered` once the batch is
   * as safe as `fsync` says, one in memory with the outcome given to `finish`. It settles with
   * `retry` if the store is stopped before. While the disk cannot be written it waits.
   */
  append(batch: Batch): Promise<Outcome>
  /**
   * The next ones in order that were not handed out yet, within the limit but at least one; empty
   * if nothing waits. Never rejects: bytes that are no batch are quarantined and reported. A disk
   * that cannot be read is reported and read again, for ever; single blocks of it for a minute.
   */
  take(limit: BatchLimit): Promise<readonly StoredBatch[]>
  /** Done with, for good: it will not be handed out again, nor after a restart. */
  finish(batch: StoredBatch, outcome: Outcome): void
  /** That of the next batch that is appended. */
  readonly nextSequence: number
  /** Called whenever there may be something to `take` that was not there before. */
  onAvailable: () => void
  /**
   * Called when events that were not finished turn out to be lost, as bytes that are damaged or
   * missing, with the number below which their batches were.
   */
  onDamaged: (damage: Damage, below: number) => void
  /** Opens what an earlier run has left, in the background if it is much. */
  start(): Promise<void>
  /** Makes safe what is to be safe, and closes. What is not finished waits for the next start. */
  stop(deadline: AbortSignal): Promise<void>
}
