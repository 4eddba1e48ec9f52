/** Options of the `tail` input. Their names are those of Fluentd's in_tail where it has them. */
import type { Static } from 'typebox'
import { Duration } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { formatFaults } from '../../pipeline/formats/faults.ts'
import { multilineFaults } from '../../pipeline/formats/multiline.ts'
import { lineFormatSchema } from '../../pipeline/formats/schema.ts'
import { followingOptions } from '../support/following/schema.ts'
import { CRI_NAMES, DOCKER_NAMES } from '../support/following/containers.ts'
import { Glob } from '../support/following/glob.ts'
import { PATH_NAMES } from '../support/following/path-values.ts'
import { tagFaults } from '../support/tag-template.ts'
import { TextEncoding } from '../support/following/text-encoding.ts'

const oneOrMore = (what: string, description: string, examples: (string | string[])[]) =>
  Type.Union(
    [
      Type.String({ description: what, minLength: 1 }),
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'A list.',
        minItems: 1,
        uniqueItems: true,
      }),
    ],
    { description, examples },
  )

export const tailSchema = Type.Object(
  {
    path: oneOrMore(
      'One pattern.',
      'Files to follow, as paths or patterns: `*`, `?`, `[a-z]`, `{one,other}`, `**` for any ' +
        'number of folders. One or a list.',
      ['/var/log/app/*.log', ['/var/log/nginx/*.log', '/srv/**/logs/*.log']],
    ),
    exclude_path: Type.Optional(
      oneOrMore('One pattern.', 'Files to leave out, as `path`. Absent means none are.', [
        '/var/log/app/*.gz',
      ]),
    ),
    tag: Type.String({
      description:
        "Tag of the events. `${path}` is the path with dots for its slashes, as Fluentd's `*`; " +
        '`${name}` the name of the file, `${stem}` the same without its last ending, ' +
        '`${folder}` the name of the folder it is in. With `format: docker` also ' +
        '`${container_name}`, `${container_id}` and `${image_name}`, with `format: cri` ' +
        '`${namespace}`, `${pod}` and `${container}`.',
      default: 'tail.${path}',
      minLength: 1,
    }),
    format: lineFormatSchema({
      description:
        'What the lines are: the name of a format, a format with its options, or a list of which ' +
        'the first that can read a line is taken. What none can read is kept as `message` with ' +
        'the reason in `parse_failed`. `docker` (json-file) and `cri` put parts of long lines ' +
        'together and add what is known of the container.',
      default: 'none',
    }),
    encoding: Type.String({
      description:
        'Encoding of the files: any name of the Encoding Standard, say `utf-8`, `utf-16le`, ' +
        '`shift_jis`, `windows-1252`.',
      default: 'utf-8',
      minLength: 1,
    }),
    path_key: Type.Optional(
      Type.String({ description: 'Field for the path; absent means none.', minLength: 1 }),
    ),
    offset_key: Type.Optional(
      Type.String({
        description: 'Field for the offset of the line in its file, in bytes; absent means none.',
        minLength: 1,
      }),
    ),
    ignore_older: Type.Optional(
      Duration({
        description:
          'Files that were not read before and did not change for so long are left alone until ' +
          'they change. Absent means none are.',
        examples: ['7d'],
      }),
    ),
    flush_after: Type.Optional(
      Duration({
        description:
          'How long nothing may have come to a last line without an end before it is delivered ' +
          'as it is; what comes later is an event of its own. Looked at twice a second. Absent, ' +
          'it waits for its end, until the file is rotated or deleted.',
        examples: ['5s'],
      }),
    ),
    ...followingOptions,
  },
  { additionalProperties: false },
)

export type TailConfig = Static<typeof tailSchema>

export function patternsOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

/** What a tag may be made of. */
export function tagNames({ format }: Pick<TailConfig, 'format'>): readonly string[] {
  const type = formatType(format)
  if (type === 'docker') return [...PATH_NAMES, ...DOCKER_NAMES]
  return type === 'cri' ? [...PATH_NAMES, ...CRI_NAMES] : PATH_NAMES
}

/** Of a format alone; a list has none. */
export function formatType(format: TailConfig['format']): string {
  if (typeof format === 'string') return format
  return Array.isArray(format) ? '' : (format as { readonly type: string }).type
}

/** What the schema cannot say. */
export function tailFaults(config: TailConfig): Fault[] {
  const faults: Fault[] = []
  const attempt = (path: string, work: () => void) => {
    try {
      work()
    } catch (error) {
      faults.push({ path: [path], message: (error as Error).message })
    }
  }
  for (const pattern of patternsOf(config.path)) attempt('path', () => void new Glob(pattern))
  for (const pattern of patternsOf(config.exclude_path))
    attempt('exclude_path', () => void new Glob(pattern))
  faults.push(...formatFaults(config.format))
  faults.push(...multilineFaults(config.multiline ?? {}, ['multiline']))
  faults.push(...tagFaults(config.tag, tagNames(config)))
  attempt('encoding', () => checkEncoding(config.encoding))
  return faults
}

function checkEncoding(name: string): void {
  try {
    new TextEncoding(name)
  } catch (_unknown) {
    throw new TypeError(`${name} is no encoding; expected a name such as utf-8 or utf-16le`)
  }
}
