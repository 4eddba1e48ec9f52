/** A schema's fields as rows of a reference page, and what is missing to describe them. */

/** The part of JSON Schema that configurations are made of. */
export interface SchemaNode {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly writeOnly?: boolean
}

export interface Field {
  /** Dotted path from the component: `rotate.size`, `clients[].network`. */
  readonly path: string
  readonly type: string
  /** As it would be written in YAML; undefined when the field must be given or may be absent. */
  readonly defaultText: string | undefined
  readonly required: boolean
  readonly description: string
  readonly examples: readonly string[]
}

/** Words with which a description says what it means that a field is not there. */
const SAYS_ABSENT = /\b(absent|without|unset|if not given|left out|none|or give)\b/i

export function fieldsOf(schema: SchemaNode, prefix = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, node]) => {
    const path = prefix + key
    const inner = innerObjects(node, path)
    const isGroup = node.properties !== undefined && inner.length > 0
    const isRequired = (schema.required ?? []).includes(key) && node.default === undefined
    const own: Field = {
      path,
      type: typeText(node),
      defaultText: isGroup ? undefined : defaultText(node),
      required: isRequired,
      description: node.description ?? '',
      examples: (node.examples ?? []).map((example) => valueText(example)),
    }
    return [own, ...inner.flatMap(({ schema: of, prefix: start }) => fieldsOf(of, start))]
  })
}

/** One sentence for each field that a reader could not use from its description alone. */
export function fieldTroubles(schema: SchemaNode, owner: string): string[] {
  return fieldsOf(schema).flatMap((field) => {
    if (field.description === '') return [`${owner}: ${field.path} has no description`]
    if (!/[.!)]$/.test(field.description)) {
      return [`${owner}: the description of ${field.path} does not end like a sentence`]
    }
    const isOpen = !field.required && field.defaultText === undefined && field.type !== 'map'
    if (!isOpen || SAYS_ABSENT.test(field.description)) return []
    return [`${owner}: ${field.path} has no default, and does not say what absence means`]
  })
}

/** What may be written: `size`, `integer from 1`, `"a" or "b"`, `list of networks`. */
export function typeText(node: SchemaNode): string {
  if (node.const !== undefined) return valueText(node.const)
  if (node.anyOf) return [...new Set(node.anyOf.map(typeText))].join(' or ')
  if (node.type === 'array') return `list of ${typeText(node.items ?? {})}`
  if (node.type === 'object') return 'map'
  if (node.type === 'string') return node.format?.replaceAll('_', ' ') ?? 'text'
  if (node.type === 'integer' || node.type === 'number') return node.type + rangeText(node)
  return node.type ?? 'anything'
}

interface Inner {
  readonly schema: SchemaNode
  readonly prefix: string
}

/** The objects one level down: a group, the items of a list, the values of a map. */
function innerObjects(node: SchemaNode, path: string): Inner[] {
  if (node.properties) return [{ schema: node, prefix: `${path}.` }]
  if (node.items) return innerObjects(node.items, `${path}[]`)
  if (node.anyOf) return node.anyOf.flatMap((branch) => innerObjects(branch, path))
  return Object.values(node.patternProperties ?? {}).flatMap((of) => innerObjects(of, `${path}.*`))
}

function defaultText({ default: value }: SchemaNode): string | undefined {
  return value === undefined ? undefined : valueText(value)
}

function valueText(value: unknown): string {
  return JSON.stringify(value)
}

function rangeText({ minimum, maximum }: SchemaNode): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return ` from ${minimum}`
  return maximum === undefined ? '' : ` up to ${maximum}`
}
