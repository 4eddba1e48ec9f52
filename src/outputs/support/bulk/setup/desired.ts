/**
 * What is to be on the server for a target: a component template with the fields of logs, which all
 * targets share, an index template for the target's names, and a policy for retention. Each says
 * who made it, in which version, and a hash of what it is.
 */
import { createHash } from 'node:crypto'
import { logMappings, logSettings } from './mappings.ts'
import type { Json, SetupOptions } from './options.ts'

/** Counted up when the same options make something else. Constants here and in mappings.ts. */
export const SETUP_VERSION = 2
export const OWNER = 'logboom'
export const FIELDS_NAME = 'logboom-fields'

/** Above what comes with Elasticsearch (100) and what most write by hand (200). */
const PRIORITY_MIN = 250
/** Below what somebody writes who means to overrule. */
const PRIORITY_MAX = 299
const DAY_MS = 86_400_000

export interface Resource {
  /** For people: `index template logboom-logs-docker`. */
  readonly title: string
  readonly path: string
  readonly body: Json
}

/** Identifies what is ours, and which state of it: the part `_meta` of a resource. */
export interface Mark {
  readonly managed_by: string
  readonly version: number
  readonly hash: string
}

export function fieldsTemplate(options: SetupOptions): Resource {
  const template = { mappings: logMappings(options), settings: logSettings(options.product) }
  return {
    title: `component template ${FIELDS_NAME}`,
    path: `/_component_template/${FIELDS_NAME}`,
    body: marked({ template }),
  }
}

/** `lifecycle` is the retention where the server takes it as a part of the template. */
export function indexTemplate(options: SetupOptions, lifecycle: Lifecycle | null): Resource {
  const name = nameFor(options.pattern)
  return {
    title: `index template ${name} for ${options.pattern}`,
    path: `/_index_template/${name}`,
    body: marked({
      index_patterns: [options.pattern],
      priority: priorityOf(options.pattern),
      composed_of: [FIELDS_NAME],
      ...(options.isDataStream && { data_stream: {} }),
      template: { ...lifecycle },
    }),
  }
}

/** How a template says how long its indices are kept. */
export type Lifecycle =
  | { readonly lifecycle: { readonly data_retention: string } }
  | { readonly settings: { readonly 'index.lifecycle.name': string } }

export function streamLifecycle(retentionMs: number): Lifecycle {
  return { lifecycle: { data_retention: serverDuration(retentionMs) } }
}

export function policyLifecycle(pattern: string): Lifecycle {
  return { settings: { 'index.lifecycle.name': nameFor(pattern) } }
}

/** Elasticsearch's ILM, for indices that are no data stream: their names have the date. */
export function ilmPolicy({ pattern, retentionMs }: SetupOptions): Resource {
  const name = nameFor(pattern)
  const remove = { min_age: serverDuration(retentionMs!), actions: { delete: {} } }
  const phases = { hot: { min_age: '0ms', actions: {} }, delete: remove }
  const { _meta } = marked({ phases })
  return {
    title: `lifecycle policy ${name}`,
    path: `/_ilm/policy/${name}`,
    body: { policy: { phases, _meta } },
  }
}

/** OpenSearch's ISM; a policy has no `_meta`, so its description says whose it is. */
export function ismPolicy({ pattern, retentionMs, isDataStream }: SetupOptions): Resource {
  const name = nameFor(pattern)
  const age = { min_index_age: serverDuration(retentionMs!) }
  const rollover = { min_index_age: '1d', min_primary_shard_size: '30gb' }
  const policy = {
    default_state: 'kept',
    states: [
      {
        name: 'kept',
        actions: isDataStream ? [{ rollover }] : [],
        transitions: [{ state_name: 'removed', conditions: age }],
      },
      { name: 'removed', actions: [{ delete: {} }], transitions: [] },
    ],
    ism_template: [{ index_patterns: [pattern], priority: priorityOf(pattern) }],
  }
  const { _meta } = marked(policy)
  return {
    title: `ISM policy ${name}`,
    path: `/_plugins/_ism/policies/${name}`,
    body: { policy: { description: JSON.stringify(_meta), ...policy } },
  }
}

/** A name of the server's objects, of a pattern: `logboom-logs-docker`. */
export function nameFor(pattern: string): string {
  const readable = pattern.replaceAll('*', 'any').replaceAll(/[^a-z0-9._-]+/g, '_')
  return `${OWNER}-${readable}`
}

/**
 * Servers refuse two templates of one priority that fit one name, as those of two outputs may: of
 * `logs-*` and `logs-docker-*` the narrower one has more letters of its own, and goes first.
 */
function priorityOf(pattern: string): number {
  const letters = pattern.replaceAll('*', '').length
  const isWhole = letters === pattern.length
  return Math.min(PRIORITY_MIN + letters + (isWhole ? 1 : 0), PRIORITY_MAX)
}

/** Whole days, hours or seconds, which every server reads. */
export function serverDuration(ms: number): string {
  if (ms % DAY_MS === 0) return `${ms / DAY_MS}d`
  const isHours = ms % (DAY_MS / 24) === 0
  return isHours ? `${ms / (DAY_MS / 24)}h` : `${Math.ceil(ms / 1000)}s`
}

function marked<Body extends Json>(body: Body): Body & { readonly _meta: Mark } {
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16)
  return { ...body, _meta: { managed_by: OWNER, version: SETUP_VERSION, hash } }
}
