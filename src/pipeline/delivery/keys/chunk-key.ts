/** What all events of a chunk have in common, where chunks have keys. */
import { createHash } from 'node:crypto'
import type { WallClock } from '../../placeholders/strftime.ts'

export interface ChunkKey {
  /** Tells it from all others of its buffer. */
  readonly id: string
  /** Undefined when the tag is not among the keys. */
  readonly tag: string | undefined
  /** Milliseconds since 1970 at which the slice of time begins; undefined when time is none. */
  readonly time: number | undefined
  /** Which clock the slice is of. */
  readonly clock: WallClock
  /** By `nameOfField`: values as text, undefined for what the events do not have. */
  readonly fields: ReadonlyMap<string, string | undefined>
}

/** A value is a key as long as it is; what is longer is cut and ends in a hash of it all. */
const VALUE_LENGTH_MAX = 1024
const HASH_DIGITS = 32

/** One name for a field, however it was written. */
export function nameOfField(keys: readonly string[]): string {
  return JSON.stringify(keys)
}

/** So that one event cannot make a key, and what is named after it, as long as it likes. */
export function boundedValue(value: string | undefined): string | undefined {
  if (value === undefined || value.length <= VALUE_LENGTH_MAX) return value
  const hash = createHash('sha256').update(value).digest('hex').slice(0, HASH_DIGITS)
  return `${value.slice(0, VALUE_LENGTH_MAX - HASH_DIGITS - 1)}~${hash}`
}
