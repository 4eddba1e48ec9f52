/** What the engine shows of itself, for /api/buffers and /readyz. */
import type { StoredBatch } from '../buffers/batch-store.ts'
import type { BreakerState } from './breaker.ts'

export interface LastFailure {
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface DeliveryState {
  readonly chunksInFlight: number
  /** Chunks that were tried and go again later. */
  readonly chunksWaiting: number
  /** Taken from the store and not finished. */
  readonly heldEvents: number
  readonly heldBytes: number
  /** Chunk keys of which something waits for its first attempt. */
  readonly keysOpen: number
  readonly breaker: BreakerState
  /** Failed attempts in a row, of all chunks. */
  readonly failures: number
  /** Attempts of the chunk that has been tried most often, of those that are to go again. */
  readonly attempts: number
  /** Milliseconds since 1970 at which something is sent again; null if nothing waits for a time. */
  readonly nextTryAt: number | null
  /** Null once an attempt has succeeded. */
  readonly lastFailure: LastFailure | null
  /** Events for the dead letters that are not safe there yet; they are held meanwhile. */
  readonly deadLettersWaiting: number
  readonly deadLetterProblem: string | null
}

/** Told of every event; for the ledger and the metrics. */
export interface DeliveryObserver {
  /** The store has handed it out; `finished` follows, or it stays there. */
  taken(batch: StoredBatch): void
  /** Once per batch, right after the store's `finish`. The sum of both is the batch's count. */
  finished(batch: StoredBatch, settled: { delivered: number; rejected: number }): void
  /** Events that were not taken and are sent again; for each such attempt. */
  retried(tag: string, events: number): void
  /** A chunk that is neither full nor due is sent, to make room for other keys. */
  closedEarly(): void
}
