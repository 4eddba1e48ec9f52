/** What the events of a path are like: their tag, their fields, and what reads their lines. */
import type { LineFormat } from '../../../codecs/formats/format.ts'
import { durationInMs } from '../../../config/units.ts'
import type { InputContext } from '../../../pipeline/component.ts'
import { createMultiline } from '../../../pipeline/formats/multiline.ts'
import { parseTag, renderTag } from '../tag-template.ts'
import { type ContainerValues, DockerContainer, kubernetesValues } from './containers.ts'
import type { PathSettings } from './follower.ts'
import { FormatLines } from './format-lines.ts'
import type { Joining } from './joining.ts'
import type { LineReader } from './lines.ts'
import { type ConstantFields, constantFields } from './made-entries.ts'
import type { TailMetrics } from './metrics.ts'
import { MultilineLines } from './multiline-lines.ts'
import { pathValues } from './path-values.ts'
import { PlainLines } from './plain-lines.ts'
import type { TailMultiline } from './schema.ts'
import type { TextEncoding } from './text-encoding.ts'
import { realpath } from 'node:fs/promises'

export type Fields = readonly (readonly [string, unknown])[]

export interface SettingsOptions {
  readonly context: InputContext
  readonly metrics: TailMetrics
  readonly tag: string
  readonly tagNames: readonly string[]
  readonly container: 'docker' | 'cri' | null
  /** Field of lines that are not parsed; null if they are. */
  readonly plainKey: string | null
  readonly createFormat: () => LineFormat
  readonly fieldsOf: (path: string) => Fields
  readonly offsetKey: string | null
  readonly encoding: () => TextEncoding
  readonly lineMaxBytes: number
  readonly multiline: TailMultiline | undefined
}

/** What is known of a path. */
interface Known {
  readonly values: () => ContainerValues
  readonly fields: () => ConstantFields
}

export function settingsMaker(options: SettingsOptions): (path: string) => Promise<PathSettings> {
  const tag = parseTag(options.tag, options.tagNames)
  const joining = joiningOf(options)
  return async (path) => {
    const known = await knownOf(path, options)
    const ofPath = pathValues(path)
    return {
      tag: () => {
        const values = known.values()
        return renderTag(tag, (name) => values[name] ?? ofPath[name] ?? '')
      },
      lines: createLines(known.fields, joining, options),
    }
  }
}

async function knownOf(path: string, options: SettingsOptions): Promise<Known> {
  const { clock, logger } = options.context
  const own = options.fieldsOf(path)
  if (options.container === 'docker') {
    const realPath = await realpath(path).catch(() => path)
    const container = new DockerContainer(realPath, own, clock, logger)
    await container.load()
    return { values: () => container.values, fields: () => container.fields }
  }
  const values = options.container === 'cri' ? kubernetesValues(path) : {}
  const fields = constantFields([...Object.entries(values), ...own])
  return { values: () => values, fields: () => fields }
}

function createLines(
  fields: () => ConstantFields,
  joining: Joining,
  options: SettingsOptions,
): LineReader {
  const { offsetKey, lineMaxBytes, plainKey, metrics, context } = options
  const { linesCut, parseFailed } = metrics
  const common = { offsetKey, encoding: options.encoding(), lineMaxBytes }
  const { rule } = joining
  if (plainKey !== null && !rule)
    return new PlainLines({ fields: fields(), key: plainKey, linesCut, ...common })
  const parsed = {
    ...common,
    format: options.createFormat(),
    fields,
    parseFailed,
    joining,
    hold: (bytes: number) => context.memory.add(bytes),
  }
  // Around the texts of containers is what their runtime writes: they are put together inside.
  if (!rule || options.container !== null) return new FormatLines(parsed)
  return new MultilineLines({ ...parsed, rule, linesCut })
}

function joiningOf({ multiline, context }: SettingsOptions): Joining {
  const now = () => context.clock.monotonic()
  if (!multiline) return { rule: null, flushAfterMs: 0, now }
  return {
    rule: createMultiline(multiline),
    flushAfterMs: durationInMs(multiline.flush_after),
    now,
  }
}
