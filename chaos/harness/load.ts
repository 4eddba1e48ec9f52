/** What a sender has done, in numbers that can be compared with what arrived. */

export interface Sender {
  /** In every event it sends, as `s`. */
  readonly name: string
  /** Numbers from 0 below this one were sent, as `n`. */
  readonly sent: number
  /** Events that were acknowledged. */
  readonly acknowledged: number
  /** Events sent once more, because they were not acknowledged. */
  readonly resent: number
  /** Whether it sends again in the order of the numbers, and nothing new before. */
  readonly repeatsInOrder: boolean
  /** What it was told that cannot be right. */
  readonly violations: readonly string[]
  /** Milliseconds from sending to the acknowledgement, since the last call. */
  takeLatencies(): number[]
  isAcknowledged(number: number): boolean
  /** Sends until `finish`; rejects only for what must never happen. */
  run(): Promise<void>
  /** Sends nothing new; `run` resolves once everything is acknowledged. */
  finish(): void
  /** Gives up what is not acknowledged yet; `run` resolves. */
  abandon(): void
}
