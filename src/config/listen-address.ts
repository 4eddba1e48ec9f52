/**
 * Listen addresses as configurations write them: `tcp://127.0.0.1:24224`, `tls://[::1]:24224`,
 * `udp://…`, `unix:///run/x.sock`. One parser for the loader, the inputs, the page and the banner.
 */

/** `port` 0 lets the system choose one. */
export interface NetworkAddress {
  readonly scheme: 'tcp' | 'tls' | 'udp'
  /** An IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

export interface UnixAddress {
  readonly scheme: 'unix'
  readonly path: string
}

export type ListenAddress = NetworkAddress | UnixAddress

export const LISTEN_EXPECTED = 'tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT or unix:///PATH'

const NETWORK_ADDRESS = /^(tcp|tls|udp):\/\/(?:\[([0-9a-fA-F:.%\w]+)\]|([\w.-]+)):(\d{1,5})$/
const PORT_MAX = 65_535
/** `sun_path` of Linux holds 108 bytes with the final NUL; a longer path is cut silently. */
const UNIX_PATH_BYTES_MAX = 107

/** The address that `text` is, or undefined if it is none. */
export function parseListen(text: string): ListenAddress | undefined {
  return text.startsWith('unix:') ? parseUnix(text) : parseNetwork(text)
}

export function formatListenAddress(address: ListenAddress): string {
  if (address.scheme === 'unix') return `unix://${address.path}`
  return `${address.scheme}://${hostAndPort(address.host, address.port)}`
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function parseUnix(text: string): UnixAddress | undefined {
  const path = text.slice('unix://'.length)
  const fits = Buffer.byteLength(path) <= UNIX_PATH_BYTES_MAX
  const isValid = text.startsWith('unix:///') && path.length > 1 && !path.includes('\0') && fits
  return isValid ? { scheme: 'unix', path } : undefined
}

function parseNetwork(text: string): NetworkAddress | undefined {
  const match = NETWORK_ADDRESS.exec(text)
  const host = match?.[2] ?? match?.[3]
  const port = Number(match?.[4])
  if (host === undefined || port > PORT_MAX) return undefined
  return { scheme: match?.[1] as NetworkAddress['scheme'], host, port }
}
