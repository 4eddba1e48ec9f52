/** Options of the `forward` input, and the combinations of them that cannot work. */
import type { Static } from 'typebox'
import { Duration, Network, Secret, Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { ListenList } from '../support/listen-list.ts'
import {
  accessFields,
  connectionFields,
  inFlightFields,
  keepaliveField,
  listenFaults,
  pendingFields,
  sourceFields,
} from '../support/schema.ts'

const user = Type.Object(
  {
    username: Type.String({ description: 'Name the client gives.', minLength: 1 }),
    password: Secret({ description: 'Password of this user.' }),
  },
  { additionalProperties: false },
)

const client = Type.Object(
  {
    host: Type.Optional(
      Type.String({
        description: 'Name of the client, resolved once at the start; or give `network`.',
        minLength: 1,
      }),
    ),
    network: Type.Optional(
      Network({ description: 'Network or address of the clients; or give `host`.' }),
    ),
    shared_key: Type.Optional(
      Secret({ description: 'Key of these clients; absent means that of `security`.' }),
    ),
    users: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Names of the users these clients may be; absent means all of them.',
      }),
    ),
  },
  { additionalProperties: false },
)

const security = Type.Object(
  {
    shared_key: Secret({ description: 'Key that clients must prove to know.' }),
    self_hostname: Type.Optional(
      Type.String({
        description:
          'Name this server gives. A client refuses one that equals its own. Absent means the ' +
          'host name of the machine.',
        minLength: 1,
      }),
    ),
    user_auth: Type.Boolean({
      description: 'Whether a client must also prove to know the password of a user.',
      default: false,
    }),
    users: Type.Array(user, { description: 'Users and their passwords.', default: [] }),
    clients: Type.Array(client, {
      description: 'Clients with a key or users of their own; the first that fits is taken.',
      default: [],
    }),
    allow_anonymous_source: Type.Boolean({
      description: 'Whether clients that `clients` does not name may connect.',
      default: true,
    }),
  },
  {
    additionalProperties: false,
    description:
      "Handshake before the first event, as Fluentd's `<security>`. Docker's log driver cannot " +
      'do it. Absent means that nobody is asked.',
  },
)

export const forwardSchema = Type.Object(
  {
    listen: ListenList({
      description:
        'Addresses to accept connections on: `tcp://`, `tls://` or `unix://`, one or a list.',
      default: 'tcp://127.0.0.1:24224',
      examples: ['tcp://0.0.0.0:24224', ['tcp://127.0.0.1:24224', 'unix:///run/logboom.sock']],
    }),
    udp_heartbeat: Type.Boolean({
      description: 'Whether to answer heartbeats on the UDP port of each tcp and tls address.',
      default: true,
    }),
    ...accessFields,
    security: Type.Optional(security),
    tag: Type.Optional(
      Type.String({
        description: 'Tag that replaces the tag of every event; absent means it is kept.',
        minLength: 1,
      }),
    ),
    add_tag_prefix: Type.Optional(
      Type.String({
        description: 'Put before every tag with a dot between; absent means nothing is.',
        minLength: 1,
      }),
    ),
    ...sourceFields,
    metadata_key: Type.Optional(
      Type.String({
        description: "Field that Fluent Bit's metadata is put into; absent means it is left out.",
        minLength: 1,
      }),
    ),
    deny_keepalive: Type.Boolean({
      description: 'Whether to close each connection after what it has sent at first.',
      default: false,
    }),
    ...keepaliveField,
    frame_max: Size({
      description: 'Largest message taken, undecoded; a larger one ends its connection.',
      default: '64MiB',
    }),
    tag_max: Size({
      description: 'Longest tag taken, in UTF-8; a longer one ends its connection.',
      default: '1KiB',
    }),
    decompressed_max: Size({
      description: 'Largest a compressed message may grow; a larger one ends its connection.',
      default: '256MiB',
    }),
    depth_max: Type.Integer({
      description: 'How deep maps and lists may nest in a record; one that goes deeper is dropped.',
      default: 64,
      minimum: 4,
      maximum: 512,
    }),
    ...pendingFields,
    ...inFlightFields,
    ...connectionFields,
    handshake_timeout: Duration({
      description: 'Time a client has for the TLS handshake, and again for that of `security`.',
      default: '10s',
    }),
  },
  { additionalProperties: false },
)

export type ForwardConfig = Static<typeof forwardSchema>
export type SecurityConfig = Static<typeof security>

const HEARTBEAT_HINT = ' (heartbeats need no entry)'

/** Combinations of options that cannot work. */
export function forwardFaults(config: ForwardConfig): Fault[] {
  return [
    ...listenFaults(config, { schemes: ['tcp', 'tls', 'unix'], hint: HEARTBEAT_HINT }),
    ...securityFaults(config.security),
  ]
}

function securityFaults(security: SecurityConfig | undefined): Fault[] {
  if (!security) return []
  const { users, clients, user_auth, allow_anonymous_source } = security
  const faults: Fault[] = []
  if (user_auth && users.length === 0) {
    const message = 'is on while `users` is empty; expected at least one user'
    faults.push({ path: ['security', 'user_auth'], message })
  }
  if (!allow_anonymous_source && clients.length === 0) {
    const message = 'is off while `clients` is empty, so nobody could connect; expected a client'
    faults.push({ path: ['security', 'allow_anonymous_source'], message })
  }
  const names = new Set(users.map(({ username }) => username))
  return [...faults, ...clients.flatMap((each, index) => clientFaults(each, index, names))]
}

function clientFaults(
  { host, network, users = [] }: SecurityConfig['clients'][number],
  index: number,
  names: ReadonlySet<string>,
): Fault[] {
  const path = ['security', 'clients', String(index)]
  const faults: Fault[] = []
  if (host !== undefined && network !== undefined) {
    faults.push({ path, message: 'has both `host` and `network`; expected one of them' })
  }
  if (host === undefined && network === undefined) {
    faults.push({ path, message: 'has neither `host` nor `network`; expected one of them' })
  }
  for (const name of users.filter((user) => !names.has(user))) {
    const message = `names ${name}, who is not in \`security.users\`; expected one of them`
    faults.push({ path: [...path, 'users'], message })
  }
  return faults
}
