/**
 * `join_parts` filter: puts together the lines that Docker cuts into parts of 16 KiB (moby,
 * daemon/logger/copier.go). What marks a part: part.ts. The filter itself: line-joiner.ts.
 */
import { Duration, Size } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import { durationInMs, sizeInBytes } from '../../../config/units.ts'
import { defineFilter } from '../../component.ts'
import { LineJoiner } from '../support/joining/line-joiner.ts'
import { PartSorter } from './part-sorter.ts'

const configSchema = Type.Object(
  {
    timeout: Duration({
      description:
        'How long to wait for the next part of a line. Then the line is passed on as far as it ' +
        'has come; missing parts are counted in its field `partial_missing`. Lines held over a ' +
        'restart of the collector wait 30 s at least, for senders take a while to connect again.',
      default: '5s',
    }),
    joined_max: Size({
      description:
        'Longest joined text. A longer one is cut and marked with `truncated: true` and ' +
        '`original_size`, its length in bytes.',
      default: '16MiB',
    }),
    memory_max: Size({
      description:
        'Most memory for lines that are not complete. At this bound those that have waited ' +
        'longest are passed on as far as they have come, and senders wait until they are.',
      default: '64MiB',
    }),
    fsync: Type.Boolean({
      description:
        'Wait for the disk before a part is acknowledged that has to be kept for a while. ' +
        'Without it such parts survive a crash of the collector, with it also a power failure.',
      default: false,
    }),
  },
  { additionalProperties: false },
)

export const joinParts = defineFilter({
  type: 'join_parts',
  summary: 'Joins the parts into which Docker cuts lines longer than 16 KiB.',
  configSchema,
  create: (config, context) =>
    new LineJoiner(
      {
        field: 'log',
        timeoutMs: durationInMs(config.timeout),
        joinedMaxBytes: sizeInBytes(config.joined_max),
        memoryMaxBytes: sizeInBytes(config.memory_max),
        fsync: config.fsync,
      },
      new PartSorter(),
      context,
    ),
})
