/** `dedupe` filter: of events that repeat, lets the first pass. */
import { Duration, Field } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import { durationInMs } from '../../../config/units.ts'
import { defineFilter } from '../../component.ts'
import { parseFieldPath } from '../../conditions/field-path.ts'
import { Dedupe } from './dedupe.ts'

const configSchema = Type.Object(
  {
    by: Type.Array(Field({ description: 'A field.' }), {
      description:
        'Fields that make two events of a tag the same; an empty list is the whole record.',
      default: [],
      examples: ['[container_name, log]'],
    }),
    window: Duration({
      description: 'For how long after one that passed the same ones are left out.',
      default: '10s',
    }),
    count_field: Type.Optional(
      Field({
        description:
          'Field of the next one that passes that says how many were left out before it; absent, ' +
          'nothing is added.',
        examples: ['repeated'],
      }),
    ),
    keys_max: Type.Integer({
      description:
        'Events remembered; when there are more, the oldest are forgotten and pass once more. ' +
        'Each takes about 150 bytes.',
      default: 100_000,
      minimum: 1,
    }),
  },
  { additionalProperties: false },
)

export const dedupe = defineFilter({
  type: 'dedupe',
  summary: 'Leaves out events that say the same as one before; they count as filtered.',
  configSchema,
  create: ({ by, window, count_field, keys_max }, context) =>
    new Dedupe(
      {
        fields: by.map((path) => parseFieldPath(path).keys),
        windowMs: durationInMs(window),
        countField: count_field === undefined ? null : parseFieldPath(count_field).keys,
        keysMax: keys_max,
      },
      context,
    ),
})
