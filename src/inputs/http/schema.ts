/** Options of the `http` input, and the combinations of them that cannot work. */
import type { Static } from 'typebox'
import { Duration, Secret, Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { ListenList } from '../support/listen-list.ts'
import {
  accessFields,
  connectionFields,
  handshakeField,
  keepaliveField,
  listenFaults,
} from '../support/schema.ts'
import { timeFaults, zoneFaults } from '../../pipeline/formats/faults.ts'
import { timeFormatField, zoneField } from '../../pipeline/formats/schema.ts'
import { tagFaults } from '../support/tag-template.ts'

export const TAG_NAMES = ['path', 'source_address'] as const

const { connections_max, connections_per_address_max } = connectionFields

export const httpSchema = Type.Object(
  {
    listen: ListenList({
      description:
        'Addresses to accept connections on: `tcp://`, `tls://` or `unix://`, one or a list.',
      default: 'tcp://127.0.0.1:9880',
      examples: ['tcp://0.0.0.0:9880', ['tcp://127.0.0.1:9880', 'tls://0.0.0.0:9443']],
    }),
    ...accessFields,
    tokens: Type.Optional(
      Type.Array(Secret({ description: 'A token.', examples: ['${env:LOGBOOM_HTTP_TOKEN}'] }), {
        description:
          'Of these one must come with each request, as `Authorization: Bearer TOKEN`. Absent ' +
          'means that nobody is asked.',
        minItems: 1,
      }),
    ),
    cors_allow_origins: Type.Array(Type.String({ minLength: 1 }), {
      description:
        'Origins of web pages that may send: `https://app.example.org`, with `*` for any part ' +
        '(`https://*.example.org`), or `*` alone for all. Requests of other pages are refused.',
      default: [],
    }),
    cors_allow_credentials: Type.Boolean({
      description: 'Whether browsers may send cookies and credentials along.',
      default: false,
    }),
    tag: Type.String({
      description:
        'Tag of the events: `${path}` stands for the path of the URL, with dots for its slashes, ' +
        'and `${source_address}` for who sent them.',
      default: '${path}',
      minLength: 1,
      examples: ['app', 'http.${source_address}.${path}'],
    }),
    add_tag_prefix: Type.Optional(
      Type.String({
        description: 'Put before every tag with a dot between; absent means nothing is.',
        minLength: 1,
      }),
    ),
    time_key: Type.String({
      description:
        'Field that the time is taken out of: as `time_format` says, or an EventTime. What is ' +
        'none of these stays where it is, and the time is that of arrival. Empty: no field is ' +
        'looked at.',
      default: 'time',
    }),
    time_format: timeFormatField,
    time_zone: zoneField,
    source_address_key: Type.Optional(
      Type.String({
        description:
          "Field that the client's address is put into. Absent means none; events from a unix " +
          'socket never get it.',
        minLength: 1,
      }),
    ),
    add_remote_addr: Type.Boolean({
      description:
        "Whether records get `REMOTE_ADDR`, as in Fluentd's `in_http`: the client's address, or " +
        'the first in `X-Forwarded-For`.',
      default: false,
    }),
    add_http_headers: Type.Boolean({
      description:
        "Whether records get the request's headers, as `HTTP_USER_AGENT` and so on; " +
        '`Authorization` and `Cookie` never are.',
      default: false,
    }),
    add_query_params: Type.Boolean({
      description:
        "Whether records get the parameters behind the URL's `?`, as `QUERY_NAME` and so on.",
      default: false,
    }),
    body_max: Size({
      description:
        'Largest body of JSON, of a form, or of anything compressed as it comes; and largest ' +
        'value of msgpack. A larger one is answered 413. NDJSON, plain text and msgpack may have ' +
        'any length.',
      default: '32MiB',
    }),
    line_max: Size({
      description:
        'Longest line of NDJSON or plain text; a longer one is kept in pieces of this size.',
      default: '1MiB',
    }),
    decompressed_max: Size({
      description: 'Largest a compressed body may grow; a larger one is answered 413.',
      default: '256MiB',
    }),
    depth_max: Type.Integer({
      description: 'How deep maps and lists may nest in a record.',
      default: 64,
      minimum: 4,
      maximum: 512,
    }),
    tag_max: Size({
      description: 'Longest tag taken, in UTF-8; a longer one is answered 414.',
      default: '1KiB',
    }),
    in_flight_max: Size({
      description:
        'Memory of what is received and not yet delivered, over all requests; at it bodies are ' +
        'not read on, and new requests are answered 429 unless there is room within ' +
        '`room_timeout`.',
      default: '64MiB',
    }),
    request_in_flight_max: Size({
      description: 'As `in_flight_max`, of one request; at it its body is not read on.',
      default: '4MiB',
    }),
    room_timeout: Duration({
      description: 'How long a request waits for room before it is answered 429.',
      default: '5s',
    }),
    answer_timeout: Duration({
      description:
        'How long a request waits for the delivery of what it brought before it is answered 503; ' +
        'what it brought may still be delivered then.',
      default: '60s',
    }),
    idle_timeout: Duration({
      description:
        'How long a client may take for the head of its next request, or send nothing of a body ' +
        'it has begun, before its connection is closed.',
      default: '30s',
    }),
    ...keepaliveField,
    connections_max,
    connections_per_address_max,
    ...handshakeField,
  },
  { additionalProperties: false },
)

export type HttpConfig = Static<typeof httpSchema>

/** Combinations of options that cannot work. */
export function httpFaults(config: HttpConfig): Fault[] {
  const faults = [
    ...listenFaults(config, { schemes: ['tcp', 'tls', 'unix'] }),
    ...tagFaults(config.tag, TAG_NAMES),
    ...timeFaults(config.time_format, ['time_format']),
    ...zoneFaults(config.time_zone, ['time_zone']),
  ]
  for (const key of ['idle_timeout', 'room_timeout', 'answer_timeout'] as const)
    if (/^0+\D/.test(config[key])) faults.push({ path: [key], message: 'is zero; expected more' })
  if (config.cors_allow_credentials && config.cors_allow_origins.includes('*')) {
    const message = 'allows credentials to all origins; expected `cors_allow_origins` to name them'
    faults.push({ path: ['cors_allow_credentials'], message })
  }
  return faults
}
