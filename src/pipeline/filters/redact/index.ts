/** `redact` filter: covers what must not be kept, such as addresses, card numbers and tokens. */
import { Field, Pattern, Secret, Size } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import { sizeInBytes } from '../../../config/units.ts'
import { defineFilter } from '../../component.ts'
import { Redact } from './redact.ts'

const configSchema = Type.Object(
  {
    builtins: Type.Array(
      Type.Union([
        Type.Literal('email'),
        Type.Literal('card'),
        Type.Literal('ip'),
        Type.Literal('token'),
      ]),
      {
        description:
          'What is known without a pattern: `email` addresses, `card` numbers (13 to 19 digits ' +
          "that pass Luhn's check), `ip` addresses of both versions, and `token`s, that is what " +
          'follows Bearer or Basic (8 characters or more, but for those behind Authorization), ' +
          'and JSON web tokens.',
        default: [],
      },
    ),
    patterns: Type.Array(Pattern({ description: 'A pattern.' }), {
      description:
        'Regular expressions of what to cover; of one with groups only what its groups hold.',
      default: [],
      examples: ['["password=(\\\\S+)"]'],
    }),
    fields: Type.Array(Field({ description: 'A field.' }), {
      description: 'Where it is looked for, maps and lists included; an empty list is everywhere.',
      default: [],
    }),
    replacement: Type.String({ description: 'What stands there instead.', default: '[redacted]' }),
    hash_key: Type.Optional(
      Secret({
        description:
          'Instead of `replacement`, 16 hexadecimal digits of a keyed hash (HMAC-SHA-256) stand ' +
          'there, so that equal values can still be recognized; absent, `replacement`.',
      }),
    ),
    value_max: Size({
      description: 'A longer text is not looked through but covered as a whole, and counted.',
      default: '1MiB',
    }),
  },
  { additionalProperties: false },
)

export const redact = defineFilter({
  type: 'redact',
  summary: 'Covers e-mail and IP addresses, card numbers, tokens and whatever patterns say.',
  configSchema,
  faults: ({ builtins, patterns }) =>
    builtins.length + patterns.length > 0
      ? []
      : [{ path: [], message: 'redact has nothing to cover; expected "builtins" or "patterns"' }],
  create: ({ value_max, hash_key, ...rest }, context) =>
    new Redact(
      { ...rest, valueMaxBytes: sizeInBytes(value_max), hashKey: hash_key ?? null },
      context,
    ),
})
