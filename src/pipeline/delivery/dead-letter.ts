/** Events that an output will not get, on their way to where a human finds them. */

/** Consecutive events of one stored batch with the same fate. */
export interface DeadLetter {
  readonly tag: string
  /** `count` entries end to end; unchanged until `add` settles. */
  readonly entries: Uint8Array
  readonly count: number
  /** They name the events for good, see `ChunkBatch`. */
  readonly buffer: string
  readonly sequence: number
  readonly firstEvent: number
  /** `rejected` by the output, or `given_up` after `give_up_after`. */
  readonly cause: 'rejected' | 'given_up'
  /** Of the last attempt. */
  readonly reason: string
  /** Of the first attempt that failed. */
  readonly firstReason: string
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly firstTriedAt: number
  readonly lastTriedAt: number
}

export interface DeadLetterSink {
  /**
   * Keeps the events; fulfilled once they are safe. When it rejects, none of them count as kept:
   * the same letters come again later, until they are. So it must be all or nothing, or it keeps
   * some twice. One call at a time.
   */
  add(letters: readonly DeadLetter[]): Promise<void>
}
