/** `template_name` filter: passes events on, except those with certain tags. */
import type { Static } from 'typebox'
import { Type } from '../../src/config/type.ts'
import type { Batch } from '../../src/pipeline/batch.ts'
import {
  defineFilter,
  type Filter,
  type FilterContext,
  type Filtered,
} from '../../src/pipeline/component.ts'
import type { Counter } from '../../src/pipeline/metrics.ts'

const configSchema = Type.Object(
  {
    tags: Type.Array(Type.String(), {
      description: 'Tags whose events go no further.',
      default: [],
    }),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const templateName = defineFilter({
  type: 'template_name',
  summary: 'Passes events on, except those with certain tags.',
  configSchema,
  create: (config, context) => new TemplateNameFilter(config, context),
})

const NOTHING: Filtered = { batch: null, held: 0 }

class TemplateNameFilter implements Filter {
  readonly problem = null
  readonly #tags: ReadonlySet<string>
  readonly #ended: Counter

  constructor(config: Config, { metrics }: FilterContext) {
    this.#tags = new Set(config.tags)
    this.#ended = metrics.counter('ended_total', 'Events that went no further.')
  }

  async start(): Promise<void> {}

  process(batch: Batch): Batch | Filtered {
    if (!this.#tags.has(batch.tag)) return batch
    this.#ended.add(batch.count)
    return NOTHING
  }

  async stop(): Promise<void> {}
}
