/** Applies operations (operations.ts) to each entry. */
import type { Batch } from '../../batch.ts'
import type { Filter, FilterContext } from '../../component.ts'
import { EntryChanges } from '../support/entry-changes.ts'
import { createOperations } from './operations.ts'
import type { OperationConfig } from './schema.ts'

export class Modify implements Filter {
  readonly problem = null
  readonly #changes: EntryChanges

  constructor(operations: readonly OperationConfig[], { metrics }: FilterContext) {
    const failures = metrics.counter(
      'cast_failed_total',
      'Values that could not be turned into the type asked for, and stayed.',
    )
    this.#changes = new EntryChanges(operations.flatMap((each) => createOperations(each, failures)))
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch {
    return this.#changes.apply(batch)
  }
}
