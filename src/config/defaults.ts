/**
 * Fills in the defaults of a schema. Our own because TypeBox's `Default` (1.4.3) changes its
 * argument and throws on a record with `additionalProperties: false`.
 */
import { childSchema, chooseBranch, type SchemaNode } from './schema-walk.ts'

/** A copy of `value` in which every absent key that has a default has it. */
export function withDefaults(schema: SchemaNode, value: unknown): unknown {
  const present = value === undefined ? structuredClone(schema.default) : value
  if (schema.anyOf) {
    const branch = chooseBranch(schema, present)
    return branch ? withDefaults(branch, present) : present
  }
  if (Array.isArray(present))
    return present.map((item, index) => withDefaults(childSchema(schema, String(index)), item))
  if (typeof present !== 'object' || present === null) return present
  return filledObject(schema, present as Readonly<Record<string, unknown>>)
}

function filledObject(schema: SchemaNode, value: Readonly<Record<string, unknown>>) {
  const keys = new Set([...Object.keys(value), ...Object.keys(schema.properties ?? {})])
  const entries = [...keys].map((key) => [key, withDefaults(childSchema(schema, key), value[key])])
  return Object.fromEntries(entries.filter(([, filled]) => filled !== undefined)) as unknown
}
