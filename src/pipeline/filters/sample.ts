/** `sample` filter: lets a part of the events pass. */
import { createHash } from 'node:crypto'
import type { Static } from 'typebox'
import { Type } from '../../config/type.ts'
import type { Batch, Outcome } from '../batch.ts'
import { defineFilter, type Filter, type FilterContext, type Filtered } from '../component.ts'
import { parseFieldPath } from '../conditions/field-path.ts'
import type { Counter, Gauge } from '../metrics.ts'
import { entryKey } from './support/entry-key.ts'
import { selectEntries } from './support/select-entries.ts'

const configSchema = Type.Object(
  {
    rate: Type.Number({
      description: 'The part that passes: 0.1 is one event of ten.',
      exclusiveMinimum: 0,
      maximum: 1,
      examples: [0.1],
    }),
    by: Type.String({
      description:
        'What is counted for itself: each `tag`, or each value of the field of that name. ' +
        'Events without the field are counted together.',
      default: 'tag',
      format: 'field',
    }),
    method: Type.Union([Type.Literal('count'), Type.Literal('hash')], {
      description:
        '`count` lets the first event of each key pass and then one of so many. `hash` decides ' +
        'by the value of `by` alone: all events of a trace pass, or none, on every collector.',
      default: 'count',
    }),
    keys_max: Type.Integer({
      description: 'Keys that are counted; when there are more, the others are counted together.',
      default: 10_000,
      minimum: 1,
    }),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const sample = defineFilter({
  type: 'sample',
  summary: 'Lets a part of the events pass, by count or by a hash; the rest counts as filtered.',
  configSchema,
  create: (config, context) => new Sample(config, context),
})

const OTHERS = '(other)'
const KEY_LENGTH_MAX = 1024
/** Of a hash, four bytes of which are looked at. */
const HASHES = 2 ** 32

class Sample implements Filter {
  readonly problem = null
  readonly #config: Config
  readonly #keys: readonly Uint8Array[] | null
  /** What each key has saved up; from 1 on an event passes. */
  readonly #shares = new Map<string, number>()
  readonly #leftOut: Counter
  readonly #remembered: Gauge

  constructor(config: Config, { metrics }: FilterContext) {
    this.#config = config
    this.#keys = config.by === 'tag' ? null : parseFieldPath(config.by).keys
    this.#leftOut = metrics.counter('left_out_events_total', 'Events left out as configured.')
    this.#remembered = metrics.gauge('keys', 'Keys that are counted.')
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch | Filtered {
    const keys = this.#keys
    const rest = selectEntries(batch, (bytes, entry) =>
      this.#passes(keys ? entryKey(bytes, entry, keys) : batch.tag),
    )
    this.#remembered.set(this.#shares.size)
    if (rest === batch) return batch
    const count = batch.count - (rest?.count ?? 0)
    const settled = (outcome: Outcome) => {
      if (outcome !== 'retry') this.#leftOut.add(count)
    }
    return { batch: rest, held: 0, settled }
  }

  #passes(key: string): boolean {
    const { rate, method, keys_max } = this.#config
    if (method === 'hash') return hashOf(key) < rate * HASHES
    const isKnown = this.#shares.has(key)
    const isTooMany = this.#shares.size >= keys_max || key.length > KEY_LENGTH_MAX
    const counted = isKnown || !isTooMany ? key : OTHERS
    // The first one passes; a sum of many small parts may be a little less than 1.
    const share = (this.#shares.get(counted) ?? 1 - rate) + rate
    const passes = share > 1 - 1e-9
    this.#shares.set(counted, passes ? share - 1 : share)
    return passes
  }
}

function hashOf(key: string): number {
  return createHash('sha1').update(key).digest().readUInt32BE(0)
}
