/** What a listen address is for the kernel: names looked up, and one spelling for each. */
import { lookup } from 'node:dns/promises'
import { isIP, isIPv6, SocketAddress } from 'node:net'
import { hostAndPort, type ListenAddress } from '../config/listen-address.ts'

/** `host` is an IP address. */
export type Endpoint =
  | { readonly kind: 'stream' | 'datagram'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Rejects if the host is a name that means nothing. */
export async function endpointOf(address: ListenAddress): Promise<Endpoint> {
  if (address.scheme === 'unix') return { kind: 'unix', path: address.path }
  const { scheme, host, port } = address
  const ip = isIP(host) ? host : (await lookup(host)).address
  return { kind: scheme === 'udp' ? 'datagram' : 'stream', host: plainIp(ip), port }
}

/** The same for two endpoints that cannot be listened on at the same time. */
export function keyOf(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return `unix ${endpoint.path}`
  return `${endpoint.kind} ${hostAndPort(endpoint.host, endpoint.port)}`
}

const ALL_HOSTS = new Set(['0.0.0.0', '::'])

/** Whether they are two, but cannot both be listened on. */
export function overlap(one: Endpoint, other: Endpoint): boolean {
  if (one.kind === 'unix' || other.kind === 'unix') return false
  const isSamePort = one.kind === other.kind && one.port === other.port
  return (
    isSamePort && one.host !== other.host && [one, other].some(({ host }) => ALL_HOSTS.has(host))
  )
}

/** `::1` for `0:0:0:0:0:0:0:1`; with a zone (`fe80::1%eth0`) as it is. */
export function plainIp(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address
  return new SocketAddress({ address, family: 'ipv6' }).address
}
