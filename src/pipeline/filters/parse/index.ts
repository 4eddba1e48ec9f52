/** `parse` filter: turns a line in a field into fields of its own, by one of several formats. */
import { Type } from '../../../config/type.ts'
import { defineFilter } from '../../component.ts'
import { createFormat } from '../../formats/create.ts'
import { formatFaults } from '../../formats/faults.ts'
import { lineFormatSchema } from '../../formats/schema.ts'
import { Parse } from './parse.ts'

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
        'that can read the line is taken. A line that none can read stays as it is, and its ' +
        'event gets a field `parse_failed` with the reason.',
      default: 'json',
    }),
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
  create: ({ field, format, keep_original, keep_time, target, prefix }, context) =>
    new Parse(
      {
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
