/** Shows what goes to an output to those who look. */
import type { Batch, Outcome } from '../batch.ts'
import type { Counts } from '../ledger-counts.ts'
import type { Sink } from '../sink.ts'
import type { Taps } from './taps.ts'

export class TapSink implements Sink {
  readonly #name: string
  readonly #next: Sink
  readonly #taps: Taps

  constructor(name: string, next: Sink, taps: Taps) {
    this.#name = name
    this.#next = next
    this.#taps = taps
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    if (this.#taps.isActive) this.#taps.see('output', this.#name, batch)
    return this.#next.deliver(batch, tagCounts)
  }
}
