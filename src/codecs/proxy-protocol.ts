/**
 * The header of the PROXY protocol, by which a proxy (HAProxy, an AWS load balancer) says whose
 * connection it passes on. Versions 1 and 2:
 * https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 *
 *     PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n
 *     0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a │ 21 │ 11 │ length u16 │ addresses and ports, … │
 */
import { isIP, SocketAddress } from 'node:net'

export type ProxyHeader =
  /** More bytes have to come. */
  | { readonly kind: 'more' }
  /** No such header. */
  | { readonly kind: 'bad' }
  /** `length` bytes; without a source where the proxy speaks for itself. */
  | { readonly kind: 'header'; readonly length: number; readonly source: ProxySource | null }

export interface ProxySource {
  /** An IP address. */
  readonly address: string
  readonly port: number
}

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const TEXT = new TextEncoder().encode('PROXY ')
/** With its CRLF, by the specification. */
const TEXT_MAX_BYTES = 107
const FIXED_BYTES = 16
/** Addresses, and what a proxy adds to them. */
const REST_MAX_BYTES = 4096
const MORE: ProxyHeader = { kind: 'more' }
const BAD: ProxyHeader = { kind: 'bad' }

/** Reads the header that the first bytes of a connection must be. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startsAs(bytes, TEXT)) return readText(bytes)
  return startsAs(bytes, SIGNATURE) ? readBinary(bytes) : BAD
}

/** As far as there are bytes. */
function startsAs(bytes: Uint8Array, expected: Uint8Array): boolean {
  const length = Math.min(bytes.length, expected.length)
  for (let index = 0; index < length; index++) if (bytes[index] !== expected[index]) return false
  return true
}

function readText(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, TEXT_MAX_BYTES).indexOf(0x0a)
  if (end < 0) return bytes.length < TEXT_MAX_BYTES ? MORE : BAD
  const line = Buffer.from(bytes.subarray(0, end + 1)).toString('latin1')
  const [, family, address = '', , port = ''] = line.trimEnd().split(' ')
  if (!line.endsWith('\r\n')) return BAD
  if (family === 'UNKNOWN') return { kind: 'header', length: end + 1, source: null }
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : -1
  if (isIP(address) !== version || !/^\d{1,5}$/.test(port)) return BAD
  return { kind: 'header', length: end + 1, source: { address, port: Number(port) } }
}

function readBinary(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < FIXED_BYTES) return MORE
  const command = bytes[12]!
  const family = bytes[13]!
  const rest = bytes[14]! * 256 + bytes[15]!
  const isKnown = command === 0x20 || command === 0x21
  if (!isKnown || rest > REST_MAX_BYTES) return BAD
  const length = FIXED_BYTES + rest
  if (bytes.length < length) return MORE
  // LOCAL, or of a family without ports: a health check of the proxy itself, say.
  if (command === 0x20) return { kind: 'header', length, source: null }
  if (family === 0x11 && rest >= 12) return { kind: 'header', length, source: readIpv4(bytes) }
  if (family === 0x21 && rest >= 36) return { kind: 'header', length, source: readIpv6(bytes) }
  return { kind: 'header', length, source: null }
}

function readIpv4(bytes: Uint8Array): ProxySource {
  const address = bytes.subarray(FIXED_BYTES, FIXED_BYTES + 4).join('.')
  return { address, port: bytes[FIXED_BYTES + 8]! * 256 + bytes[FIXED_BYTES + 9]! }
}

function readIpv6(bytes: Uint8Array): ProxySource {
  const hex = Buffer.from(bytes.subarray(FIXED_BYTES, FIXED_BYTES + 16)).toString('hex')
  const groups = hex.match(/.{4}/g) ?? []
  const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' })
  return { address, port: bytes[FIXED_BYTES + 32]! * 256 + bytes[FIXED_BYTES + 33]! }
}
