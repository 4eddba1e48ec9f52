/** Counts open connections, in all and per peer address, and says when one is too many. */
import type { Peer } from './peer.ts'

export interface ConnectionLimitOptions {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
}

export type ConnectionLimit = 'connections_max' | 'connections_per_address_max'

export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions
  readonly #perAddress = new Map<string, number>()
  #open = 0

  constructor(options: ConnectionLimitOptions) {
    this.#options = options
  }

  get open(): number {
    return this.#open
  }

  /** Counts the peer in and answers null, or answers the limit that keeps it out. */
  enter(peer: Peer): ConnectionLimit | null {
    if (this.#open >= this.#options.connectionsMax) return 'connections_max'
    const key = keyOf(peer)
    const count = this.#perAddress.get(key) ?? 0
    // Nobody is told apart on a unix socket, so only the total holds there.
    if (peer.address !== null && count >= this.#options.connectionsPerAddressMax) {
      return 'connections_per_address_max'
    }
    this.#perAddress.set(key, count + 1)
    this.#open++
    return null
  }

  /** Once for each `enter` that answered null. */
  leave(peer: Peer): void {
    const key = keyOf(peer)
    const left = (this.#perAddress.get(key) ?? 1) - 1
    if (left === 0) this.#perAddress.delete(key)
    else this.#perAddress.set(key, left)
    this.#open--
  }
}

function keyOf(peer: Peer): string {
  return peer.address ?? ''
}
