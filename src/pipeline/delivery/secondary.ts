/**
 * A second target for what an output did not get. What that one rejects goes to the dead letters,
 * unless a buffer before it has made dead letters of it already. While it answers `retry`,
 * everything waits, as it does for dead letters that cannot be kept. The engine counts them as
 * rejected by its own output, whichever of the two has them.
 */
import type { Batch, Outcome } from '../batch.ts'
import { deliverKept } from '../kept-delivery.ts'
import type { DeadLetter, DeadLetterSink } from './dead-letter.ts'

export interface SecondaryTarget {
  /** Like `Output.deliver`: with a buffer of its own it answers once the events are safe there. */
  deliver(batch: Batch): Promise<Outcome>
}

export class Secondary implements DeadLetterSink {
  readonly #target: SecondaryTarget
  readonly #deadLetters: DeadLetterSink
  /** Done with in an earlier call that failed in part: not to be sent twice. */
  readonly #done = new WeakSet<DeadLetter>()

  constructor(target: SecondaryTarget, deadLetters: DeadLetterSink) {
    this.#target = target
    this.#deadLetters = deadLetters
  }

  async add(letters: readonly DeadLetter[]): Promise<void> {
    const rejected: DeadLetter[] = []
    for (const letter of letters) {
      if (this.#done.has(letter)) continue
      if (await this.#isTaken(letter)) this.#done.add(letter)
      else rejected.push(letter)
    }
    if (rejected.length > 0) await this.#deadLetters.add(rejected)
  }

  /** True if it is in a safe place, be it as the target's dead letter. */
  async #isTaken(letter: DeadLetter): Promise<boolean> {
    const deliver = (batch: Batch) => this.#target.deliver(batch)
    const { outcome, isKept } = await deliverKept(deliver, letter)
    if (outcome === 'retry') throw new Error('cannot deliver to the secondary output: it waits')
    return outcome === 'delivered' || isKept
  }
}
