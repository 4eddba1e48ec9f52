/**
 * `tail` input: the lines of files as they are written, over rotations and restarts. Options:
 * schema.ts. Which files: discovery.ts and succession.ts. Reading and delivering: block-reader.ts.
 * What is kept over restarts: positions.ts.
 */
import { sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { parseTag, renderTag } from '../support/tag-template.ts'
import { Follower, type PathSettings } from './follower.ts'
import { Glob } from './glob.ts'
import { constantFields } from './made-entries.ts'
import { tailMetrics } from './metrics.ts'
import { PlainLines } from './plain-lines.ts'
import { patternsOf, type TailConfig, tailFaults, tailSchema } from './schema.ts'
import { PATH_NAMES, pathValues, type TagValues } from './path-values.ts'
import { TextEncoding } from './text-encoding.ts'

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
  const tag = parseTag(config.tag, PATH_NAMES)
  const follower = new Follower({
    context,
    config,
    metrics,
    patterns: patternsOf(config.path).map((pattern) => new Glob(pattern)),
    excluded: patternsOf(config.exclude_path).map((pattern) => new Glob(pattern)),
    settingsFor: (path): PathSettings => ({
      tag: tagOf(tag, pathValues(path)),
      lines: new PlainLines({
        fields: constantFields(config.path_key === undefined ? [] : [[config.path_key, path]]),
        key: 'log',
        offsetKey: config.offset_key ?? null,
        encoding: new TextEncoding(config.encoding),
        lineMaxBytes: sizeInBytes(config.line_max),
      }),
    }),
  })
  return {
    addresses: [],
    start: () => follower.start(),
    stop: (deadline) => follower.stop(deadline),
  }
}

function tagOf(tag: ReturnType<typeof parseTag>, values: TagValues): string {
  return renderTag(tag, (name) => values[name] ?? '')
}
