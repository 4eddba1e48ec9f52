/** The options of `modify`. */
import type { Static } from 'typebox'
import { Field, TemplateText } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'

const closed = { additionalProperties: false } as const
const field = Field({ description: 'A field.' })
const fields = (description: string) =>
  Type.Optional(Type.Array(field, { description, minItems: 1 }))
const toField = Type.Record(Type.String({ pattern: '^.+$' }), field)

const castType = Type.Union(
  ['integer', 'float', 'number', 'boolean', 'text'].map((name) => Type.Literal(name)),
  { description: 'What to make of it.' },
)

const operation = Type.Object(
  {
    set: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^.+$' }),
        Type.Union([
          TemplateText({ description: 'Text with placeholders: `${tag[1]}`, `${$.host}`, `%Y`.' }),
          Type.Number({ description: 'Number.' }),
          Type.Boolean({ description: 'True or false.' }),
        ]),
        {
          description:
            'Sets fields, replacing what they hold. A text may have placeholders, `${tag[1]}`, ' +
            '`${$.host}`, and times, `%Y-%m-%d`, of which a percent sign is written `%%`.',
        },
      ),
    ),
    rename: Type.Optional({
      ...toField,
      description: 'Gives fields other names, `old: new`; what has that name is replaced.',
    }),
    copy: Type.Optional({ ...toField, description: 'Copies fields as they are, `from: to`.' }),
    remove: fields('Removes fields. Absent, none.'),
    keep: fields('Removes all fields but these, which are at the top of the record. Absent, none.'),
    nest: Type.Optional(
      Type.Object(
        {
          prefix: Type.String({
            description: 'Fields whose names begin so are moved; the prefix is taken off.',
            minLength: 1,
          }),
          under: Field({ description: 'The map they are moved to.' }),
        },
        { ...closed, description: 'Moves fields of the record into a map.' },
      ),
    ),
    flatten: Type.Optional(
      Type.Object(
        {
          field: Field({ description: 'A map at the top of the record, which goes.' }),
          separator: Type.String({
            description: 'Stands between the names, `kubernetes.pod`.',
            default: '.',
          }),
          prefix: Type.Optional(
            Type.String({ description: "Begins the new names; absent, the map's own name." }),
          ),
        },
        { ...closed, description: 'Makes fields of the record of all that is in a map, deeply.' },
      ),
    ),
    de_dot: Type.Optional(
      Type.String({
        description: 'Replaces the dots in all names, inside maps too, by this text. Absent, none.',
        examples: ['_'],
      }),
    ),
    cast: Type.Optional(
      Type.Record(Type.String({ pattern: '^.+$' }), castType, {
        description:
          'Turns values into another type, `status: integer`. What cannot be turned stays as it ' +
          'is and is counted.',
      }),
    ),
  },
  closed,
)

export const configSchema = Type.Object(
  {
    operations: Type.Array(operation, {
      description: 'What is done, in this order; each item has one key, such as `set` or `rename`.',
      minItems: 1,
    }),
  },
  closed,
)

export type OperationConfig = Static<typeof operation>
