/** Options of all that follow files, named as those of Fluentd's in_tail where it has them. */
import type { Static } from 'typebox'
import { Duration, Size } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import { multilineProperties } from '../../../pipeline/formats/multiline.ts'

const multilineSchema = Type.Object(
  {
    ...multilineProperties,
    flush_after: Duration({
      description: 'How long to wait for the next line of an event; then it is delivered as it is.',
      default: '1s',
    }),
  },
  {
    description:
      'Which lines are one event, joined with line feeds before `format` reads them; with ' +
      '`docker` and `cri`, the texts of one stream of a container. Absent, each line is an ' +
      'event. One that would be longer than `line_max` is delivered as several.',
    additionalProperties: false,
  },
)

export type TailMultiline = Static<typeof multilineSchema>

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
    default: '60s',
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
  multiline: Type.Optional(multilineSchema),
  line_max: Size({
    description:
      'Longest line, also when it is put together from several. A longer one is cut and marked ' +
      'with `truncated: true` and `original_size`, its length in bytes. With a `format` this is ' +
      'asked of a line in the file only past 256 KiB.',
    default: '1MiB',
  }),
  open_files_max: Type.Integer({
    description:
      'Files that are open at a time; those that are read to their end are closed for others, ' +
      'and opened again when they grow. Rotated files that wait for their delivery are held ' +
      'open, the oldest first, since they may be deleted: beyond this they are not, and one that ' +
      'is gone before its turn comes is counted in `files_lost_total`.',
    default: 2048,
    minimum: 8,
  }),
  files_max: Type.Integer({
    description: 'Paths that are followed; further ones are not read, and an error is logged.',
    default: 65536,
    minimum: 1,
  }),
}
