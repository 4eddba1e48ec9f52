/**
 * Listen addresses: `tcp://127.0.0.1:24224`, `tls://[::1]:24224`, `udp://…`, `unix:///run/x.sock`,
 * and the peers that come in on them. The listeners are stream-listener.ts and udp-socket.ts.
 */
import type { Static } from 'typebox'
import { Listen } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'

export type ListenAddress = NetworkAddress | UnixAddress

export interface NetworkAddress {
  readonly kind: 'tcp' | 'tls' | 'udp'
  readonly host: string
  readonly port: number
}

export interface UnixAddress {
  readonly kind: 'unix'
  readonly path: string
}

/** Who is at the other end; `address` is null on a unix socket. */
export interface Peer {
  readonly address: string | null
  /** `127.0.0.1:49152` or `unix`, for logs. */
  readonly text: string
}

export interface ListenOptions {
  readonly description: string
  readonly default: string
  readonly examples: (string | string[])[]
}

/** One address or a list of them; `listenAddresses` reads both. */
export const ListenList = (options: ListenOptions) => {
  const one = Listen({ description: 'One address.' })
  const several = Type.Array(one, { minItems: 1, uniqueItems: true, description: 'A list.' })
  return Type.Union([one, several], { ...options })
}

export type ListenListValue = Static<ReturnType<typeof ListenList>>

const NETWORK_ADDRESS = /^(tcp|tls|udp):\/\/(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]/]+)):(\d{1,5})$/
const PORT_MAX = 65_535
/** `sun_path` of Linux holds 108 bytes with the final NUL; a longer path is cut silently. */
const UNIX_PATH_BYTES_MAX = 107

/** The addresses of a `ListenList` value, as written. */
export function listenAddresses(value: ListenListValue): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

/** Throws a TypeError if `text` is not a listen address. */
export function parseListenAddress(text: string): ListenAddress {
  const address = text.startsWith('unix:') ? parseUnix(text) : parseNetwork(text)
  if (address) return address
  throw new TypeError(
    `cannot listen on ${text}: it is not an address; ` +
      'expected tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT or unix:///PATH',
  )
}

export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`
  return `${address.kind}://${hostAndPort(address.host, address.port)}`
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** An IPv4 peer of a listener on `::` shows as `::ffff:1.2.3.4`; everyone knows it as `1.2.3.4`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function parseUnix(text: string): UnixAddress | undefined {
  const path = text.slice('unix://'.length)
  const fits = Buffer.byteLength(path) <= UNIX_PATH_BYTES_MAX
  const valid = text.startsWith('unix:///') && path.length > 1 && !path.includes('\0') && fits
  return valid ? { kind: 'unix', path } : undefined
}

function parseNetwork(text: string): NetworkAddress | undefined {
  const match = NETWORK_ADDRESS.exec(text)
  const port = Number(match?.[4])
  const host = match?.[2] ?? match?.[3]
  if (host === undefined || port > PORT_MAX) return undefined
  return { kind: match?.[1] as NetworkAddress['kind'], host, port }
}
