/** What every output has beside its own options: its buffer, and how that is delivered. */
import type { Static } from 'typebox'
import { Duration, Size } from './fields.ts'
import { Type } from './type.ts'

const closed = { additionalProperties: false } as const

const timeKeySchema = Type.Object(
  {
    slice: Duration({
      description: 'Length of a slice, from midnight on (`7d`: from Monday).',
      default: '1d',
    }),
    timezone: Type.String({
      description: 'IANA name of the zone whose clock it is.',
      default: 'UTC',
      examples: ['Europe/Berlin'],
    }),
  },
  { ...closed, description: 'The slices of time that the key `time` means.', default: {} },
)

const chunkSchema = Type.Object(
  {
    max_bytes: Size({ description: 'Most bytes of entries in a chunk.', default: '4MiB' }),
    max_events: Type.Integer({
      description: 'Most events in a chunk.',
      default: 100_000,
      minimum: 1,
    }),
    max_age: Duration({
      description:
        'How long events wait for others until their chunk is sent; with 0s it goes as soon as ' +
        'the output is free, so chunks grow by themselves when much comes in.',
      default: '0s',
    }),
    keys: Type.Array(Type.String({ minLength: 1 }), {
      description:
        'What the events of a chunk have in common, so that the output can name after it where ' +
        'the chunk goes: `tag`, `time` (a slice of it), a record field `$.host` or ' +
        '`$.kubernetes.namespace`. An event that comes late goes into a chunk of its own slice. ' +
        'Events of one tag keep their order within a key.',
      default: [],
      examples: [
        ['tag', 'time'],
        ['time', '$.host'],
      ],
    }),
    time: timeKeySchema,
    keys_open_max: Type.Integer({
      description:
        'Most values of the keys (slices, hosts, …) of which events wait for others at a time; ' +
        'with one more, the oldest is sent before its chunk is full or `max_age` is over.',
      default: 100,
      minimum: 1,
      maximum: 10_000,
    }),
  },
  { ...closed, description: 'What is sent in one piece.', default: {} },
)

export const bufferSchema = Type.Object(
  {
    type: Type.Union([Type.Literal('disk'), Type.Literal('memory')], {
      description:
        'Where events wait: in files below `data_dir`, and taken once they are there; or in ' +
        'memory, and taken once they are delivered.',
    }),
    max_bytes: Size({
      description:
        'Most that waits, as bytes of entries; with `compress`, as they lie on disk. With ' +
        '`block` the last write may go beyond: by an eighth of it, 4 MiB at most, and one batch.',
      default: '1GiB',
    }),
    when_full: Type.Union(
      [Type.Literal('block'), Type.Literal('drop_oldest'), Type.Literal('drop_newest')],
      {
        description:
          'What happens at `max_bytes`: sources are held back, or events are thrown away and ' +
          'counted as dropped, the oldest that are not being sent, or those that come.',
        default: 'block',
      },
    ),
    fsync: Type.Union(
      [Type.Literal('never'), Type.Literal('always'), Type.String({ format: 'duration' })],
      {
        description:
          'When what was taken is made to survive a power cut: `always` before it is ' +
          'acknowledged, a duration at least that often, `never` when the system likes. ' +
          'For buffers on disk.',
        default: '100ms',
      },
    ),
    compress: Type.Union([Type.Literal('none'), Type.Literal('zstd'), Type.Literal('gzip')], {
      description:
        'How what is written together is compressed. For buffers on disk; ' +
        'what was written before it changed can still be read.',
      default: 'none',
    }),
    chunk: chunkSchema,
  },
  {
    ...closed,
    description:
      'Takes events at once, keeps them, and delivers them as fast as the output can. ' +
      'Absent, an event is taken once the output has written it; outputs for the network have ' +
      'one on disk then.',
  },
)

const retrySchema = Type.Object(
  {
    first_interval: Duration({
      description: 'The shortest wait before a chunk is sent again.',
      default: '100ms',
    }),
    max_interval: Duration({
      description: 'The longest; waits grow up to it, by chance between the two.',
      default: '30s',
    }),
    give_up_after: Type.Union(
      [
        Type.Literal('forever'),
        Type.String({ format: 'duration' }),
        Type.Integer({ minimum: 1, maximum: 1_000_000 }),
      ],
      {
        description:
          'When events that fail again and again go to the dead letters: so long after the ' +
          'first attempt, after so many attempts, or never. Counted anew after a restart.',
        default: 'forever',
      },
    ),
    pause_after: Type.Integer({
      description:
        'Failures in a row after which nothing but one chunk at a time is tried (circuit breaker).',
      default: 5,
      minimum: 1,
    }),
  },
  { ...closed, description: 'When what the output did not take is sent again.', default: {} },
)

const deliverySchema = Type.Object(
  {
    concurrency: Type.Optional(
      Type.Integer({
        description:
          'Chunks on their way at a time. Absent means 1; for `elasticsearch` and `opensearch`, ' +
          'where each event makes a document of its own, 4.',
        minimum: 1,
        maximum: 64,
      }),
    ),
    ordered: Type.Optional(
      Type.Boolean({
        description:
          'Events of one tag arrive in the order they came. Absent means they do; but not where ' +
          'each makes a document of its own, which its time puts in order.',
      }),
    ),
    timeout: Duration({
      description: 'How long the output may take for a chunk; longer is a failure.',
      default: '60s',
    }),
  },
  { ...closed, description: 'How chunks are sent.', default: {} },
)

export const outputCommonSchema = Type.Object(
  {
    buffer: Type.Optional(bufferSchema),
    retry: retrySchema,
    delivery: deliverySchema,
    secondary: Type.Optional(
      Type.String({
        description: 'Output that gets what would be a dead letter of this one.',
        minLength: 1,
      }),
    ),
    on_error: Type.Optional(
      Type.String({
        description: 'Label, "@name", where what would be a dead letter goes instead.',
        format: 'label',
      }),
    ),
  },
  closed,
)

export type ChunkConfig = Static<typeof chunkSchema>

/** Of an output with a buffer. */
export type BufferedConfig = Omit<Static<typeof outputCommonSchema>, 'buffer'> & {
  readonly buffer: Static<typeof bufferSchema>
}

/** They mean nothing without a buffer. */
export const NEED_BUFFER = ['retry', 'delivery', 'secondary', 'on_error'] as const
