/** Chunk keys as a configuration has them: what is wrong with them, and what they mean. */
import { isZone, Zone } from '../codecs/time/zone.ts'
import { ChunkTemplate } from '../pipeline/delivery/keys/chunk-template.ts'
import type { ChunkKeySettings } from '../pipeline/delivery/keys/settings.ts'
import { TimeSlices } from '../pipeline/delivery/keys/time-slices.ts'
import type { AnyOutputDefinition, ChunkPlaceholders, Fault } from '../pipeline/component.ts'
import { readPlainField } from '../pipeline/placeholders/template-parts.ts'
import { bufferSchema, type ChunkConfig } from './buffer-schema.ts'
import type { Definition } from './examine.ts'
import type { Options } from './model.ts'
import { durationInMs } from './units.ts'
import { validateConfig } from './validate.ts'

const SLICE_MIN_MS = 1000
const PATH = ['buffer', 'chunk']

/** Null where chunks have no keys. The configuration has no faults. */
export function readChunkKeys(chunk: ChunkConfig): ChunkKeySettings | null {
  const { keys, time, keys_open_max } = chunk
  if (keys.length === 0) return null
  return {
    byTag: keys.includes('tag'),
    time: keys.includes('time')
      ? new TimeSlices(durationInMs(time.slice), new Zone(time.timezone))
      : null,
    fields: keys
      .filter((key) => key !== 'tag' && key !== 'time')
      .map((key) => readPlainField(key)!),
    openMax: keys_open_max,
  }
}

/** Paths from the output's root. */
export function chunkKeyFaults({ keys, time }: ChunkConfig): Fault[] {
  const faults: Fault[] = []
  for (const [index, key] of keys.entries()) {
    const path = [...PATH, 'keys', String(index)]
    if (!readPlainField(key)) {
      const message = `cannot use "${key}" as a key; expected tag, time, or a field: $.host`
      faults.push({ path, message })
    } else if (keys.indexOf(key) < index) {
      faults.push({ path, message: `cannot use "${key}" twice; expected each key once` })
    }
  }
  if (durationInMs(time.slice) < SLICE_MIN_MS) {
    const message = `cannot cut time into slices of ${time.slice}; expected 1s or more`
    faults.push({ path: [...PATH, 'time', 'slice'], message })
  }
  if (!isZone(time.timezone)) {
    const message = `cannot use "${time.timezone}" as a zone; expected an IANA name: Europe/Berlin`
    faults.push({ path: [...PATH, 'time', 'timezone'], message })
  }
  return faults
}

/** That of an output as it is written; undefined if that does not fit the schema. */
export function chunkConfigOf(output: unknown): ChunkConfig | undefined {
  const { buffer } = Object(output) as { buffer?: object }
  return validateConfig(bufferSchema, { type: 'disk', ...buffer }).value?.chunk
}

/** The definition with what its placeholders lack among its faults; `chunk` has none itself. */
export function withPlaceholders(definition: AnyOutputDefinition, chunk: ChunkConfig): Definition {
  if (!definition.isChunked || !definition.placeholders) return definition
  const faults = (config: Options) => [
    ...(definition.faults?.(config) ?? []),
    ...placeholderFaults(definition.placeholders!(config), chunk),
  ]
  return { ...definition, faults }
}

function placeholderFaults(
  placeholders: readonly ChunkPlaceholders[],
  chunk: ChunkConfig,
): Fault[] {
  const keys = readChunkKeys(chunk)
  return placeholders.flatMap(({ path, text }) => {
    return problemsOf(text, keys).map((message) => ({ path, message }))
  })
}

function problemsOf(text: string, keys: ChunkKeySettings | null): string[] {
  try {
    return new ChunkTemplate(text).problemsWith(keys)
  } catch (error) {
    return [(error as TypeError).message]
  }
}
