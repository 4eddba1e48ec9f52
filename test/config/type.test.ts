import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type as TypeBox } from 'typebox'
import { Type } from '../../src/config/type.ts'

test('builds what TypeBox builds', () => {
  const build = (type: typeof Type) => {
    const closed = { additionalProperties: false }
    const inner = type.Object({ a: type.Optional(type.Integer({ minimum: 1 })) }, closed)
    return [
      type.Object({}),
      type.Object(
        {
          text: type.String(),
          described: type.String({ description: 'A text.', default: 'x', minLength: 1 }),
          maybe: type.Optional(type.String({ format: 'size' })),
          maybeInner: type.Optional(inner),
          flag: type.Boolean({ default: false }),
          number: type.Number({ maximum: 2 }),
          constant: type.Literal('one'),
          counted: type.Literal(1, { description: 'One.' }),
          either: type.Union([type.Literal('a'), type.Array(inner)], { default: 'a' }),
          list: type.Array(type.String(), { minItems: 1 }),
          named: type.Record(type.String({ pattern: '^[a-z]+$' }), inner, closed),
          free: type.Record(type.String(), type.Unknown({ description: 'Anything.' })),
          anything: type.Unknown(),
        },
        closed,
      ),
      type.Object({ only: type.Optional(type.String()) }),
    ]
  }
  const json = (schemas: unknown) => JSON.parse(JSON.stringify(schemas)) as unknown
  assert.deepEqual(json(build(Type)), json(build(TypeBox as unknown as typeof Type)))
})

test('an optional schema stays required where it is used without Optional', () => {
  const text = Type.String()
  const schema = Type.Object({ must: text, may: Type.Optional(text) })
  assert.deepEqual(schema.required, ['must'])
})
