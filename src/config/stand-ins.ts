/**
 * What can still be said of options of which some are wrong. The wrong ones are replaced by values
 * that fit, other ones in each try; what holds in every try holds whatever was meant.
 */
import { withDefaults } from './defaults.ts'
import { formats } from './formats.ts'
import { nearest } from './nearest.ts'
import { childSchema, chooseBranch, type Path, type SchemaNode } from './schema-walk.ts'
import { validateConfig } from './validate.ts'
import { valueErrors } from './value-errors.ts'

/** Enough for each way that an address may be written, the kind of option with the most. */
const TRIES = 8

type PlainMap = Readonly<Record<string, unknown>>

/** Values that fit; they differ wherever `value` does not fit, and at the paths in `wrong`. */
export function standIns(schema: SchemaNode, value: unknown, wrong: readonly Path[]): unknown[] {
  const tries = Array.from({ length: TRIES }, (_, index) => repaired(schema, value, wrong, index))
  return tries.flatMap((each) => validateConfig(schema as object, each).value ?? [])
}

/** What is in all lists; nothing if there is only one, which proves nothing. */
export function commonTo<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const [first = [], ...others] = lists
  if (others.length === 0) return []
  const texts = others.map((list) => new Set(list.map((item) => JSON.stringify(item))))
  return first.filter((item) => texts.every((other) => other.has(JSON.stringify(item))))
}

function repaired(schema: SchemaNode, value: unknown, wrong: readonly Path[], index: number) {
  if (wrong.some((path) => path.length === 0)) return sample(schema, index)
  const branch = schema.anyOf ? branchOf(schema, value) : schema
  if (!branch) return sample(schema, index)
  let whole = value
  if (branch.type === 'array' && Array.isArray(value))
    whole = value.map((item, at): unknown =>
      repaired(childSchema(branch, String(at)), item, below(wrong, String(at)), index),
    )
  else if (branch.type === 'object' && isPlainMap(value))
    whole = repairedMap(branch, value, wrong, index)
  return fits(branch, whole) ? whole : sample(schema, index)
}

function branchOf(schema: SchemaNode, value: unknown): SchemaNode | undefined {
  return schema.anyOf?.find((branch) => fits(branch, value)) ?? chooseBranch(schema, value)
}

function repairedMap(schema: SchemaNode, map: PlainMap, wrong: readonly Path[], index: number) {
  const known = Object.keys(schema.properties ?? {})
  const unknown = Object.keys(map).filter((key) => !isKnown(schema, key))
  const keys = new Set([...Object.keys(map).filter((key) => !unknown.includes(key)), ...known])
  const entries = [...keys].map((key) => {
    const [child, inner] = [childSchema(schema, key), below(wrong, key)]
    if (Object.hasOwn(map, key)) return [key, repaired(child, map[key], inner, index)]
    // A key that does not exist may have been meant for any that is not there.
    const isMeant = unknown.some((other) => (nearest(other, known) ?? key) === key)
    const isNeeded = child.default === undefined && schema.required?.includes(key)
    const isOpen = inner.length > 0 || (isMeant && index > 0)
    return [key, isNeeded || isOpen ? sample(child, index) : withDefaults(child, undefined)]
  })
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as PlainMap
}

function isKnown(schema: SchemaNode, key: string): boolean {
  const probe = valueErrors({ ...schema, required: [] }, { [key]: undefined })
  return !probe.some(({ keyword }) => keyword === 'additionalProperties')
}

function sample(schema: SchemaNode, index: number): unknown {
  const ownDefault = schema.default === undefined ? [] : [withDefaults(schema, undefined)]
  const all = [...ownDefault, ...samples(schema, index)]
  return all[index % all.length]
}

function samples(schema: SchemaNode, index: number): readonly unknown[] {
  if (schema.anyOf) return schema.anyOf.flatMap((branch) => samples(branch, index))
  if (schema.const !== undefined) return [schema.const]
  if (schema.enum) return schema.enum
  if (schema.type === 'string') return textSamples(schema, index)
  if (schema.type === 'boolean') return [false, true]
  if (schema.type === 'array') return listSamples(schema, index)
  if (schema.type === 'object') return mapSamples(schema, index)
  const { minimum, maximum = Infinity } = schema
  return minimum === undefined ? [0, 1] : [minimum, Math.min(minimum + 1, maximum)]
}

function textSamples({ format, minLength = 0 }: SchemaNode, index: number): readonly string[] {
  const known = format === undefined ? undefined : formats[format]?.samples
  return known ?? [`x${index}`.padEnd(minLength, 'x')]
}

function listSamples({ items = {}, minItems = 0 }: SchemaNode, index: number): unknown[][] {
  const full = Array.from({ length: Math.max(1, minItems) }, () => sample(items, index))
  return minItems === 0 ? [[], full] : [full]
}

function mapSamples({ properties = {}, required = [] }: SchemaNode, index: number): PlainMap[] {
  const full = Object.entries(properties).map(([key, child]) => [key, sample(child, index)])
  const least = full.filter(([key]) => required.includes(key as string))
  return [least, full].map((entries) => Object.fromEntries(entries) as PlainMap)
}

function below(paths: readonly Path[], key: string): Path[] {
  return paths.filter(([first]) => first === key).map((path) => path.slice(1))
}

function fits(schema: SchemaNode, value: unknown): boolean {
  return valueErrors(schema, withDefaults(schema, value)).length === 0
}

function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
