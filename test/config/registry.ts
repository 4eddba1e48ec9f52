/** Components that do nothing, with schemas that have one of each kind of field. */
import { Type } from 'typebox'
import { Duration, Listen, Mode, Network, Secret, Size } from '../../src/config/fields.ts'
import type { Registry } from '../../src/config/model.ts'
import {
  defineChunkedOutput,
  defineFilter,
  defineInput,
  defineOutput,
} from '../../src/pipeline/component.ts'

const closed = { additionalProperties: false } as const
const address = Listen({ description: 'Where to listen.' })

function notCreated(): never {
  throw new Error('loading a configuration creates no component')
}

const forward = defineInput({
  type: 'forward',
  summary: 'Receives what tests never send.',
  configSchema: Type.Object(
    {
      listen: Type.Union([address, Type.Array(address, { minItems: 1 })], {
        description: 'Where to listen.',
        default: 'tcp://127.0.0.1:24224',
      }),
      frame_max: Size({ description: 'Largest frame.', default: '16MiB' }),
      connections_max: Type.Integer({ description: 'Most peers.', default: 1000, minimum: 1 }),
      shared_key: Type.Optional(Secret({ description: 'Key; absent, none is asked for.' })),
      allow: Type.Array(Network({ description: 'A network.' }), {
        description: 'Who may send.',
        default: [],
      }),
      users: Type.Array(
        Type.Object(
          {
            name: Type.String({ description: 'Name.' }),
            password: Secret({ description: 'Password.' }),
          },
          closed,
        ),
        { description: 'Who may log in.', default: [] },
      ),
    },
    closed,
  ),
  resources: ({ listen }) => (typeof listen === 'string' ? [listen] : listen),
  create: notCreated,
})

const file = defineOutput({
  type: 'file',
  summary: 'Writes what tests never read.',
  configSchema: Type.Object(
    {
      path: Type.String({ description: 'Where to write.', minLength: 1 }),
      mode: Mode({ description: 'Mode of a file.', default: '0640' }),
      fsync: Type.Boolean({ description: 'Wait for the disk.', default: false }),
      ratio: Type.Number({ description: 'A part.', default: 0.5, minimum: 0, maximum: 1 }),
      format: Type.Union([Type.Literal('json'), Type.Literal('raw')], {
        description: 'Form of a line.',
        default: 'json',
      }),
      rotate: Type.Object(
        {
          size: Size({ description: 'Size of a full file.', default: '100MiB' }),
          every: Type.Optional(Duration({ description: 'Age of a full file; absent, any.' })),
        },
        { ...closed, description: 'When to begin a new file.', default: {} },
      ),
    },
    closed,
  ),
  faults: ({ path }) =>
    path.includes('?') ? [{ path: ['path'], message: `cannot use "${path}" as a path` }] : [],
  resources: ({ path }) => [`file ${path}`],
  create: notCreated,
})

const elsewhere = defineOutput({
  type: 'elsewhere',
  summary: 'Sends what tests never receive.',
  configSchema: Type.Object({ url: Type.String({ description: 'Where to send.' }) }, closed),
  create: notCreated,
})

const search = defineChunkedOutput({
  type: 'search',
  summary: 'Names after its chunks what tests never index.',
  configSchema: Type.Object({ index: Type.String({ description: 'Where it goes.' }) }, closed),
  placeholders: ({ index }) => [{ path: ['index'], text: index }],
  create: notCreated,
})

const joinParts = defineFilter({
  type: 'join_parts',
  summary: 'Joins nothing.',
  configSchema: Type.Object(
    { timeout: Duration({ description: 'Longest wait.', default: '5s' }) },
    closed,
  ),
  create: notCreated,
})

const parse = defineFilter({
  type: 'parse',
  summary: 'Parses nothing.',
  configSchema: Type.Object(
    {
      on_error: Type.Union(
        [Type.Literal('keep'), Type.Literal('dead_letter'), Type.String({ format: 'label' })],
        { description: 'Where to.', default: 'keep' },
      ),
    },
    closed,
  ),
  create: notCreated,
})

export const testRegistry: Registry = {
  inputs: [forward],
  outputs: [file, elsewhere, search],
  filters: [joinParts, parse],
}
