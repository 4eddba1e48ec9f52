/**
 * From a batch to the files its entries go to. Rendered paths are cached, with a bound; when the
 * path depends on the tag alone, that is one look-up per batch and the batch stays whole.
 */
import { entryNanoseconds, entrySeconds } from '../../../codecs/entry.ts'
import { entryEnd } from '../../../codecs/record.ts'
import type { Batch } from '../../../pipeline/batch.ts'
import { EventFields } from '../../../pipeline/placeholders/event-fields.ts'
import type { EventValues } from '../../../pipeline/placeholders/template.ts'
import type { PathTemplate } from './path-template.ts'
import type { Zone } from '../../../codecs/time/zone.ts'

/** What the cache may hold: characters of keys and paths, the smallest counted as so many. */
const CACHED_LENGTH_MAX = 4 * 1024 * 1024
const CACHED_LENGTH_MIN = 256
/** A longer key is not kept: its path is made again for every batch. */
const CACHED_KEY_LENGTH_MAX = 1024

export interface ResolvedPath {
  readonly path: string
  /** Where the symlink to it goes, if there is one. */
  readonly link: string | undefined
}

/** Neighbouring entries of a batch that go to one file. */
export interface Run {
  readonly target: ResolvedPath
  readonly entries: Uint8Array
  readonly count: number
}

export interface ResolverOptions {
  readonly template: PathTemplate
  readonly link: PathTemplate | undefined
  readonly zone: Zone
  readonly time: 'event' | 'arrival'
  /** Called when a path is made, with what it was made of. */
  readonly noteRendered: (path: string, values: EventValues) => void
}

export class PathResolver {
  readonly #template: PathTemplate
  readonly #link: PathTemplate | undefined
  readonly #zone: Zone
  readonly #usesEventTime: boolean
  readonly #fields: EventFields
  readonly #noteRendered: ResolverOptions['noteRendered']
  readonly #cache = new Map<string, ResolvedPath>()
  #cachedLength = 0
  /** True when entries of one batch may go to different files. */
  readonly isPerEntry: boolean

  constructor({ template, link, zone, time, noteRendered }: ResolverOptions) {
    this.#noteRendered = noteRendered
    this.#template = template
    this.#link = link
    this.#zone = zone
    this.#usesEventTime = template.sliceMs > 0 && time === 'event'
    this.#fields = new EventFields(template.fields)
    this.isPerEntry = this.#usesEventTime || template.fields.length > 0
  }

  /** The path for all of a batch; not for a template that is `isPerEntry`. */
  resolveTag(tag: string, arrivalMs: number): ResolvedPath {
    const sliceMs = this.#template.sliceMs
    const key = sliceMs === 0 ? tag : `${Math.floor(arrivalMs / sliceMs)} ${tag}`
    return this.#cache.get(key) ?? this.#render(key, { tag, utcMs: arrivalMs, fields: [] })
  }

  /** The batch in runs of entries with the same path, in its order. */
  split(batch: Batch, arrivalMs: number): Run[] {
    const { tag, entries } = batch
    const runs: Run[] = []
    let start = 0
    let count = 0
    let target: ResolvedPath | undefined
    let previous = -1
    for (let offset = 0; offset < entries.length; offset = entryEnd(entries, offset)) {
      if (previous < 0 || !this.#isSamePath(entries, previous, offset)) {
        const next = this.#resolveEntry(tag, entries, offset, arrivalMs)
        if (target && target !== next) {
          runs.push({ target, entries: entries.subarray(start, offset), count })
          start = offset
          count = 0
        }
        target = next
      }
      previous = offset
      count++
    }
    if (target) runs.push({ target, entries: entries.subarray(start), count })
    return runs
  }

  /** Whether two entries agree in everything the path is made of; allocates nothing. */
  #isSamePath(entries: Uint8Array, one: number, other: number): boolean {
    if (this.#usesEventTime && this.#slice(entries, one) !== this.#slice(entries, other))
      return false
    return this.#fields.areSame(entries, one, other)
  }

  #slice(entries: Uint8Array, offset: number): number {
    return Math.floor((entrySeconds(entries, offset) * 1000) / this.#template.sliceMs)
  }

  #resolveEntry(tag: string, entries: Uint8Array, offset: number, arrivalMs: number) {
    const fields = this.#fields.valuesAt(entries, offset)
    const utcMs = this.#usesEventTime ? eventMs(entries, offset) : arrivalMs
    const sliceMs = this.#template.sliceMs
    const slice = sliceMs === 0 ? 0 : Math.floor(utcMs / sliceMs)
    const key = JSON.stringify([slice, tag, ...fields.map((field) => field ?? null)])
    return this.#cache.get(key) ?? this.#render(key, { tag, utcMs, fields })
  }

  #render(key: string, values: EventValues): ResolvedPath {
    const path = this.#template.render(values, this.#zone)
    const link = this.#link?.render(values, this.#zone)
    this.#noteRendered(path, values)
    const resolved = { path, link }
    if (key.length <= CACHED_KEY_LENGTH_MAX) this.#keep(key, resolved)
    return resolved
  }

  #keep(key: string, resolved: ResolvedPath): void {
    const length = key.length + resolved.path.length + (resolved.link?.length ?? 0)
    this.#cachedLength += Math.max(length, CACHED_LENGTH_MIN)
    if (this.#cachedLength > CACHED_LENGTH_MAX) {
      this.#cache.clear()
      this.#cachedLength = Math.max(length, CACHED_LENGTH_MIN)
    }
    this.#cache.set(key, resolved)
  }
}

function eventMs(entries: Uint8Array, offset: number): number {
  return entrySeconds(entries, offset) * 1000 + Math.floor(entryNanoseconds(entries, offset) / 1e6)
}
