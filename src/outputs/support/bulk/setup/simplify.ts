/** A resource without the part that a server says it does not know. */
import { FALLBACK_TYPES } from './mappings.ts'
import type { Json } from './options.ts'

export interface Simpler {
  readonly body: Json
  /** What is missing now, for people. */
  readonly without: string
}

const UNKNOWN_TYPES = [
  /mapper type \[(\w+)\] declared on field/,
  /No handler for type \[(\w+)\] declared on field/,
]
const UNKNOWN_SETTING = /(?:unknown setting|private index setting) \[([\w.]+)\]/
const SETTING_NOT_AVAILABLE = /Settings \[([\w.]+)/
const UNKNOWN_LIFECYCLE = /unknown field \[lifecycle\]/

/** Null if nothing can be left out because of that reason. */
export function simpler(body: Json, reason: string): Simpler | null {
  const type = UNKNOWN_TYPES.map((pattern) => pattern.exec(reason)?.[1]).find(Boolean)
  if (type !== undefined) return withoutType(body, type)
  const setting = (UNKNOWN_SETTING.exec(reason) ?? SETTING_NOT_AVAILABLE.exec(reason))?.[1]
  if (setting !== undefined) return withoutKey(body, setting, `the setting ${setting}`)
  if (UNKNOWN_LIFECYCLE.test(reason)) return withoutKey(body, 'lifecycle', 'retention')
  return null
}

function withoutType(body: Json, type: string): Simpler | null {
  const fallback = Object.hasOwn(FALLBACK_TYPES, type) ? FALLBACK_TYPES[type] : undefined
  if (!fallback) return null
  const changed = mapObjects(body, (value) => {
    if (value['type'] !== type) return value
    return { ...value, ...fallback }
  })
  return { body: changed, without: `the type ${type}: ${String(fallback['type'])} stands for it` }
}

/** Null if the key is nowhere: leaving it out once more would change nothing. */
function withoutKey(body: Json, key: string, without: string): Simpler | null {
  let isFound = false
  const changed = mapObjects(body, (value) => {
    if (!Object.hasOwn(value, key)) return value
    isFound = true
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  })
  return isFound ? { body: changed, without } : null
}

function mapObjects(value: Json, change: (value: Json) => Json): Json {
  const entries = Object.entries(change(value)).map(([key, inner]) => [key, mapped(inner, change)])
  return Object.fromEntries(entries) as Json
}

function mapped(value: unknown, change: (value: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(item, change))
  return typeof value === 'object' && value !== null ? mapObjects(value as Json, change) : value
}
