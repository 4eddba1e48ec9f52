/**
 * The contract between the delivery engine and an output: what is sent in one piece, and what the
 * output says of it, event by event if it can.
 */
import type { ChunkKey } from './keys/chunk-key.ts'

/** A run of consecutive events of one stored batch: all of them, or those that are still to go. */
export interface ChunkBatch {
  readonly tag: string
  /** `count` entries end to end. Not to be read any more once the attempt's signal has fired. */
  readonly entries: Uint8Array
  readonly count: number
  /**
   * The id of the buffer, the stored batch in it, and the place of the first entry in that. The
   * three name an event for good, over retries and restarts: an output can make an id of them that
   * is the same every time, and that no other event ever has.
   */
  readonly buffer: string
  readonly sequence: number
  readonly firstEvent: number
}

export interface Chunk {
  /**
   * 32 hexadecimal digits that name these events, the same in every attempt, and over a restart if
   * the same ones come together then.
   */
  readonly id: string
  /** What its events have in common, by `buffer.chunk.keys`; null if there are none. */
  readonly key: ChunkKey | null
  /** At least one. Those of one tag are in order. */
  readonly batches: readonly ChunkBatch[]
  readonly events: number
  /** Of entries. More than `max_bytes` only if it is a single event. */
  readonly bytes: number
  /** Earlier attempts, also those with more events around these. */
  readonly attempts: number
  /** Milliseconds since 1970 of the first attempt of this run, or null before it. */
  readonly firstTriedAt: number | null
}

/** Events of a chunk: `count` of them from `first` on in `chunk.batches[batch]`. */
export interface EventRange {
  readonly batch: number
  readonly first: number
  readonly count: number
}

export interface RejectedRange extends EventRange {
  readonly reason: string
}

/**
 * - `delivered`: all of it.
 * - `retry`: nothing was taken; it is sent again, until `give_up_after`.
 * - `hold`: nothing was taken, and no event is to blame (a wrong password, a missing index). It is
 *   sent again for ever and not counted for `give_up_after`.
 * - `rejected`: nothing was taken and never will be, as at least one event cannot be; the output
 *   cannot say which. The chunk is halved until those are found; the rest is sent again.
 * - `partly`: what no range names was delivered. `rejected` events can never be; `retry` events
 *   were not taken this time; nor were the `suspected`, at least one of which can never be.
 *
 * `afterMs`: milliseconds in which it must not be tried again (Retry-After), see `RETRY_AFTER_MAX`.
 * An answer that does not fit the chunk, a throw and a rejection are taken for `retry`.
 */
export type ChunkAnswer =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry' | 'hold'; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: 'rejected'; readonly reason: string }
  | {
      readonly kind: 'partly'
      readonly rejected?: readonly RejectedRange[]
      readonly retry?: readonly EventRange[]
      readonly suspected?: readonly EventRange[]
      /** Of `retry` and `suspected`. */
      readonly reason: string
      readonly afterMs?: number
    }

/** What suits an output, where the configuration says nothing of it. */
export interface DeliveryHabit {
  /** Chunks on their way at a time. */
  readonly concurrency: number
  /** Whether it matters to the output which events of one tag come first. */
  readonly isOrdered: boolean
  /** See `DeliverySettings`. */
  readonly gatherMs: number
}

/** One chunk at a time, in order. */
export const USUAL_HABIT: DeliveryHabit = { concurrency: 1, isOrdered: true, gatherMs: 0 }

export interface ChunkOutput {
  /** Absent: the usual one. */
  readonly habit?: DeliveryHabit
  /**
   * For an output that no signal ends and that answers at last, however long it takes: its attempts
   * have no timeout, so it is not given again what it still has.
   */
  readonly withoutTimeout?: boolean
  /**
   * Sends a chunk and says what became of it. `signal` fires when the answer is not waited for any
   * more (the attempt's time is over, or the collector stops): the output ends what it was doing.
   * What it answers then is not looked at: the events are sent again.
   */
  deliverChunk(chunk: Chunk, signal: AbortSignal): Promise<ChunkAnswer>
}

export const DELIVERED: ChunkAnswer = { kind: 'delivered' }
