/**
 * What does not fit a JSON Schema, for the part of it that schema-walk.ts names. TypeBox and Ajv
 * know all of it and take longer to load than the rest of the collector (docs/decisions/
 * dependencies.md); test/config/value-errors.test.ts holds this part to TypeBox's results.
 */
import { isDeepStrictEqual } from 'node:util'
import { formats } from './formats.ts'
import { jsonType, type Path, type SchemaNode } from './schema-walk.ts'

export interface ValueError {
  readonly keyword: string
  readonly path: Path
  readonly params: Readonly<Record<string, unknown>>
}

type PlainMap = Record<string, unknown>

/** All errors of a value, the outermost first; empty if it fits. */
export function valueErrors(schema: SchemaNode, value: unknown, path: Path = []): ValueError[] {
  if (schema.anyOf) return unionErrors(schema.anyOf, value, path)
  if (!hasType(schema, value)) return [{ keyword: 'type', path, params: {} }]
  const keyword = failedKeyword(schema, value)
  if (keyword !== undefined) return [{ keyword, path, params: {} }]
  if (Array.isArray(value)) return itemErrors(schema, value, path)
  return isPlainMap(value) ? mapErrors(schema, value, path) : []
}

/** A union is one error, whatever is wrong with its branches; validate.ts looks into them. */
function unionErrors(branches: readonly SchemaNode[], value: unknown, path: Path): ValueError[] {
  if (branches.some((branch) => fits(branch, value))) return []
  return [{ keyword: 'anyOf', path, params: {} }]
}

function itemErrors(schema: SchemaNode, values: readonly unknown[], path: Path): ValueError[] {
  const { items, uniqueItems } = schema
  const repeated = uniqueItems === true ? repeatedItems(values) : []
  const errors: ValueError[] =
    repeated.length > 0 ? [{ keyword: 'uniqueItems', path, params: { repeated } }] : []
  if (!items) return errors
  const ofItems = values.flatMap((item, index) => valueErrors(items, item, [...path, `${index}`]))
  return [...errors, ...ofItems]
}

/** Positions of items that an earlier one is equal to. */
function repeatedItems(values: readonly unknown[]): number[] {
  const isRepeated = (item: unknown, index: number) =>
    values.findIndex((other) => isDeepStrictEqual(other, item)) < index
  return [...values.keys()].filter((index) => isRepeated(values[index], index))
}

function mapErrors(schema: SchemaNode, value: PlainMap, path: Path): ValueError[] {
  const errors: ValueError[] = []
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key))
  if (missing.length > 0) {
    errors.push({ keyword: 'required', path, params: { requiredProperties: missing } })
  }
  const unknown: string[] = []
  const inner: ValueError[] = []
  for (const [key, item] of Object.entries(value)) {
    const child = childOf(schema, key)
    if (child === false) unknown.push(key)
    else inner.push(...valueErrors(child, item, [...path, key]))
  }
  if (unknown.length > 0) {
    errors.push({
      keyword: 'additionalProperties',
      path,
      params: { additionalProperties: unknown },
    })
  }
  return [...errors, ...inner]
}

/** The schema of a key, or false if there may be no such key. */
function childOf(schema: SchemaNode, key: string): SchemaNode | false {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key]!
  const patterned = patternSchema(schema, key)
  if (patterned) return patterned
  const { additionalProperties } = schema
  if (additionalProperties === false) return false
  return typeof additionalProperties === 'object' ? additionalProperties : {}
}

function patternSchema({ patternProperties = {} }: SchemaNode, key: string) {
  const found = Object.keys(patternProperties).find((pattern) => new RegExp(pattern, 'u').test(key))
  return found === undefined ? undefined : patternProperties[found]
}

/** The first keyword about the value itself that it does not fit. */
function failedKeyword(schema: SchemaNode, value: unknown): string | undefined {
  if (schema.const !== undefined && value !== schema.const) return 'const'
  if (schema.enum && !schema.enum.includes(value)) return 'enum'
  if (typeof value === 'string') return failedTextKeyword(schema, value)
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) return 'minimum'
    if (schema.maximum !== undefined && value > schema.maximum) return 'maximum'
  }
  const { minItems } = schema
  const isShort = Array.isArray(value) && minItems !== undefined && value.length < minItems
  return isShort ? 'minItems' : undefined
}

function failedTextKeyword(schema: SchemaNode, text: string): string | undefined {
  if (schema.minLength !== undefined && [...text].length < schema.minLength) return 'minLength'
  const rule = schema.format === undefined ? undefined : formats[schema.format]
  if (rule && !rule.check(text)) return 'format'
  const { pattern } = schema
  return pattern !== undefined && !new RegExp(pattern, 'u').test(text) ? 'pattern' : undefined
}

function hasType({ type }: SchemaNode, value: unknown): boolean {
  if (type === undefined) return true
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value)
  return type === jsonType(value)
}

function fits(schema: SchemaNode, value: unknown): boolean {
  return valueErrors(schema, value).length === 0
}

function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
