/**
 * Options that inputs have in common, to be spread into their schemas: the same name means the same
 * everywhere. And the combinations of them that cannot work.
 */
import { Duration, Mode, Network, Size } from '../../config/fields.ts'
import type { ListenAddress } from '../../config/listen-address.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { listenAddresses, type ListenListValue, parseListenAddress } from './listen-list.ts'
import { tlsSchema, type TlsConfig } from './tls-options.ts'

/** Who may send, and over what. */
export const accessFields = {
  socket_mode: Mode({
    description: 'Mode of the socket file of a unix address: who may write may send.',
    default: '0660',
  }),
  tls: Type.Optional(tlsSchema),
  allow: Type.Optional(
    Type.Array(Network({ description: 'Network or address.' }), {
      description:
        'Networks that may send by tcp, tls and udp. Absent means all; with an empty list only ' +
        'unix sockets are left.',
      examples: [['127.0.0.0/8', '10.0.0.0/8']],
    }),
  ),
}

/** Fields that say who sent an event. */
export const sourceFields = {
  source_address_key: Type.Optional(
    Type.String({
      description:
        "Field that the client's address is put into. Absent means none; events from a unix " +
        'socket never get it.',
      minLength: 1,
    }),
  ),
  source_hostname_key: Type.Optional(
    Type.String({
      description:
        "Field that the client's name by reverse DNS is put into, or its address where the " +
        'name does not come within half a second. Absent means none.',
      minLength: 1,
    }),
  ),
}

export const keepaliveField = {
  keepalive_probe: Duration({
    description:
      'Silence after which TCP asks whether the client is still there, so that no NAT on the ' +
      'way forgets the connection; `0s` for never.',
    default: '60s',
  }),
}

/** Bounds on incomplete messages. */
export const pendingFields = {
  pending_max: Size({
    description:
      'Bytes of incomplete messages held over all connections; past it, the connection that ' +
      'holds most of them is closed.',
    default: '256MiB',
  }),
  frame_timeout: Duration({
    description:
      'Silence in the middle of a message after which its connection is closed; `0s` for never.',
    default: '60s',
  }),
}

export const inFlightFields = {
  in_flight_max: Size({
    description:
      'Memory of what is received and not yet delivered, over all connections; at it, reading ' +
      'stops until half of it is delivered. Each message counts with its bytes and 1 KiB, ' +
      'except that messages of one tag count as one when they are read together.',
    default: '32MiB',
  }),
  connection_in_flight_max: Size({
    description: 'As `in_flight_max`, of one connection.',
    default: '4MiB',
  }),
}

/** Bounds on connections. */
export const connectionFields = {
  connections_max: Type.Integer({
    description: 'Open connections; further ones are closed at once.',
    default: 8192,
    minimum: 1,
  }),
  connections_per_address_max: Type.Integer({
    description:
      'Open connections from one address; further ones are closed at once. All containers of ' +
      'a Docker host come from one address.',
    default: 4096,
    minimum: 1,
  }),
  idle_timeout: Type.Optional(
    Duration({
      description: 'Silence after which a connection is closed; absent means never.',
      examples: ['1h'],
    }),
  ),
}

export const handshakeField = {
  handshake_timeout: Duration({
    description: 'Time a client has for the TLS handshake.',
    default: '10s',
  }),
}

export const proxyField = {
  proxy_protocol: Type.Boolean({
    description:
      'Whether every connection over tcp and tls begins with a header of the PROXY protocol, ' +
      'version 1 or 2, which says who is behind a proxy. One without is closed, so only proxies ' +
      'can connect; `allow` is about them, and the limits per address too.',
    default: false,
  }),
}

/** For inputs that take datagrams. */
export const datagramFields = {
  receive_buffer: Size({
    description:
      'Memory of the kernel for datagrams that are not read yet, of each udp address; what does ' +
      'not fit is lost. The kernel gives at most `net.core.rmem_max`: the metric ' +
      '`receive_buffer_bytes` says what it gave.',
    default: '8MiB',
  }),
}

/** What a stream input needs of its options; forward.ts and others have more. */
export interface ConnectionConfig {
  readonly socket_mode: string
  readonly tls?: TlsConfig
  readonly allow?: string[]
  readonly keepalive_probe: string
  readonly connections_max: number
  readonly connections_per_address_max: number
  readonly idle_timeout?: string
  readonly frame_timeout: string
  readonly handshake_timeout: string
  readonly proxy_protocol?: boolean
}

type Scheme = ListenAddress['scheme']

export interface ListenFaultOptions {
  readonly schemes: readonly Scheme[]
  /** Behind the expected schemes, for what one might have meant. */
  readonly hint?: string
}

/** A scheme the input cannot listen on, or a `tls` section without an address and vice versa. */
export function listenFaults(
  { listen, tls }: { readonly listen: ListenListValue; readonly tls?: TlsConfig },
  { schemes, hint = '' }: ListenFaultOptions,
): Fault[] {
  const used = new Set(listenAddresses(listen).map((text) => parseListenAddress(text).scheme))
  const faults: Fault[] = []
  for (const scheme of used) {
    if (schemes.includes(scheme)) continue
    const message = `has a ${scheme} address; expected ${inWords(schemes)}${hint}`
    faults.push({ path: ['listen'], message })
  }
  if (used.has('tls') && !tls) {
    const message = 'has a tls address without a `tls` section; expected its certificate there'
    faults.push({ path: ['listen'], message })
  }
  if (tls && !used.has('tls')) {
    const message = 'is of no use: `listen` has no tls address; expected tls://HOST:PORT'
    faults.push({ path: ['tls'], message })
  }
  return [...faults, ...tlsVersionFaults(tls)]
}

function tlsVersionFaults(tls: TlsConfig | undefined): Fault[] {
  if (tls?.min_version !== 'TLSv1.3' || tls.max_version !== 'TLSv1.2') return []
  const message = 'is older than `min_version`; expected TLSv1.3, or none'
  return [{ path: ['tls', 'max_version'], message }]
}

function inWords(schemes: readonly Scheme[]): string {
  if (schemes.length === 1) return schemes[0]!
  return `${schemes.slice(0, -1).join(', ')} or ${schemes.at(-1)}`
}
