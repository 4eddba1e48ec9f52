/** Options of the `forward` output. */
import type { Static } from 'typebox'
import { Duration, Secret, Server } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { clientTlsFaults, clientTlsSchema } from '../support/client-tls.ts'

const security = Type.Object(
  {
    shared_key: Secret({ description: 'Key that both sides prove to know.' }),
    self_hostname: Type.Optional(
      Type.String({
        description:
          'Name this client gives; it must not be that of the server. Absent means the host name ' +
          'of the machine.',
        minLength: 1,
      }),
    ),
    username: Type.String({
      description: 'User, for a server that asks for one; empty: none.',
      default: '',
    }),
    password: Secret({ description: 'Password of the user.', default: '' }),
  },
  {
    additionalProperties: false,
    description:
      "Handshake before the first event, as Fluentd's `<security>`. Until the server lets this " +
      'client in, events wait in the buffer and do not count as failing. Absent means that the ' +
      'server asks for nothing.',
  },
)

export const forwardSchema = Type.Object(
  {
    servers: Type.Union(
      [
        Server({ description: 'One server.' }),
        Type.Array(Server({ description: 'Address of a server.' }), {
          description: 'Several.',
          minItems: 1,
        }),
      ],
      {
        description:
          'Servers that take events: `tcp://`, `tls://` or `unix://`, one or a list. The first ' +
          'that works is used. Names are looked up for each connection.',
        examples: [
          'tcp://10.0.0.7:24224',
          ['tls://a.example.org:24225', 'tls://b.example.org:24225'],
        ],
      },
    ),
    balance: Type.Boolean({
      description: 'Whether the servers take turns, chunk by chunk; the order among them is lost.',
      default: false,
    }),
    require_ack: Type.Boolean({
      description:
        'Whether an event counts as delivered once its server has acknowledged it. Without, it ' +
        'does once it is handed to the socket: what was on its way when a connection breaks or ' +
        'a server dies is lost.',
      default: true,
    }),
    compress: Type.Union([Type.Literal('none'), Type.Literal('gzip'), Type.Literal('zstd')], {
      description:
        'How entries are compressed. All servers know gzip; zstd needs Fluentd 1.19, a Fluent ' +
        'Bit of its time, or Logboom.',
      default: 'none',
    }),
    tag: Type.Optional(
      Type.String({
        description:
          'Tag to send events on under, in place of their own, with placeholders for what they ' +
          'have in common by `buffer.chunk.keys`: `${tag}`, `${tag[1]}`, `${$.host}`, strftime ' +
          '(`%Y%m%d`), `${chunk_id}`. What they do not have is `unknown`. Absent means their own.',
        minLength: 1,
        examples: ['archive.${tag[1..]}', 'day.%Y%m%d'],
      }),
    ),
    tls: Type.Optional(clientTlsSchema),
    security: Type.Optional(security),
    connect_timeout: Duration({
      description:
        'Time for looking up the name, connecting, and the handshakes; then the next server is ' +
        'tried.',
      default: '5s',
    }),
    failed_wait: Duration({
      description:
        'How long a server that has failed comes after the others. Without another it is tried ' +
        'as `retry` says.',
      default: '30s',
    }),
    idle_timeout: Duration({
      description: 'Time without events after which a connection is closed; `0s` for at once.',
      default: '60s',
    }),
  },
  { additionalProperties: false },
)

export type ForwardConfig = Static<typeof forwardSchema>
export type SecurityConfig = Static<typeof security>

/** Combinations of options that cannot work. */
/** As written. */
export function serversOf({ servers }: Pick<ForwardConfig, 'servers'>): readonly string[] {
  return typeof servers === 'string' ? [servers] : servers
}

export function forwardFaults({ tls, security, ...config }: ForwardConfig): Fault[] {
  const servers = serversOf(config)
  const faults = clientTlsFaults(tls)
  if (tls && !servers.some((server) => server.startsWith('tls:'))) {
    const message = 'is of no use: `servers` has no tls address; expected tls://HOST:PORT'
    faults.push({ path: ['tls'], message })
  }
  const twice = servers.find((server, index) => servers.indexOf(server) !== index)
  if (twice !== undefined) {
    faults.push({ path: ['servers'], message: `has ${twice} twice; expected each server once` })
  }
  if (security?.password && security.username === '') {
    const message = 'is given without a `username`; expected both or neither'
    faults.push({ path: ['security', 'password'], message })
  }
  return faults
}
