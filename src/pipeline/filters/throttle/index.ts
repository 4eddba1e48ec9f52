/** `throttle` filter: a quota for each tag, or for each value of a field; the rest is dropped. */
import { Type } from '../../../config/type.ts'
import { defineFilter } from '../../component.ts'
import { Throttle } from './throttle.ts'

const configSchema = Type.Object(
  {
    events_per_second: Type.Number({
      description: 'How many events pass in the long run, per quota.',
      exclusiveMinimum: 0,
      examples: [1000],
    }),
    burst: Type.Optional(
      Type.Integer({
        description:
          'How many pass at once after a pause. Absent, as many as pass in five seconds, but at ' +
          'least one.',
        minimum: 1,
      }),
    ),
    by: Type.String({
      description:
        'What has a quota of its own: each `tag`, or each value of the field of that name ' +
        '(`container_name`). Events without the field share one.',
      default: 'tag',
      minLength: 1,
    }),
    quotas_max: Type.Integer({
      description:
        'Quotas remembered. When there are more, those of which nothing is used up are ' +
        'forgotten; if there are none, whoever comes next shares one quota with others.',
      default: 10_000,
      minimum: 1,
    }),
  },
  { additionalProperties: false },
)

/** Of `events_per_second`. */
const BURST_SECONDS = 5

export const throttle = defineFilter({
  type: 'throttle',
  summary: 'Drops what is over a quota of events per second, and says how much that was.',
  configSchema,
  create: ({ events_per_second, burst, by, quotas_max }, context) =>
    new Throttle(
      {
        eventsPerSecond: events_per_second,
        burst: burst ?? Math.max(1, Math.ceil(events_per_second * BURST_SECONDS)),
        field: by === 'tag' ? null : by,
        quotasMax: quotas_max,
      },
      context,
    ),
})
