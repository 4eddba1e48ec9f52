/** Turns a schema error into a sentence a person can act on: what is wrong, what was expected. */
import { formats } from './formats.ts'
import { hint, nearest } from './nearest.ts'
import type { Path, SchemaNode } from './schema-walk.ts'
import type { ValueError } from './value-errors.ts'

/** One thing that is wrong with a value. */
export interface Problem {
  /** From the value's root: `['rotate', 'every']`, `['listen', '0']`. */
  readonly path: Path
  readonly message: string
  /** True when the key at `path` is the trouble rather than its value. */
  readonly atKey: boolean
  /** Where in the text of the value it is, in UTF-16 units from 0. */
  readonly position?: number
}

/**
 * The problems one error stands for; `schema` and `value` are those at the error's path, where
 * besides the schema's own keys those that are `alsoKnown` may stand.
 */
export function explain(
  error: ValueError,
  schema: SchemaNode,
  value: unknown,
  alsoKnown: readonly string[] = [],
): Problem[] {
  if (error.keyword === 'additionalProperties') return unknownKeys(error, schema, alsoKnown)
  if (error.keyword === 'required') return missingKeys(error, schema, value)
  if (error.keyword === 'uniqueItems') return repeatedItems(error, value)
  const trouble = error.keyword === 'format' ? readingTrouble(error, schema, value) : undefined
  if (trouble) return [trouble]
  const shown = schema.writeOnly === true ? 'this value' : show(value)
  const name = error.path.length > 0 ? ` for ${named(error.path)}` : ''
  const expected = expectation(schema) ?? 'something else'
  const message = `cannot use ${shown}${name}; expected ${expected}${quotesHint(schema, value)}`
  return [{ path: error.path, message, atKey: false }]
}

/** What a schema accepts, to complete "expected …"; undefined if it has no words for it. */
export function expectation(schema: SchemaNode): string | undefined {
  if (schema.anyOf) return alternatives(schema.anyOf)
  if (schema.const !== undefined) return show(schema.const)
  if (schema.enum) return `one of: ${schema.enum.map(plain).join(', ')}`
  if (schema.format !== undefined) return formats[schema.format]?.expected ?? schema.format
  switch (schema.type) {
    case 'string':
      return textExpectation(schema)
    case 'integer':
      return `a whole number${range(schema)}`
    case 'number':
      return `a number${range(schema)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return listExpectation(schema)
    case 'object':
      return 'a map of keys and values'
    case 'null':
    case undefined:
      return undefined
  }
}

function readingTrouble({ path }: ValueError, { format, writeOnly }: SchemaNode, value: unknown) {
  if (format === undefined || typeof value !== 'string') return undefined
  const trouble = formats[format]?.trouble?.(value)
  if (!trouble) return undefined
  const { message: cause, position } = trouble
  const name = path.length > 0 ? ` in ${named(path)}` : ''
  const shown = writeOnly === true ? 'this value' : show(value)
  if (position === undefined)
    return { path, message: `cannot read ${shown}${name}: ${cause}`, atKey: false }
  const message = `cannot read the ${format}${name}: ${cause}, at column ${position + 1}`
  return { path, message, atKey: false, position }
}

function unknownKeys(
  error: ValueError,
  schema: SchemaNode,
  alsoKnown: readonly string[],
): Problem[] {
  const known = [...Object.keys(schema.properties ?? {}), ...alsoKnown]
  const pattern = Object.keys(schema.patternProperties ?? {})[0]
  return (error.params['additionalProperties'] as string[]).map((key) => {
    const message =
      pattern === undefined
        ? `unknown key "${key}"${hint(key, known)}`
        : `cannot use "${key}" as a name; expected a name that fits ${pattern}`
    return { path: [...error.path, key], message, atKey: true }
  })
}

function missingKeys(error: ValueError, schema: SchemaNode, value: unknown): Problem[] {
  const missing = error.params['requiredProperties'] as string[]
  const known = Object.keys(schema.properties ?? {})
  const unknown = Object.keys(value as object).filter((key) => !known.includes(key))
  // A misspelt key is reported as such and not missing besides.
  const meant = unknown.map((key) => nearest(key, known))
  const absent = missing.filter(
    (key) => !Object.hasOwn(value as object, key) && !meant.includes(key),
  )
  return absent.map((key) => {
    const expected = expectation(schema.properties?.[key] ?? {})
    const message = `missing key "${key}"${expected === undefined ? '' : `; expected ${expected}`}`
    return { path: error.path, message, atKey: true }
  })
}

function repeatedItems({ path, params }: ValueError, value: unknown): Problem[] {
  return (params['repeated'] as number[]).map((index) => {
    const at = [...path, String(index)]
    const item = show((value as readonly unknown[])[index])
    const message = `cannot use ${item} for ${named(at)}: it is there already; expected it once`
    return { path: at, message, atKey: false }
  })
}

function alternatives(branches: readonly SchemaNode[]): string {
  const constants = branches.filter((branch) => branch.const !== undefined)
  if (constants.length === branches.length)
    return `one of: ${constants.map((branch) => plain(branch.const)).join(', ')}`
  const words = branches.map((branch) => expectation(branch)).filter((text) => text !== undefined)
  return [...new Set(words)].join(', or ')
}

function listExpectation({ items, minItems }: SchemaNode): string {
  const each = items === undefined ? undefined : expectation(items)
  const list =
    minItems === undefined || minItems === 0 ? 'a list' : `a list of at least ${minItems}`
  return each === undefined ? list : `${list}, each ${each}`
}

function textExpectation(schema: SchemaNode): string {
  if (schema.pattern !== undefined) return `a text that fits ${schema.pattern}`
  return (schema.minLength ?? 0) > 0 ? 'a text that is not empty' : 'a text'
}

function range({ minimum, maximum }: SchemaNode): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return ` of at least ${minimum}`
  return maximum === undefined ? '' : ` of at most ${maximum}`
}

/** YAML reads `0640`, `yes` or `1.10` as something else than text; quotes are the way out. */
function quotesHint(schema: SchemaNode, value: unknown): string {
  const bare = typeof value === 'number' || typeof value === 'boolean'
  const plainText = schema.type === 'string' && (schema.format ?? 'secret') === 'secret'
  return bare && plainText ? ' (in quotes)' : ''
}

function named(path: Path): string {
  const last = path.at(-1)!
  return /^\d+$/.test(last) && path.length > 1 ? `item ${Number(last) + 1} of ${path.at(-2)}` : last
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? 'a list' : 'an empty list'
  if (typeof value === 'object' && value !== null) return 'a map'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= 60 ? text : `${text.slice(0, 59)}…"`
}
