/**
 * Checks a plain value against a TypeBox schema and fills in the defaults. Strict: unknown keys
 * are problems, nothing is converted, and all problems come in one go. What fits and what does not:
 * value-errors.ts. Wording of messages: wording.ts.
 */
import type { Static, TSchema } from 'typebox'
import { withDefaults } from './defaults.ts'
import { childSchema, chooseBranch, type Path, type SchemaNode } from './schema-walk.ts'
import { valueErrors, type ValueError } from './value-errors.ts'
import { explain, type Problem } from './wording.ts'

export type { Problem }

export type Validation<Value> =
  | { readonly value: Value; readonly problems?: undefined }
  | { readonly problems: readonly Problem[]; readonly value?: undefined }

/**
 * The value with its defaults, or everything that is wrong with it. `value` is not changed. Keys
 * that are checked elsewhere and stand beside its own are only hinted at: `alsoKnown`.
 */
export function validateConfig<Schema extends TSchema>(
  schema: Schema,
  value: unknown,
  alsoKnown: readonly string[] = [],
): Validation<Static<Schema>> {
  const filled = withDefaults(schema, value)
  const problems = problemsOf(schema, filled, [], alsoKnown)
  return problems.length > 0 ? { problems } : { value: filled as Static<Schema> }
}

function problemsOf(
  schema: SchemaNode,
  value: unknown,
  path: Path,
  alsoKnown: readonly string[] = [],
): Problem[] {
  const errors = valueErrors(schema, value)
  const unions = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.path)
  const outside = errors.filter((error) => !unions.some((union) => isWithin(error.path, union)))
  const outermost = unions.filter(
    (union) => !unions.some((other) => other.length < union.length && isWithin(union, other)),
  )
  return [
    ...outside.flatMap((error) => explained(schema, value, path, error, alsoKnown)),
    ...outermost.flatMap((union) => unionProblems(schema, value, path, union)),
  ]
}

/** Of a union only the branch the value was meant for is worth reporting. */
function unionProblems(schema: SchemaNode, value: unknown, path: Path, union: Path): Problem[] {
  const { schema: found, value: inner } = descend(schema, value, union)
  const branch = chooseBranch(found, inner)
  // Beside words that may stand for it (`never`) it is not all that was expected.
  const hasWords = found.anyOf?.some((other) => typeof other.const === typeof inner) ?? false
  if (branch && !hasWords) return problemsOf(branch, inner, [...path, ...union])
  return explained(schema, value, path, { keyword: 'anyOf', path: union, params: {} })
}

function explained(
  schema: SchemaNode,
  value: unknown,
  path: Path,
  error: ValueError,
  alsoKnown: readonly string[] = [],
): Problem[] {
  const at = descend(schema, value, error.path)
  const beside = error.path.length === 0 ? alsoKnown : []
  return explain({ ...error, path: [...path, ...error.path] }, at.schema, at.value, beside)
}

function descend(schema: SchemaNode, value: unknown, path: Path) {
  let at = { schema, value }
  for (const key of path) {
    const union = at.schema.anyOf ? (chooseBranch(at.schema, at.value) ?? at.schema) : at.schema
    const inner = (at.value as Record<string, unknown> | undefined)?.[key]
    at = { schema: childSchema(union, key), value: inner }
  }
  return at
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((key, index) => path[index] === key)
}
