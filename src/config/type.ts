/**
 * The builders of TypeBox that schemas here are made of, with TypeBox's types and nothing of its
 * code: that is 700 modules, which take longer to load than the rest of the collector together
 * (docs/decisions/dependencies.md). test/config/type.test.ts holds them to TypeBox's results.
 */
import type { Type as TypeBox } from 'typebox'

type Schema = Readonly<Record<string, unknown>>
type BuilderName =
  | 'Array'
  | 'Boolean'
  | 'Integer'
  | 'Literal'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'

/** Schemas that `Type.Object` does not require. */
const optional = new WeakSet<Schema>()

const builders: Readonly<Record<BuilderName, (...given: never[]) => Schema>> = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Number: (options?: Schema) => ({ type: 'number', ...options }),
  Object: objectSchema,
  Optional: optionalSchema,
  Record: (key: Schema, value: Schema, options?: Schema) => {
    const pattern = (key['pattern'] as string | undefined) ?? '^.*$'
    return { type: 'object', patternProperties: { [pattern]: value }, ...options }
  },
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Union: (anyOf: readonly Schema[], options?: Schema) => ({ anyOf, ...options }),
  Unknown: (options?: Schema) => ({ ...options }),
}

export const Type = builders as unknown as Pick<typeof TypeBox, BuilderName>

function objectSchema(properties: Readonly<Record<string, Schema>>, options?: Schema): Schema {
  const required = Object.keys(properties).filter((key) => !optional.has(properties[key]!))
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties,
    ...options,
  }
}

function optionalSchema(schema: Schema): Schema {
  const copy = { ...schema }
  optional.add(copy)
  return copy
}
