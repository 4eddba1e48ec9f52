/** `rewrite_tag` filter: gives events another tag, by which the steps behind it route them. */
import { Condition, Field, Pattern } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import { defineFilter } from '../../component.ts'
import { RewriteTag } from './rewrite-tag.ts'
import { ruleFaults } from './rules.ts'

const closed = { additionalProperties: false } as const

const rule = Type.Object(
  {
    if: Type.Optional(Condition({ description: 'For which events; absent, for all.' })),
    field: Type.Optional(
      Field({ description: 'Field that `pattern` is searched in; absent, it is the tag.' }),
    ),
    pattern: Type.Optional(
      Pattern({
        description: 'What must be found. Its groups can be used in `tag`; absent, there are none.',
      }),
    ),
    tag: Type.String({
      description:
        'The new tag: a text with placeholders, `${tag}`, `${tag[1]}`, `${$.field}`, and groups ' +
        'of `pattern` by number or name, `${1}`, `${app}`.',
      minLength: 1,
      examples: ['app.${1}', '${tag}.${$.level}'],
    }),
  },
  closed,
)

const configSchema = Type.Object(
  {
    rules: Type.Array(rule, {
      description:
        'The first that fits an event gives it its tag; without one it keeps the tag it has.',
      minItems: 1,
    }),
  },
  closed,
)

export const rewriteTag = defineFilter({
  type: 'rewrite_tag',
  summary: 'Gives events another tag, which the steps behind it route by.',
  configSchema,
  faults: ({ rules }) => rules.flatMap(ruleFaults),
  create: ({ rules }, context) => new RewriteTag(rules, context),
})
