/**
 * The way of what an output does not get to its `secondary` or `on_error`: into the pipeline again,
 * at another place. Like an input's port it outlives the pipeline it leads to.
 */
import type { Batch, Outcome } from './batch.ts'
import type { SecondaryTarget } from './delivery/secondary.ts'
import type { Ledger } from './ledger.ts'
import type { Sink } from './sink.ts'

export class FailurePort implements SecondaryTarget {
  readonly #ledger: Ledger
  #sink: Sink | null = null

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Until then all is answered `retry`. */
  leadTo(sink: Sink): void {
    this.#sink = sink
  }

  /** In the ledger it is a copy: the output that did not get it counts it as rejected. */
  deliver(batch: Batch): Promise<Outcome> {
    if (!this.#sink) return Promise.resolve('retry')
    const tagCounts = this.#ledger.tag(batch.tag)
    this.#ledger.copy(tagCounts, batch.count)
    return this.#sink.deliver(batch, tagCounts)
  }
}
