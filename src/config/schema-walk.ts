/** Finding one's way in a JSON Schema beside a value: children of objects, branches of unions. */

/** Keys from a root to a value inside it; list positions are written as text. */
export type Path = readonly string[]

/** The part of JSON Schema that components' schemas are made of. */
export interface SchemaNode {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null'
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly required?: readonly string[]
  readonly format?: string
  readonly pattern?: string
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly writeOnly?: boolean
}

const NOTHING: SchemaNode = {}

/** The schema of a key or list position; an empty one if nothing is known about it. */
export function childSchema(schema: SchemaNode, key: string): SchemaNode {
  if (schema.items) return schema.items
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key]!
  for (const [pattern, child] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern, 'u').test(key)) return child
  }
  const additional = schema.additionalProperties
  return typeof additional === 'object' ? additional : NOTHING
}

/**
 * The branch of a union that a value was meant for: the one whose constant `type` (or other tag)
 * the value has, else the only one of the value's JSON type. Undefined if that leaves a doubt.
 */
export function chooseBranch(schema: SchemaNode, value: unknown): SchemaNode | undefined {
  const branches = schema.anyOf ?? []
  const tagged = branches.filter((branch) => hasTagOf(branch, value))
  if (tagged.length === 1) return tagged[0]
  const typed = branches.filter((branch) => branch.const === undefined && fitsType(branch, value))
  return typed.length === 1 ? typed[0] : undefined
}

function hasTagOf(branch: SchemaNode, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(branch.properties ?? {}).some(
    ([key, property]) =>
      property.const !== undefined && property.const === (value as Record<string, unknown>)[key],
  )
}

function fitsType(branch: SchemaNode, value: unknown): boolean {
  return branch.type === jsonType(value) || (branch.type === 'integer' && Number.isInteger(value))
}

export function jsonType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
