/**
 * Where documents go: a data stream, an index or an alias. Names may be made of what events have:
 * what the server does not allow in one is replaced, and no event can choose another path.
 *
 * Rules: lower case, none of \ / * ? " < > | , # : or a space, no - _ + first, at most 255 bytes;
 * in the parts of a data stream's name no - either, as that stands between them.
 */
import type { Fault } from '../../../pipeline/component.ts'
import type { Chunk } from '../../../pipeline/delivery/chunk.ts'
import { ChunkTemplate } from '../../../pipeline/delivery/keys/chunk-template.ts'

const NAME_BYTES_MAX = 255
/** Of each part of a data stream's name. */
const PART_BYTES_MAX = 100
const FORBIDDEN = /[\\/*?"<>|,#:\s\p{Cc}\p{Cs}]/gu
const PLACEHOLDER = /\$\{[^}]*\}|%[A-Za-z]/g
/** What nothing is left of. */
const FALLBACK = 'unknown'

export interface DataStreamConfig {
  readonly type: string
  readonly dataset: string
  readonly namespace: string
}

export interface TargetConfig {
  readonly index?: string
  readonly data_stream?: DataStreamConfig
}

export const DEFAULT_DATA_STREAM: DataStreamConfig = {
  ...{ type: 'logs', dataset: 'generic', namespace: 'default' },
}

export class Target {
  readonly #render: (chunk: Pick<Chunk, 'id' | 'key'>) => string

  constructor({ index, data_stream: stream = DEFAULT_DATA_STREAM }: TargetConfig) {
    if (index === undefined) {
      const [dataset, namespace] = [stream.dataset, stream.namespace].map(
        (text) => new ChunkTemplate(text),
      )
      this.#render = (chunk) =>
        [stream.type, dataset!.render(chunk), namespace!.render(chunk)].map(confinedPart).join('-')
    } else {
      const template = new ChunkTemplate(index)
      this.#render = (chunk) => confinedName(template.render(chunk))
    }
  }

  nameFor(chunk: Pick<Chunk, 'id' | 'key'>): string {
    return this.#render(chunk)
  }
}

/** Of all names it may have: `logs-docker-*`. */
export function targetPattern({
  index,
  data_stream: stream = DEFAULT_DATA_STREAM,
}: TargetConfig): string {
  const name = index ?? [stream.type, stream.dataset, stream.namespace].join('-')
  return name.replaceAll(PLACEHOLDER, '*').replaceAll(/\*[.*_-]*\*/g, '*')
}

/** A name the server takes: the same one, if it does. */
export function confinedName(text: string): string {
  return confined(text, NAME_BYTES_MAX)
}

/** Of a data stream. */
export function confinedPart(text: string): string {
  return confined(text.replaceAll('-', '_'), PART_BYTES_MAX)
}

/** What of the target is written so that it cannot be a name, whatever events have. */
export function targetFaults({ index, data_stream: stream }: TargetConfig): Fault[] {
  const faults: Fault[] = []
  if (index !== undefined && stream !== undefined)
    faults.push({ path: ['index'], message: 'stands beside `data_stream`; expected one of them' })
  if (index !== undefined) faults.push(...nameFaults(['index'], index, confinedName))
  for (const [key, text] of Object.entries(stream ?? {}))
    faults.push(...nameFaults(['data_stream', key], text as string, confinedPart))
  return faults
}

function nameFaults(
  path: readonly string[],
  text: string,
  confine: (text: string) => string,
): Fault[] {
  // Placeholders and times are made of what is allowed; what is around them must be so itself.
  const literal = text.replaceAll(PLACEHOLDER, 'x')
  if (confine(literal) === literal) return []
  const message =
    `cannot use ${JSON.stringify(text)}: the server takes no such name; ` +
    `expected lower case, none of \\ / * ? " < > | , # : and spaces` +
    (path[0] === 'data_stream' ? ', no -' : ', no - _ + first')
  return [{ path, message }]
}

function confined(text: string, bytesMax: number): string {
  const allowed = text
    .toLowerCase()
    .replaceAll(FORBIDDEN, '_')
    .replace(/^[-_+.]+/, '')
  const cut = cutBytes(allowed, bytesMax)
  return cut === '' ? FALLBACK : cut
}

/** No more than so many bytes of UTF-8, and no half of a character. */
function cutBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax) return text
  let [length, bytes] = [0, 0]
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > bytesMax) break
    length += character.length
  }
  return text.slice(0, length)
}
