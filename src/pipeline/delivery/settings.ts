/** What the configuration says of delivery, checked and in plain numbers. */
import type { BatchLimit } from '../buffers/batch-store.ts'
import type { ChunkKeySettings } from './keys/settings.ts'

export interface ChunkLimit extends BatchLimit {
  /** Milliseconds that the oldest batch waits for others at most; 0: as soon as it can go. */
  readonly ageMs: number
}

export interface BackoffSettings {
  /** The shortest wait between two attempts, milliseconds, at least 1. */
  readonly firstMs: number
  /** The longest, but for a Retry-After. */
  readonly maxMs: number
}

/** When events that fail again and again become dead letters. */
export type GiveUpAfter =
  | { readonly kind: 'forever' }
  /** With the first failure this long after the first attempt, milliseconds. */
  | { readonly kind: 'duration'; readonly ms: number }
  /** With this failure, at least 1. */
  | { readonly kind: 'count'; readonly failures: number }

export interface DeliverySettings {
  readonly chunk: ChunkLimit
  /** What the events of a chunk have in common; null: nothing. */
  readonly keys: ChunkKeySettings | null
  /** Chunks on their way at a time, at least 1. */
  readonly concurrency: number
  /**
   * While chunks are on their way, what does not fill another one waits so long for more, in
   * milliseconds: several at a time are for a rush, not for many small ones.
   */
  readonly gatherMs: number
  /** With it, events wait until earlier ones of their tag and key are delivered or dead letters. */
  readonly isOrdered: boolean
  /**
   * What is taken from the store and not finished, at most (one batch more can come). Batches that
   * wait for another of their tag count, so it says how far others can pass them by.
   */
  readonly lookAhead: BatchLimit
  /** Milliseconds for an attempt. */
  readonly timeoutMs: number
  readonly backoff: BackoffSettings
  readonly giveUpAfter: GiveUpAfter
  /** Attempts that fail in a row until nothing is sent for a while, at least 1. */
  readonly breakerFailures: number
}

/** For each chunk on its way one that is ready, and one that is being gathered. */
export function defaultLookAhead(chunk: BatchLimit, concurrency: number): BatchLimit {
  const chunks = 2 * concurrency + 1
  return { bytes: chunk.bytes * chunks, events: chunk.events * chunks }
}
