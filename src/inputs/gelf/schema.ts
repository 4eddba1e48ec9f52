/** Options of the `gelf` input, and the combinations of them that cannot work. */
import type { Static } from 'typebox'
import { Duration, Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { Template } from '../../pipeline/placeholders/template.ts'
import { listenAddresses, ListenList, parseListenAddress } from '../support/listen-list.ts'
import {
  accessFields,
  connectionFields,
  datagramFields,
  handshakeField,
  inFlightFields,
  keepaliveField,
  listenFaults,
  pendingFields,
  sourceFields,
} from '../support/schema.ts'

const chunkFields = {
  chunk_timeout: Duration({
    description:
      'Time in which all chunks of a message must have come by udp; what is there of it then is ' +
      'kept with `parse_failed`.',
    default: '5s',
  }),
  chunked_messages_max: Type.Integer({
    description:
      'Messages by udp of which chunks are missing; past it what has come of the oldest is kept ' +
      'with `parse_failed`.',
    default: 4096,
    minimum: 1,
  }),
  chunks_max: Size({
    description:
      'Memory of the chunks of such messages; past it what has come of the oldest is kept ' +
      'with `parse_failed`.',
    default: '32MiB',
  }),
}

export const gelfSchema = Type.Object(
  {
    listen: ListenList({
      description:
        'Addresses to listen on: `udp://`, `tcp://`, `tls://` or `unix://`, one or a list; `[]` ' +
        'for none but those of `http_listen`.',
      default: 'udp://127.0.0.1:12201',
      examples: ['udp://0.0.0.0:12201', ['udp://127.0.0.1:12201', 'tcp://127.0.0.1:12201'], []],
      mayBeEmpty: true,
    }),
    http_listen: Type.Optional(
      ListenList({
        description:
          'Addresses that take `POST /gelf` by HTTP: `tcp://`, `tls://` or `unix://`, one or a ' +
          'list. Answered after delivery. Absent means none.',
        examples: ['tcp://127.0.0.1:12202'],
      }),
    ),
    tag: Type.Optional(
      Type.String({
        description:
          'Tag of the events: `${tag}` is the `_tag` of the message, or `default_tag`, and ' +
          '`${$.field}` a field of the record. Absent means `${tag}`.',
        minLength: 1,
        examples: ['docker.${tag}', 'gelf.${$.host}'],
      }),
    ),
    default_tag: Type.String({
      description:
        'Tag of messages that have no `_tag`, or one longer than `tag_max`, and of those that ' +
        'cannot be read.',
      default: 'gelf',
      minLength: 1,
    }),
    fields: Type.Union([Type.Literal('strip'), Type.Literal('keep')], {
      description:
        '`strip` takes the underscore from additional fields (`_container_name` becomes ' +
        '`container_name`) and puts `short_message` under `message_key`; `keep` leaves all names ' +
        'as they are sent.',
      default: 'strip',
    }),
    message_key: Type.String({
      description:
        'What `short_message` is called with `fields: strip`. By default as in the events of ' +
        "Docker's fluentd driver.",
      default: 'log',
      minLength: 1,
      examples: ['message', 'short_message'],
    }),
    strict: Type.Boolean({
      description:
        'Whether to hold messages to GELF 1.1 to the letter; those that break it are kept as ' +
        'text with `parse_failed`, as is what is no JSON at all. Else whatever is a JSON object ' +
        'is taken.',
      default: false,
    }),
    delimiter: Type.Union([Type.Literal('auto'), Type.Literal('nul'), Type.Literal('newline')], {
      description:
        'What ends a message by tcp, tls and unix: NUL, a line break, or `auto` for either, ' +
        'told apart per message.',
      default: 'auto',
    }),
    ...accessFields,
    ...sourceFields,
    ...keepaliveField,
    ...datagramFields,
    message_max: Size({
      description:
        'Largest message taken. Of a larger one the beginning is kept with `parse_failed`; ' +
        'of one by udp that grows past it when decompressed, what was not decompressed.',
      default: '2MiB',
    }),
    tag_max: Size({
      description: 'Longest tag taken, in UTF-8; instead of a longer one there is `default_tag`.',
      default: '1KiB',
    }),
    depth_max: Type.Integer({
      description:
        'How deep objects and arrays may nest in a message; one that goes deeper is kept as text ' +
        'with `parse_failed`.',
      default: 64,
      minimum: 4,
      maximum: 512,
    }),
    ...chunkFields,
    body_max: Size({
      description:
        'Largest body of an HTTP request, which may hold several messages, decompressed.',
      default: '16MiB',
    }),
    ...pendingFields,
    ...inFlightFields,
    ...connectionFields,
    ...handshakeField,
  },
  { additionalProperties: false },
)

export type GelfConfig = Static<typeof gelfSchema>

export function gelfFaults(config: GelfConfig): Fault[] {
  const listen = allAddresses(config)
  return [
    ...listenFaults({ ...config, listen }, { schemes: ['udp', 'tcp', 'tls', 'unix'] }),
    ...(listen.length === 0 ? [NO_ADDRESS] : []),
    ...httpFaults(config),
    ...tagFaults(config),
  ]
}

/** Of messages and of HTTP. */
export function allAddresses({ listen, http_listen }: GelfConfig): string[] {
  return [...listenAddresses(listen), ...listenAddresses(http_listen ?? [])]
}

const NO_ADDRESS: Fault = {
  path: ['listen'],
  message: 'has no address, and `http_listen` is absent; expected an address in one of them',
}

function httpFaults({ http_listen = [] }: GelfConfig): Fault[] {
  return listenAddresses(http_listen)
    .filter((text) => parseListenAddress(text).scheme === 'udp')
    .map((text) => ({
      path: ['http_listen'],
      message: `has ${text}; expected tcp, tls or unix`,
    }))
}

function tagFaults({ tag }: GelfConfig): Fault[] {
  try {
    if (tag !== undefined) new Template(tag)
    return []
  } catch (error) {
    return [{ path: ['tag'], message: `is wrong: ${(error as Error).message}` }]
  }
}
