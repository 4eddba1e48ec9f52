import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type as TypeBox, type TSchema } from 'typebox'
import { Format } from 'typebox/format'
import { Settings } from 'typebox/system'
import { Check, Errors } from 'typebox/value'
import { formats } from '../../src/config/formats.ts'
import { valueErrors } from '../../src/config/value-errors.ts'

Settings.Set({ maxErrors: 1000 })
for (const [name, rule] of Object.entries(formats)) Format.Set(name, (text) => rule.check(text))

const key = fc.constantFrom('a', 'b', 'c', 'a long key', 'a/b~c', '')

const scalar: fc.Arbitrary<TSchema> = fc.oneof(
  fc.constant(TypeBox.String()),
  fc.constant(TypeBox.String({ format: 'size', default: '1MiB' })),
  fc.constant(TypeBox.String({ minLength: 2 })),
  fc.constant(TypeBox.String({ pattern: '^a+$' })),
  fc.constant(TypeBox.Integer({ minimum: 1, maximum: 5, default: 3 })),
  fc.constant(TypeBox.Number()),
  fc.constant(TypeBox.Boolean({ default: true })),
  fc.constant(TypeBox.Literal('a')),
  fc.constant(TypeBox.Literal(1)),
  fc.constant(TypeBox.Unknown()),
)

const { schema } = fc.letrec<{ schema: TSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((of) => TypeBox.Union(of)),
    fc
      .tuple(tie('schema'), fc.boolean())
      .map(([of, uniqueItems]) => TypeBox.Array(of, { minItems: 1, uniqueItems })),
    tie('schema').map((of) => TypeBox.Record(TypeBox.String({ pattern: '^[ab]$' }), of, closed)),
    fc
      .dictionary(key, fc.tuple(tie('schema'), fc.boolean()), { maxKeys: 3, noNullPrototype: true })
      .map((properties) => TypeBox.Object(withOptionals(properties), closed)),
  ),
}))

const closed = { additionalProperties: false }

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, 1, 2.5, 7, 'a', 'aaa', '', '2MiB', 'b'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

test('finds the same values wrong as TypeBox, at the same places', () => {
  fc.assert(
    fc.property(schema, value, (of, given) => {
      const ours = valueErrors(of, given)
      assert.equal(ours.length === 0, Check(of, given))
      assert.deepEqual(places(ours), places(theirErrors(of, given)))
    }),
    { numRuns: 2000 },
  )
})

test('an item that was there already is named, however it is written', () => {
  const of: TSchema = TypeBox.Array(TypeBox.Unknown(), { uniqueItems: true })
  const [error, ...more] = valueErrors(of, ['a', { b: 1, c: [2] }, 'b', { c: [2], b: 1 }, 'a'])
  assert.deepEqual([error?.keyword, error?.params], ['uniqueItems', { repeated: [3, 4] }])
  assert.deepEqual(more, [])
  assert.deepEqual(valueErrors(of, [1, '1', [1], { 0: 1 }]), [])
})

test('keys that every object has are keys like others', () => {
  const of: TSchema = TypeBox.Object({ toString: TypeBox.Integer() }, closed)
  assert.equal(valueErrors(of, {})[0]?.keyword, 'required')
  const empty: TSchema = TypeBox.Object({}, closed)
  const [error] = valueErrors(empty, JSON.parse('{ "__proto__": 1 }'))
  assert.deepEqual(error?.params, { additionalProperties: ['__proto__'] })
})

function withOptionals(properties: Record<string, [TSchema, boolean]>): Record<string, TSchema> {
  const entries = Object.entries(properties).map(([name, [of, isOptional]]) => {
    return [name, isOptional ? TypeBox.Optional(of) : of] as const
  })
  return Object.fromEntries(entries)
}

/** Where errors are; what is inside a union that fails is the union's error. */
function theirErrors(of: TSchema, given: unknown) {
  const errors = Errors(of, given).map(({ keyword, instancePath }) => {
    const path = instancePath.split('/').slice(1)
    return { keyword, path: path.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')) }
  })
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ path }) => path)
  const inside = (path: readonly string[]) =>
    unions.some((union) => {
      return union.length < path.length && union.every((part, index) => part === path[index])
    })
  return errors.filter(({ keyword, path }) => keyword !== 'boolean' && !inside(path))
}

function places(errors: readonly { readonly path: readonly string[] }[]): string[] {
  return [...new Set(errors.map(({ path }) => JSON.stringify(path)))].sort()
}
