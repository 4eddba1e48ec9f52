/** `parse` filter: turns a line in a field into fields of its own, by one of several formats. */
import { Type } from '../../../config/type.ts'
import { DEAD_LETTER, defineFilter } from '../../component.ts'
import { createFormat } from '../../formats/create.ts'
import { formatFaults } from '../../formats/faults.ts'
import { lineFormatSchema } from '../../formats/schema.ts'
import { KEEP, Parse } from './parse.ts'

const configSchema = Type.Object(
  {
    field: Type.String({
      description:
        'Field with the line. Events without it, or with no text in it, pass as they are.',
      default: 'log',
      minLength: 1,
    }),
    format: lineFormatSchema({
      description:
        'How the line is written: a name, an object with options, or a list of which the first ' +
        'that can read the line is taken. A line that none can read stays as it is, see ' +
        '`on_error`.',
      default: 'json',
    }),
    on_error: Type.Union(
      [Type.Literal(KEEP), Type.Literal(DEAD_LETTER), Type.String({ format: 'label' })],
      {
        description:
          'What becomes of events whose line cannot be read. `keep`: they go on with the others, ' +
          'with the reason in a field `parse_failed`. `dead_letter`: they are kept as they came, ' +
          'until someone looks at them and replays them. A label, "@name": they go on there, ' +
          'with that field.',
        default: KEEP,
      },
    ),
    keep_original: Type.Boolean({
      description: 'Whether the field with the line stays when it has been parsed.',
      default: false,
    }),
    keep_time: Type.Boolean({
      description: 'Whether an event keeps its time although its line says one.',
      default: false,
    }),
    target: Type.Optional(
      Type.String({
        description:
          'Field that gets what is in the line, as a map. Absent, the fields of the line stand ' +
          "beside the event's others and replace those of the same name.",
        minLength: 1,
      }),
    ),
    prefix: Type.String({
      description: "Put in front of the names of the line's fields.",
      default: '',
      pattern: '^.{0,64}$',
    }),
  },
  { additionalProperties: false },
)

export const parse = defineFilter({
  type: 'parse',
  summary: 'Parses the line in a field: JSON, logfmt, access logs, regular expressions and more.',
  configSchema,
  faults: ({ format }) => formatFaults(format),
  failureTarget: ({ on_error }) => (on_error === KEEP ? undefined : on_error),
  create: ({ field, format, keep_original, keep_time, target, prefix, on_error }, context) =>
    new Parse(
      {
        onError: on_error,
        field,
        format: createFormat(format, { now: () => context.clock.now() }),
        keepOriginal: keep_original,
        keepTime: keep_time,
        target: target ?? null,
        prefix,
      },
      context,
    ),
})
