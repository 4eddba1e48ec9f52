/** Options that the outputs `elasticsearch` and `opensearch` share. */
import type { Static } from 'typebox'
import { Field, Size } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import type { ChunkPlaceholders, Fault } from '../../../pipeline/component.ts'
import { connectionOptions } from './connection-schema.ts'
import { setupOptions } from './setup/schema.ts'
import { targetFaults } from './target.ts'

const PLACEHOLDERS =
  'Placeholders stand for what the events of a chunk have in common by `buffer.chunk.keys`: ' +
  '`${tag}`, `${tag[1]}`, `${$.host}`, strftime (`%Y.%m.%d`).'

const dataStreamSchema = Type.Object(
  {
    type: Type.String({ description: 'First part of the name.', default: 'logs', minLength: 1 }),
    dataset: Type.String({
      description: `Second part. ${PLACEHOLDERS}`,
      default: 'generic',
      minLength: 1,
      examples: ['${tag[1]}'],
    }),
    namespace: Type.String({
      description: 'Third part, with placeholders too.',
      default: 'default',
      minLength: 1,
    }),
  },
  {
    additionalProperties: false,
    description:
      'Data stream to write to, `TYPE-DATASET-NAMESPACE`. What of a value is not allowed in a ' +
      'name becomes `_`; what events do not have is `unknown`. Absent, and without `index`: ' +
      '`logs-generic-default`.',
  },
)

export const bulkOptions = {
  ...connectionOptions,
  ...setupOptions,
  data_stream: Type.Optional(dataStreamSchema),
  index: Type.Optional(
    Type.String({
      description:
        `Index or alias to write to, in place of a data stream. ${PLACEHOLDERS} Values are made ` +
        'to fit as with `data_stream`. Absent means a data stream.',
      minLength: 1,
      examples: ['logs-${tag}-%Y.%m.%d'],
    }),
  ),
  op_type: Type.Union(
    [Type.Literal('create'), Type.Literal('index'), Type.Literal('update'), Type.Literal('upsert')],
    {
      description:
        'What is done with a document: `create` leaves one with the same id as it is (data ' +
        'streams take nothing else), `index` replaces it, `update` changes the fields given, ' +
        '`upsert` does so or creates it.',
      default: 'create',
    },
  ),
  id: Type.Union(
    [Type.Literal('place'), Type.Literal('content'), Type.Literal('field'), Type.Literal('server')],
    {
      description:
        "Where a document's id comes from: `place` in the buffer, the same in every attempt, so " +
        'nothing is stored twice; a hash of the `content`, for senders that send again; a ' +
        '`field`; or the `server`, which stores twice what it is sent twice.',
      default: 'place',
    },
  ),
  id_field: Type.Optional(
    Field({ description: 'Field with the id; an event without it gets one by its place.' }),
  ),
  pipeline: Type.Optional(
    Type.String({
      description: `Ingest pipeline of the server; absent: that of the index. ${PLACEHOLDERS}`,
      minLength: 1,
    }),
  ),
  routing: Type.Optional(
    Type.String({
      description: `Routing value of all documents of a chunk; absent: none. ${PLACEHOLDERS}`,
      minLength: 1,
    }),
  ),
  routing_field: Type.Optional(
    Field({ description: "Field with a document's routing value; absent: none." }),
  ),
  time_field: Type.String({
    description: "Field with the event's time; data streams need `@timestamp`.",
    default: '@timestamp',
    minLength: 1,
  }),
  tag_field: Type.String({
    description: 'Field with the tag; empty: none.',
    default: 'tag',
  }),
  replace_dots: Type.String({
    description:
      "What stands for dots in fields' names; empty keeps them. Servers make objects of dots, so " +
      'an `app` beside an `app.name` would be a conflict.',
    default: '_',
    maxLength: 16,
  }),
  repair: Type.Boolean({
    description:
      'Whether a document that does not fit the mapping is changed so that it does: the field in ' +
      'question becomes a text in `conflict.FIELD` (three at most), else the whole document ' +
      'one in `event.original`. If that does not help, or without, it is a dead letter.',
    default: true,
  }),
  compress: Type.Union([Type.Literal('none'), Type.Literal('gzip'), Type.Literal('zstd')], {
    description:
      'How bodies are compressed, on other threads. All servers know gzip; one that does not ' +
      'know zstd gets gzip.',
    default: 'none',
  }),
  compress_level: Type.Integer({
    description: 'How hard it tries.',
    default: 1,
    minimum: 1,
    maximum: 9,
  }),
  body_max: Size({
    description:
      'Largest body. It begins with 1MiB, and grows while answers come within a second; an ' +
      'overloaded server gets smaller ones, and what one refuses as too large is not tried again.',
    default: '10MiB',
  }),
  requests_max: Type.Integer({
    description:
      'Most requests under way at a time, of chunks that `delivery.concurrency` lets go. Fewer ' +
      'while the server has too much to do.',
    default: 8,
    minimum: 1,
    maximum: 64,
  }),
}

export const bulkSchema = Type.Object(bulkOptions)
export type BulkConfig = Static<typeof bulkSchema>

export function bulkPlaceholders(config: BulkConfig): ChunkPlaceholders[] {
  const { index, data_stream: stream, pipeline, routing } = config
  const options: [string[], string | undefined][] = [
    [['index'], index],
    [['data_stream', 'dataset'], stream?.dataset],
    [['data_stream', 'namespace'], stream?.namespace],
    [['pipeline'], pipeline],
    [['routing'], routing],
  ]
  return options.flatMap(([path, text]) => (text === undefined ? [] : [{ path, text }]))
}

export function bulkFaults(config: BulkConfig): Fault[] {
  const faults = targetFaults(config)
  const { id, id_field: idField, routing, routing_field: routingField } = config
  if ((id === 'field') !== (idField !== undefined))
    faults.push({ path: ['id_field'], message: 'belongs to `id: field`; expected both or neither' })
  if (routing !== undefined && routingField !== undefined)
    faults.push({ path: ['routing'], message: 'stands beside `routing_field`; expected one' })
  if (config.index !== undefined) return faults
  if (config.op_type !== 'create') {
    const message = 'is not for data streams, which only take `create`; expected an `index`'
    faults.push({ path: ['op_type'], message })
  }
  if (config.time_field !== '@timestamp') {
    const message = 'is not for data streams, which need `@timestamp`; expected an `index`'
    faults.push({ path: ['time_field'], message })
  }
  return faults
}
