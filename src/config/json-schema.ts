/**
 * The JSON Schema (draft 7) that editors complete and check configurations with:
 * config/schema.json. Looser than the loader where `${env:…}` may stand for a value.
 */
import type { TSchema } from 'typebox'
import { outputCommonSchema } from './buffer-schema.ts'
import { formats } from './formats.ts'
import type { Registry } from './model.ts'
import {
  FREE_KEY_PREFIX,
  filterCommonSchema,
  inputCommonSchema,
  matchSchema,
  topLevelSchema,
} from './top-level.ts'

type Json = Record<string, unknown>

interface Definition {
  readonly type: string
  readonly summary: string
  readonly configSchema: TSchema
}

const PLACEHOLDER = '\\$\\{(env|file):'

export function buildConfigSchema(registry: Registry): Json {
  const top = forEditors(topLevelSchema)
  const properties = top['properties'] as Record<string, Json>
  const step = { anyOf: [...filterSteps(registry), forEditors(matchSchema)] }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Logboom configuration',
    ...top,
    properties: {
      include: includeSchema,
      ...properties,
      inputs: ofNames(properties['inputs'], { anyOf: inputs(registry) }),
      outputs: ofNames(properties['outputs'], { anyOf: outputs(registry) }),
      pipeline: { ...properties['pipeline'], items: { $ref: '#/definitions/step' } },
      labels: ofNames(properties['labels'], {
        type: 'array',
        items: { $ref: '#/definitions/step' },
      }),
    },
    patternProperties: {
      [`^${FREE_KEY_PREFIX}`]: { description: 'Ignored: a place for anchors.' },
    },
    definitions: { step },
  }
}

const includeSchema = {
  description:
    'Configuration files to put together with this one: a path or a list, with * and **, ' +
    'relative to this file.',
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
}

function inputs(registry: Registry): Json[] {
  return registry.inputs.map((input) => variant(input, forEditors(inputCommonSchema)))
}

function filterSteps(registry: Registry): Json[] {
  return registry.filters.map((filter) => variant(filter, forEditors(filterCommonSchema)))
}

function outputs(registry: Registry): Json[] {
  return registry.outputs.map((output) => variant(output, forEditors(outputCommonSchema)))
}

function ofNames(schema: Json | undefined, item: Json): Json {
  const pattern = Object.keys(schema?.['patternProperties'] ?? {})[0] ?? '.*'
  return { ...schema, patternProperties: { [pattern]: item } }
}

/** One component: its options, the common keys, and the `type` that tells it from the others. */
function variant(definition: Definition, common: Json = {}): Json {
  const own = forEditors(definition.configSchema)
  const required = [common['required'] ?? [], own['required'] ?? []].flat()
  const ownProperties = own['properties'] as Json | undefined
  return {
    ...own,
    description: definition.summary,
    properties: {
      type: { const: definition.type, description: definition.summary },
      ...(common['properties'] as Json | undefined),
      ...ownProperties,
    },
    required: ['type', ...required],
  }
}

function forEditors(schema: TSchema): Json {
  return convert(JSON.parse(JSON.stringify(schema))) as Json
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert)
  if (typeof value !== 'object' || value === null) return value
  const schema = mapEntries(value as Json, convert)
  return withPlaceholders(withPattern(withoutDefaulted(schema)))
}

/** A key with a default is filled in by the loader, so nobody has to write it. */
function withoutDefaulted(schema: Json): Json {
  if (!Array.isArray(schema['required'])) return schema
  const { required, ...rest } = schema
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  const missing = (required as string[]).filter((key) => !('default' in (properties[key] ?? {})))
  return missing.length > 0 ? { ...rest, required: missing } : rest
}

/** Editors do not know our formats; some know another meaning of `duration`. */
function withPattern(schema: Json): Json {
  const { format, ...rest } = schema
  if (typeof format !== 'string') return schema
  const pattern = formats[format]?.pattern
  return pattern === undefined ? rest : { ...rest, pattern: `${pattern}|${PLACEHOLDER}` }
}

/** A number or a switch may be written as `${env:NAME}`, which is a text to an editor. */
function withPlaceholders(schema: Json): Json {
  const { type, description, default: fallback, minimum, maximum, ...rest } = schema
  const isBare = type === 'integer' || type === 'number' || type === 'boolean'
  if (!isBare || 'const' in rest) return schema
  const bare = {
    type,
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  }
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    anyOf: [
      { ...bare, ...rest },
      { type: 'string', pattern: PLACEHOLDER },
    ],
  }
}

function mapEntries(map: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}
