/** A configuration as it may be shown: in `logboom config`, on the status page and in the API. */
import type { TSchema } from 'typebox'
import type { Config, Options, Registry, Step } from './model.ts'
import { childSchema, chooseBranch, type SchemaNode } from './schema-walk.ts'

const MASK = '***'

interface Definition {
  readonly type: string
  readonly configSchema: TSchema
}

/** The same configuration with every secret replaced, passwords inside URLs too. */
export function maskSecrets(config: Config, registry: Registry): Config {
  const steps = (list: readonly Step[]) => list.map((step) => maskedStep(step, registry.filters))
  return {
    ...config,
    inputs: mapValues(config.inputs, (input) => masked(input, registry.inputs)),
    outputs: mapValues(config.outputs, (output) => masked(output, registry.outputs)),
    pipeline: steps(config.pipeline),
    labels: mapValues(config.labels, steps),
  }
}

/** The names of all keys that hold secrets, for hiding them in text that is not parsed yet. */
export function secretKeys(registry: Registry): Set<string> {
  const keys = new Set<string>()
  const definitions = [...registry.inputs, ...registry.filters, ...registry.outputs]
  for (const { configSchema } of definitions) collectSecretKeys(configSchema, keys)
  return keys
}

/** The form a configuration is written in: a component's type and options beside each other. */
export function fileForm(config: Config): Record<string, unknown> {
  const { inputs, outputs, pipeline, labels, ...settings } = config
  return {
    ...settings,
    inputs: mapValues(inputs, ({ type, label, options }) => ({
      type,
      ...(label !== undefined && { label: `@${label}` }),
      ...options,
    })),
    outputs: mapValues(outputs, ({ type, options }) => ({ type, ...options })),
    pipeline: pipeline.map(stepForm),
    labels: mapValues(labels, (steps) => steps.map(stepForm)),
  }
}

function stepForm(step: Step): Record<string, unknown> {
  if ('match' in step) return { match: step.match, to: step.to }
  const { filter, type, condition, options } = step
  return { filter, type, ...(condition !== undefined && { if: condition }), ...options }
}

function maskedStep(step: Step, definitions: readonly Definition[]): Step {
  return 'match' in step ? step : masked(step, definitions)
}

function masked<Part extends { readonly type: string; readonly options: Options }>(
  part: Part,
  definitions: readonly Definition[],
): Part {
  const definition = definitions.find((candidate) => candidate.type === part.type)
  const schema: SchemaNode = definition?.configSchema ?? {}
  return { ...part, options: maskValue(schema, part.options) as Options }
}

function maskValue(schema: SchemaNode, value: unknown): unknown {
  if (isSecret(schema)) return MASK
  if (typeof value === 'string') return value.replace(/(:\/\/[^/:@\s]*:)[^/@\s]+@/, `$1${MASK}@`)
  if (typeof value !== 'object' || value === null) return value
  const branch = schema.anyOf ? (chooseBranch(schema, value) ?? {}) : schema
  if (Array.isArray(value))
    return value.map((item, index) => maskValue(childSchema(branch, String(index)), item))
  return mapValues(value as Options, (item, key) => maskValue(childSchema(branch, key), item))
}

function isSecret(schema: SchemaNode): boolean {
  return schema.writeOnly === true || (schema.anyOf ?? []).some(isSecret)
}

function collectSecretKeys(schema: SchemaNode, keys: Set<string>): void {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    if (isSecret(child) || (child.items && isSecret(child.items))) keys.add(key)
    collectSecretKeys(child, keys)
  }
  const others = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]
  const patterned = Object.values(schema.patternProperties ?? {})
  for (const child of [...others, ...patterned])
    if (typeof child === 'object') collectSecretKeys(child, keys)
}

function mapValues<From, To>(
  map: Readonly<Record<string, From>>,
  change: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]))
}
