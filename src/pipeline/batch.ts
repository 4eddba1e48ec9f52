/**
 * The unit that travels: a run of entries of one tag, and what became of it.
 * The bytes of an entry are described in src/codecs/entry.ts.
 */

/** Entries of one tag, end to end. Unchanged from `deliver()` until its promise settles. */
export interface Batch {
  readonly tag: string
  readonly entries: Uint8Array
  /** How many entries `entries` holds; at least 1. */
  readonly count: number
  /**
   * The connection (or file, …) the entries came over: any object, the same one until it ends. An
   * input that sets it says `context.closed(origin)` at the end.
   */
  readonly origin?: object
  /**
   * Called before the answer `rejected` by a buffer that has made dead letters of what it could not
   * deliver. Whoever sets it need not keep the events then; without the call nobody has them.
   */
  readonly onKept?: () => void
  /**
   * Called before the answer `rejected` by who throws the events away: a full buffer, or a pipeline
   * in which no match fits. Whoever sets it may keep them all the same, and says once in the
   * ledger's words what becomes of them.
   */
  readonly onShed?: (settle: (fate: ShedFate) => void) => void
}

/** Of what was thrown away on its way: thrown away, kept as dead letters, or sent once more. */
export type ShedFate = 'dropped' | Exclude<Outcome, 'delivered'>

/**
 * - `delivered`: taken by every output it goes to; it may be acknowledged.
 * - `retry`: not taken and not lost yet; the sender must keep it, so do not acknowledge.
 * - `rejected`: can never be taken; acknowledge, or the sender repeats it for ever. It is counted.
 */
export type Outcome = 'delivered' | 'retry' | 'rejected'
