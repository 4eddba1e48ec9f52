/** `template_name` output: counts events and forgets them. */
import type { Static } from 'typebox'
import { Type } from '../../src/config/type.ts'
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import { defineOutput, type Output, type OutputContext } from '../../src/pipeline/component.ts'
import type { Counter } from '../../src/pipeline/metrics.ts'

const configSchema = Type.Object(
  {
    events_max: Type.Optional(
      Type.Integer({
        description: 'Events it takes before it refuses more; absent means no end.',
        minimum: 1,
      }),
    ),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const templateName = defineOutput({
  type: 'template_name',
  summary: 'Counts events and forgets them.',
  configSchema,
  create: (config, context) => new TemplateNameOutput(config, context),
})

class TemplateNameOutput implements Output {
  problem: string | null = null
  readonly #eventsMax: number
  readonly #events: Counter

  constructor(config: Config, { metrics }: OutputContext) {
    this.#eventsMax = config.events_max ?? Infinity
    this.#events = metrics.counter('forgotten_events_total', 'Events counted and forgotten.')
  }

  async start(): Promise<void> {}

  async deliver(batch: Batch): Promise<Outcome> {
    if (this.#events.value + batch.count > this.#eventsMax) {
      this.problem = `it has taken ${this.#eventsMax} events`
      return 'rejected'
    }
    this.#events.add(batch.count)
    return 'delivered'
  }

  async stop(): Promise<void> {}
}
