/** A schema's fields as rows of a reference page, and what is missing to describe them. */

/** The part of JSON Schema that configurations are made of. */
export interface SchemaNode {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
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
  /** Always the same value, such as the `type` that tells alternatives apart. */
  readonly constant: boolean
  readonly description: string
  readonly examples: readonly string[]
}

/** One that not all alternatives have, with the tags of those that have it. */
interface FieldOfSome extends Field {
  readonly alternatives?: readonly string[]
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
      constant: node.const !== undefined,
      description: node.description ?? '',
      examples: (node.examples ?? []).map((example) => valueText(example)),
    }
    return [own, ...withOneTag(inner.flatMap((of) => alternativeFields(of)))]
  })
}

/** One sentence for each field that a reader could not use from its description alone. */
export function fieldTroubles(schema: SchemaNode, owner: string): string[] {
  return fieldsOf(schema).flatMap((field) => {
    if (field.constant) return []
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
  if (node.anyOf) return unionText(node.anyOf)
  if (node.type === 'array') return `list of ${typeText(node.items ?? {})}`
  if (node.type === 'object') return 'map'
  if (node.enum) return node.enum.map(valueText).join(' or ')
  if (node.type === 'string') return node.format?.replaceAll('_', ' ') ?? 'text'
  if (node.type === 'integer' || node.type === 'number') return node.type + rangeText(node)
  return node.type ?? 'anything'
}

/** A list of what may also stand alone is not spelt out once more. */
function unionText(branches: readonly SchemaNode[]): string {
  const texts = branches.map((branch) => {
    const items = branch.items?.anyOf?.map(typeText) ?? []
    const isRepeated = items.length > 1 && items.every((item) => alone(branches).includes(item))
    return isRepeated ? 'list of these' : typeText(branch)
  })
  return [...new Set(texts)].join(' or ')
}

function alone(branches: readonly SchemaNode[]): string[] {
  return branches.filter((branch) => !branch.items).map(typeText)
}

interface Inner {
  readonly schema: SchemaNode
  readonly prefix: string
  readonly isAlternative: boolean
}

/** Of alternatives told apart by a constant, each field says which of them it belongs to. */
function alternativeFields({ schema, prefix, isAlternative }: Inner): FieldOfSome[] {
  const fields = fieldsOf(schema, prefix)
  const tag = fields.find((field) => field.constant)
  if (!isAlternative || !tag) return fields
  return fields.map((field) => (field.constant ? field : { ...field, alternatives: [tag.type] }))
}

/** The constants of all alternatives as one field, and fields that several have once. */
function withOneTag(fields: readonly FieldOfSome[]): Field[] {
  const tags = fields.filter((field) => field.constant)
  const [tag] = tags
  if (!tag) return [...fields]
  const type = tags.map((field) => field.type).join(' or ')
  const merged = { ...tag, type, description: tag.description || 'Which of the alternatives.' }
  return [merged, ...sharedFields(fields.filter((field) => !field.constant))]
}

function sharedFields(fields: readonly FieldOfSome[]): Field[] {
  const shared = new Map<string, FieldOfSome>()
  for (const { alternatives = [], ...field } of fields) {
    const key = JSON.stringify(field)
    const known = shared.get(key)?.alternatives ?? []
    shared.set(key, { ...field, alternatives: [...known, ...alternatives] })
  }
  return [...shared.values()].map(({ alternatives = [], ...field }) => {
    const of = alternatives.length > 0 ? `(${alternatives.join(', ')}) ` : ''
    return { ...field, description: of + field.description }
  })
}

/** The objects one level down: a group, the items of a list, the values of a map. */
function innerObjects(node: SchemaNode, path: string, isAlternative = false): Inner[] {
  if (node.properties) return [{ schema: node, prefix: `${path}.`, isAlternative }]
  if (node.items) return innerObjects(node.items, `${path}[]`)
  if (node.anyOf) {
    const objects = node.anyOf.filter((branch) => branch.properties)
    const branches = objects.length > 0 ? objects : node.anyOf
    return branches.flatMap((branch) => innerObjects(branch, path, true))
  }
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
