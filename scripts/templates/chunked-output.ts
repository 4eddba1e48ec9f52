/** `template_name` output: counts events and forgets them. It always stands behind a buffer. */
import type { Static } from 'typebox'
import { Type } from '../../src/config/type.ts'
import {
  type ChunkedOutput,
  defineChunkedOutput,
  type OutputContext,
} from '../../src/pipeline/component.ts'
import { type Chunk, type ChunkAnswer, DELIVERED } from '../../src/pipeline/delivery/chunk.ts'
import type { Counter } from '../../src/pipeline/metrics.ts'

const configSchema = Type.Object(
  {
    events_max: Type.Optional(
      Type.Integer({
        description: 'Events it takes before it waits for somebody; absent means no end.',
        minimum: 1,
      }),
    ),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const templateName = defineChunkedOutput({
  type: 'template_name',
  summary: 'Counts events and forgets them.',
  configSchema,
  create: (config, context) => new TemplateNameOutput(config, context),
})

class TemplateNameOutput implements ChunkedOutput {
  /** What it finds out by trying is in its answers. */
  readonly problem = null
  readonly #eventsMax: number
  readonly #events: Counter

  constructor(config: Config, { metrics }: OutputContext) {
    this.#eventsMax = config.events_max ?? Infinity
    this.#events = metrics.counter('forgotten_events_total', 'Events counted and forgotten.')
  }

  async start(): Promise<void> {}

  /** One that has to wait for a server listens to the signal, which comes as second argument. */
  async deliverChunk(chunk: Chunk): Promise<ChunkAnswer> {
    if (this.#events.value + chunk.events > this.#eventsMax)
      return { kind: 'hold', reason: `it has taken ${this.#eventsMax} events` }
    this.#events.add(chunk.events)
    return DELIVERED
  }

  async stop(): Promise<void> {}
}
