/** Options of the `tail` input. Their names are those of Fluentd's in_tail where it has them. */
import type { Static } from 'typebox'
import { Duration, Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { tagFaults } from '../support/tag-template.ts'
import { Glob } from './glob.ts'
import { PATH_NAMES } from './path-values.ts'
import { TextEncoding } from './text-encoding.ts'

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

/** Of everything that follows files. */
export const followingOptions = {
  read_from: Type.Union([Type.Literal('position'), Type.Literal('head'), Type.Literal('tail')], {
    description:
      'Where reading begins at a start. `position`: where it ended before; a file that was ' +
      'not read before, at its head. `tail`: the same, but the first time ever at the end of ' +
      'the files there are. `head`: all files again from their head, at every start.',
    default: 'position',
  }),
  refresh_interval: Duration({
    description:
      'How often all paths are looked for anew. New and rotated files are found at once where ' +
      'the system tells of changes (inotify); this finds what it did not tell.',
    default: '10s',
  }),
  poll_interval: Duration({
    description:
      'How often files are looked at where the system does not tell of changes, as on network ' +
      'file systems. A file that has not changed for long is looked at every two seconds.',
    default: '250ms',
  }),
  watch: Type.Boolean({
    description: 'Whether the system is asked to tell of changes; else all files are polled.',
    default: true,
  }),
  rotate_wait: Duration({
    description:
      'How long nothing may have come to a rotated or deleted file before it is closed, and a ' +
      'last line without an end is taken as it is.',
    default: '10s',
  }),
  line_max: Size({
    description:
      'Longest line, also when it is put together from several. A longer one is cut and marked ' +
      'with `truncated: true` and `original_size`, its length in bytes.',
    default: '1MiB',
  }),
  open_files_max: Type.Integer({
    description:
      'Files that are open at a time; those that are read to their end are closed for others, ' +
      'and opened again when they grow.',
    default: 2048,
    minimum: 8,
  }),
  files_max: Type.Integer({
    description: 'Paths that are followed; further ones are not read, and an error is logged.',
    default: 65536,
    minimum: 1,
  }),
}

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
        '`${folder}` the name of the folder it is in.',
      default: 'tail.${path}',
      minLength: 1,
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
    ...followingOptions,
  },
  { additionalProperties: false },
)

export type TailConfig = Static<typeof tailSchema>

export function patternsOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
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
  faults.push(...tagFaults(config.tag, PATH_NAMES))
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
