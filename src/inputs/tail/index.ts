/**
 * `tail` input: the lines of files as they are written, over rotations and restarts. Options:
 * schema.ts. How files are followed: ../support/following/.
 */
import { sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { asObject, createFormat } from '../../pipeline/formats/create.ts'
import { type Fields, settingsMaker } from '../support/following/path-settings.ts'
import { Follower } from '../support/following/follower.ts'
import { Glob } from '../support/following/glob.ts'
import { tailMetrics } from '../support/following/metrics.ts'
import { TextEncoding } from '../support/following/text-encoding.ts'
import {
  formatType,
  patternsOf,
  tagNames,
  type TailConfig,
  tailFaults,
  tailSchema,
} from './schema.ts'

export const tail = defineInput({
  type: 'tail',
  summary: 'Follows files, line by line, over rotations and restarts.',
  configSchema: tailSchema,
  faults: tailFaults,
  resources: () => [],
  create: (config, context) => createTail(config, context),
})

function createTail(config: TailConfig, context: InputContext): Input {
  const metrics = tailMetrics(context.metrics)
  const { path_key } = config
  const follower = new Follower({
    context,
    config,
    metrics,
    patterns: patternsOf(config.path).map((pattern) => new Glob(pattern)),
    excluded: patternsOf(config.exclude_path).map((pattern) => new Glob(pattern)),
    settingsFor: settingsMaker({
      context,
      metrics,
      tag: config.tag,
      tagNames: tagNames(config),
      container: containerKind(config),
      plainKey: plainKey(config),
      // A format may keep working memory: one for each file.
      createFormat: () => createFormat(config.format, { now: () => context.clock.now() }),
      fieldsOf: (path): Fields => (path_key === undefined ? [] : [[path_key, path]]),
      offsetKey: config.offset_key ?? null,
      encoding: () => new TextEncoding(config.encoding),
      lineMaxBytes: sizeInBytes(config.line_max),
      multiline: config.multiline,
    }),
  })
  return {
    addresses: [],
    start: () => follower.start(),
    stop: (deadline) => follower.stop(deadline),
  }
}

function containerKind({ format }: TailConfig): 'docker' | 'cri' | null {
  const type = formatType(format)
  return type === 'docker' || type === 'cri' ? type : null
}

/** Of `format: none`. */
function plainKey({ format }: TailConfig): string | null {
  if (formatType(format) !== 'none') return null
  const one = asObject(format as Parameters<typeof asObject>[0])
  return one.type === 'none' ? one.field : null
}
