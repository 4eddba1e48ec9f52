/**
 * Where a filter's `on_error` leads what it cannot make anything of: a label, whose steps take it
 * like any other batch, or the dead letters (dead-letters/filter-letters.ts).
 */
import type { Outcome } from './batch.ts'
import type { Failed, Filter } from './component.ts'
import { joinBatches } from './join-batches.ts'
import type { Counts, FilterCounts } from './ledger-counts.ts'
import { combine, type Sink } from './sink.ts'

/** The ledger's rows of the filter, and of the tag that all have. */
export interface FailedCounts {
  readonly filter: FilterCounts
  readonly tag: Counts
}

export interface FailedSink {
  /** Never throws and never rejects. Settles as `Sink.deliver`. */
  deliver(failed: readonly Failed[], counts: FailedCounts): Promise<Outcome>
  /** The filter as it is run: one that stops, and has a problem, together with this. */
  aroundFilter?(filter: Filter): Filter
}

export class LabelForFailed implements FailedSink {
  readonly #label: Sink

  constructor(label: Sink) {
    this.#label = label
  }

  /** Together, since they differ by the reason only. */
  async deliver(failed: readonly Failed[], { tag }: FailedCounts): Promise<Outcome> {
    const batches = joinBatches(failed.map(({ batch }) => batch))
    return combine(await Promise.all(batches.map((batch) => this.#label.deliver(batch, tag))))
  }
}
