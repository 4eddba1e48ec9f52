/**
 * `multiline` filter: puts lines that belong together into one event: by a pattern with which each
 * event begins, or as stack traces. What is held survives as it does in `join_parts`.
 */
import { Duration, Size } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import { durationInMs, sizeInBytes } from '../../../config/units.ts'
import { defineFilter } from '../../component.ts'
import { createMultiline, multilineFaults, multilineProperties } from '../../formats/multiline.ts'
import { LineJoiner } from '../support/joining/line-joiner.ts'
import { EventSorter } from './event-sorter.ts'

const configSchema = Type.Object(
  {
    field: Type.String({
      description:
        'Field with the line. Events without it, or with no text in it, pass as they are.',
      default: 'log',
      minLength: 1,
    }),
    ...multilineProperties,
    flush_after: Duration({
      description:
        'How long to wait for the next line of an event; then it is passed on as it is. Lines ' +
        'held over a restart of the collector wait 30 s at least.',
      default: '1s',
    }),
    joined_max: Size({
      description:
        'Longest joined text. A longer one is cut and marked with `truncated: true` and ' +
        '`original_size`, its length in bytes.',
      default: '1MiB',
    }),
    memory_max: Size({
      description:
        'Most memory for events that are not complete. At this bound those that have waited ' +
        'longest are passed on as they are, and senders wait until that is done.',
      default: '64MiB',
    }),
    fsync: Type.Boolean({
      description:
        'Wait for the disk before a line is acknowledged that has to be kept for a while. ' +
        'Without it such lines survive a crash of the collector, with it also a power failure.',
      default: false,
    }),
  },
  { additionalProperties: false },
)

export const multiline = defineFilter({
  type: 'multiline',
  summary: 'Puts lines that belong together, stack traces for example, into one event.',
  configSchema,
  faults: (config) => multilineFaults(config),
  create: (config, context) =>
    new LineJoiner(
      {
        field: config.field,
        timeoutMs: durationInMs(config.flush_after),
        joinedMaxBytes: sizeInBytes(config.joined_max),
        memoryMaxBytes: sizeInBytes(config.memory_max),
        fsync: config.fsync,
      },
      new EventSorter(createMultiline(config), config.field),
      context,
    ),
})
