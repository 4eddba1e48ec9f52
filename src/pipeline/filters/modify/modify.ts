/** Applies operations (operations.ts) to each entry; those about whole fields in the kernel. */
import { sharedKernel } from '../../../codecs/kernel/kernel.ts'
import { Lease } from '../../../codecs/lease.ts'
import type { Batch } from '../../batch.ts'
import type { Filter, FilterContext, Filtered } from '../../component.ts'
import { EntryChanges, type Operation } from '../support/entry-changes.ts'
import { FieldEdits } from './field-edits.ts'
import { createOperations, isEditing } from './operations.ts'
import type { OperationConfig } from './schema.ts'

interface Stage {
  /** The batch itself if nothing in it changed. */
  apply(batch: Batch): Batch
}

export class Modify implements Filter {
  readonly problem = null
  readonly #stages: readonly Stage[]

  constructor(operations: readonly OperationConfig[], { metrics }: FilterContext) {
    const failures = metrics.counter(
      'cast_failed_total',
      'Values that could not be turned into the type asked for, and stayed.',
    )
    this.#stages = stagesOf(operations.flatMap((each) => createOperations(each, failures)))
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch | Filtered {
    let lease: Lease | null = null
    let current = batch
    for (const stage of this.#stages) {
      const next = stage.apply(current)
      if (next === current) continue
      lease?.release()
      // All of a stage's memory is of the batch that it made.
      lease = new Lease(new Uint8Array(next.entries.buffer))
      current = next
    }
    if (lease === null) return batch
    const held = lease
    return { batch: current, held: 0, settled: () => held.release() }
  }
}

/** Operations one after the other that are of a kind, together. */
function stagesOf(operations: readonly Operation[]): Stage[] {
  const stages: Stage[] = []
  for (let index = 0; index < operations.length;) {
    const isEdit = isEditing(operations[index]!)
    const rest = operations.slice(index)
    const other = rest.findIndex((each) => isEditing(each) !== isEdit)
    const run = other < 0 ? rest : rest.slice(0, other)
    stages.push(stageOf(run))
    index += run.length
  }
  return stages
}

function stageOf(run: readonly Operation[]): Stage {
  const edits = run.filter(isEditing).map(({ edit }) => edit)
  const changes = new EntryChanges(run)
  const quick = edits.length > 0 ? FieldEdits.create(sharedKernel, edits, changes) : null
  return quick ?? changes
}
