/** `grep` filter: keeps or leaves out events by a condition. */
import type { Static } from 'typebox'
import { Condition as ConditionField } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Batch, Outcome } from '../batch.ts'
import { compileCondition, type Condition } from '../conditions/condition.ts'
import { defineFilter, type Filter, type FilterContext, type Filtered } from '../component.ts'
import type { Counter } from '../metrics.ts'
import { selectEntries } from './support/select-entries.ts'

const configSchema = Type.Object(
  {
    keep: Type.Optional(
      ConditionField({
        description: 'Events that fit go on, all others are left out.',
        examples: ['level in ["warn", "error"]'],
      }),
    ),
    drop: Type.Optional(
      ConditionField({
        description: 'Events that fit are left out. Beside `keep`, of those that this keeps.',
        examples: ['path startswith "/health"'],
      }),
    ),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const grep = defineFilter({
  type: 'grep',
  summary: 'Keeps or leaves out events by a condition; what is left out counts as filtered.',
  configSchema,
  faults: ({ keep, drop }) =>
    keep === undefined && drop === undefined
      ? [
          {
            path: [],
            message: 'grep has nothing to do; expected "keep" or "drop" with a condition',
          },
        ]
      : [],
  create: (config, context) => new Grep(config, context),
})

class Grep implements Filter {
  readonly problem = null
  readonly #keep: Condition | null
  readonly #drop: Condition | null
  readonly #leftOut: Counter

  constructor({ keep, drop }: Config, { metrics }: FilterContext) {
    this.#keep = keep === undefined ? null : compileCondition(keep)
    this.#drop = drop === undefined ? null : compileCondition(drop)
    this.#leftOut = metrics.counter('left_out_events_total', 'Events left out as configured.')
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch | Filtered {
    const { tag } = batch
    const rest = selectEntries(batch, (bytes, entry) => this.#keeps(bytes, entry, tag))
    if (rest === batch) return batch
    const count = batch.count - (rest?.count ?? 0)
    const settled = (outcome: Outcome) => {
      if (outcome !== 'retry') this.#leftOut.add(count)
    }
    return { batch: rest, held: 0, settled }
  }

  #keeps(bytes: Uint8Array, entry: number, tag: string): boolean {
    if (this.#keep && !this.#keep.fits(bytes, entry, tag)) return false
    return !this.#drop?.fits(bytes, entry, tag)
  }
}
