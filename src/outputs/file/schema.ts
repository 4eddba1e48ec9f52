/** Options of the `file` output, and the faults of them that a schema cannot see. */
import type { Static } from 'typebox'
import { Duration, Mode, Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import { patternsOverlap } from '../../config/path-overlap.ts'
import { durationInMs } from '../../config/units.ts'
import type { Fault } from '../../pipeline/component.ts'
import { formatSchema } from './format-schema.ts'
import { PathTemplate } from './path/path-template.ts'
import { isZone } from '../../codecs/time/zone.ts'

const GZIP_LEVEL_MAX = 9
const EVERY_MIN_MS = 1000

const rotate = Type.Object(
  {
    size: Size({
      description: 'A file is rotated before a line would make it larger; `0B` for never.',
      default: '100MiB',
    }),
    every: Type.Optional(
      Duration({
        description:
          'A file is rotated at multiples of this on the clock of `timezone`: `1h`, `1d` ' +
          '(midnight), `1w` (Monday). Absent, time does not rotate.',
        examples: ['1h', '1d'],
      }),
    ),
  },
  {
    description: 'When the current file gets a rotated name and a new one is begun.',
    default: {},
    additionalProperties: false,
  },
)

const keep = Type.Object(
  {
    files: Type.Optional(
      Type.Integer({ description: 'At most so many; absent, any number.', minimum: 1 }),
    ),
    age: Type.Optional(
      Duration({
        description:
          'Deleted so long after the rotation, a second late at most, or a hundredth of this (up ' +
          'to an hour); absent, never.',
      }),
    ),
    bytes: Type.Optional(
      Size({ description: 'At most so many bytes together; absent, any number.' }),
    ),
  },
  {
    description:
      'Which rotated files are kept, counted apart for every tag (every value in the path, but ' +
      'not its times). Files whose time in `path` is over are rotated for it. The current file ' +
      'never counts and is never deleted.',
    default: {},
    additionalProperties: false,
  },
)

export const configSchema = Type.Object(
  {
    path: Type.String({
      description:
        "Path of an event's file, with `${tag}`, `${tag[1]}`, `${tag[-1]}`, `${tag[1..]}`, " +
        "record fields `${$.a.b}` or `${$['a.b']}` (`unknown` when absent) and strftime " +
        '(`%Y%m%d`). Values are percent-encoded; none leaves the folders written before it.',
      minLength: 1,
      examples: ['./logs/${tag}.log', './logs/${tag[1..]}/%Y-%m-%d.log'],
    }),
    format: formatSchema,
    time: Type.Union([Type.Literal('event'), Type.Literal('arrival')], {
      description: 'Which time strftime in `path` shows.',
      default: 'event',
    }),
    timezone: Type.String({
      description: 'IANA name of the zone for strftime in `path` and for `rotate.every`.',
      default: 'UTC',
      examples: ['Europe/Berlin'],
    }),
    rotate,
    compress: Type.Union([Type.Literal('none'), Type.Literal('gzip'), Type.Literal('zstd')], {
      description:
        'How rotated files, and those whose time in `path` is over, are compressed, in the ' +
        'background at low priority. Both are ordinary `.gz` and `.zst` files. The current file ' +
        'is always plain.',
      default: 'none',
    }),
    compress_level: Type.Optional(
      Type.Integer({
        description: "1 to 9 for gzip, 1 to 22 for zstd; absent means the algorithm's default.",
        minimum: 1,
        maximum: 22,
      }),
    ),
    keep,
    symlink: Type.Optional(
      Type.String({
        description:
          'Path of a symbolic link to the current file, with the placeholders of `path` that ' +
          'concern the tag. Absent, there is none.',
        minLength: 1,
        examples: ['./logs/${tag}.current'],
      }),
    ),
    fsync: Type.Boolean({
      description:
        'Whether every write is on the disk before its events count as delivered. Without it ' +
        'they survive the end of the collector, but not a power loss.',
      default: false,
    }),
    min_free: Size({
      description:
        'Writing pauses, and the sources are held back, while less than this is free on the ' +
        'disk; `0B` for never.',
      default: '256MiB',
    }),
    max_open_files: Type.Integer({
      description:
        'Files open at once; the one written longest ago is closed, and opened again when ' +
        'needed. Fewer are, when the process may not open so many.',
      default: 2048,
      minimum: 1,
    }),
    file_mode: Mode({ description: 'Mode of new files.', default: '0640' }),
    folder_mode: Mode({ description: 'Mode of new folders.', default: '0750' }),
  },
  { additionalProperties: false },
)

export type FileConfig = Static<typeof configSchema>

export function findFaults(config: FileConfig): Fault[] {
  const faults: Fault[] = []
  const fault = (message: string, ...path: string[]) => faults.push({ path, message })
  const path = tryTemplate(config.path, (message) => fault(message, 'path'))
  if (config.symlink !== undefined) {
    const link = tryTemplate(config.symlink, (message) => fault(message, 'symlink'))
    if (path && link) checkLink(path, link, (message) => fault(message, 'symlink'))
  }
  if (!isZone(config.timezone))
    fault(
      `cannot use "${config.timezone}" as a zone; expected an IANA name: Europe/Berlin`,
      'timezone',
    )
  const { every } = config.rotate
  if (every !== undefined && durationInMs(every) < EVERY_MIN_MS)
    fault(`cannot rotate every ${every}; expected 1s or more`, 'rotate', 'every')
  if (config.compress === 'gzip' && (config.compress_level ?? 1) > GZIP_LEVEL_MAX)
    fault(`cannot use level ${config.compress_level} for gzip; expected 1 to 9`, 'compress_level')
  return faults
}

function tryTemplate(text: string, fault: (message: string) => void): PathTemplate | undefined {
  try {
    return new PathTemplate(text)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    fault(`cannot use "${text}" as a path: ${error.message}`)
    return undefined
  }
}

function checkLink(path: PathTemplate, link: PathTemplate, fault: (message: string) => void): void {
  if (link.fields.length > 0 || link.sliceMs > 0)
    fault('cannot use fields or times in a symlink; expected placeholders of the tag only')
  if (patternsOverlap(path.claim, link.claim))
    fault(
      'cannot use this symlink: another tag could have it as the path of its file; expected ' +
        'another folder or ending',
    )
}
