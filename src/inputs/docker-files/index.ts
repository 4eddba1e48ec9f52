/**
 * `docker_files` input: the logs of all containers of the Docker daemon on this machine, from the
 * files of its json-file driver. It is `tail` with `format: docker` for them.
 */
import { join } from 'node:path'
import type { Static } from 'typebox'
import { DockerFormat } from '../../codecs/formats/docker.ts'
import { Type } from '../../config/type.ts'
import { sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { multilineFaults } from '../../pipeline/formats/multiline.ts'
import { DOCKER_NAMES } from '../support/following/containers.ts'
import { Follower } from '../support/following/follower.ts'
import { Glob } from '../support/following/glob.ts'
import { tailMetrics } from '../support/following/metrics.ts'
import { settingsMaker } from '../support/following/path-settings.ts'
import { followingOptions } from '../support/following/schema.ts'
import { TextEncoding } from '../support/following/text-encoding.ts'
import { tagFaults } from '../support/tag-template.ts'

const configSchema = Type.Object(
  {
    root: Type.String({
      description: "The daemon's folder, as `docker info` calls it: Docker Root Dir.",
      default: '/var/lib/docker',
      minLength: 1,
    }),
    tag: Type.String({
      description:
        'Tag of the events: text with `${container_name}`, `${container_id}` and `${image_name}`.',
      default: 'docker.${container_name}',
      minLength: 1,
    }),
    ...followingOptions,
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const dockerFiles = defineInput({
  type: 'docker_files',
  summary:
    "Follows the logs of all containers of the local daemon, from its json-file driver's files.",
  configSchema,
  faults: ({ tag, multiline }) => [
    ...tagFaults(tag, DOCKER_NAMES),
    ...multilineFaults(multiline ?? {}, ['multiline']),
  ],
  resources: () => [],
  create: (config, context) => createDockerFiles(config, context),
})

function createDockerFiles(config: Config, context: InputContext): Input {
  const metrics = tailMetrics(context.metrics)
  const follower = new Follower({
    context,
    config,
    metrics,
    patterns: [new Glob(join(globLiteral(config.root), 'containers/*/*-json.log'))],
    excluded: [],
    settingsFor: settingsMaker({
      context,
      metrics,
      tag: config.tag,
      tagNames: DOCKER_NAMES,
      container: 'docker',
      plainKey: null,
      createFormat: () => new DockerFormat(),
      fieldsOf: () => [],
      offsetKey: null,
      encoding: () => new TextEncoding('utf-8'),
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

/** The pattern that only this path fits. */
function globLiteral(path: string): string {
  return path.replaceAll(/[*?[\]{}\\]/g, '\\$&')
}
