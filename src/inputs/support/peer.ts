/** Who is at the other end of a connection. */
export interface Peer {
  /** Null on a unix socket. */
  readonly address: string | null
  /** `127.0.0.1:49152` or `unix`, for logs. */
  readonly text: string
}

/** An IPv4 peer of a listener on `::` shows as `::ffff:1.2.3.4`; everyone knows it as `1.2.3.4`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
