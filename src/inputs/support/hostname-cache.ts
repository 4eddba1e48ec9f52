/**
 * Names of peers by reverse DNS, remembered for a while. An answer that takes long is not waited
 * for: the address stands in, as in Fluentd, and the name is there for the next connection.
 */
import { Resolver } from 'node:dns/promises'
import type { Clock, Timers } from '../../pipeline/clock.ts'

export interface HostnameCacheOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** Longest wait of one `nameOf`. */
  readonly waitMs: number
  /** Answers names of an address; rejects if it has none. Default: the system's DNS servers. */
  readonly reverse?: (address: string) => Promise<readonly string[]>
}

interface Known {
  readonly name: Promise<string>
  readonly until: number
}

/** A client's name comes in time or its address stands in: its first event must not wait long. */
const WAIT_MS = 500
const KEEP_MS = 300_000
const KNOWN_MAX = 4096

/** For the clients of an input. */
export function hostnameCache({ clock, timers }: Pick<HostnameCacheOptions, 'clock' | 'timers'>) {
  return new HostnameCache({ clock, timers, waitMs: WAIT_MS })
}

export class HostnameCache {
  readonly #options: HostnameCacheOptions
  readonly #resolver = new Resolver({ timeout: 2000, tries: 1 })
  readonly #known = new Map<string, Known>()

  constructor(options: HostnameCacheOptions) {
    this.#options = options
  }

  /** The name, or the address itself where there is no name or no timely answer. */
  nameOf(address: string): Promise<string> {
    const { timers, waitMs } = this.#options
    return new Promise((resolve) => {
      const cancel = timers.after(waitMs, () => resolve(address))
      void this.#lookUp(address).then((name) => {
        cancel()
        resolve(name)
      })
    })
  }

  /** Gives up what is being asked; whoever waits gets the address. */
  cancel(): void {
    this.#resolver.cancel()
  }

  #lookUp(address: string): Promise<string> {
    const now = this.#options.clock.monotonic()
    const known = this.#known.get(address)
    if (known && known.until > now) return known.name
    this.#known.delete(address)
    const oldest = this.#known.size < KNOWN_MAX ? undefined : this.#known.keys().next().value
    if (oldest !== undefined) this.#known.delete(oldest)
    const name = this.#ask(address)
    this.#known.set(address, { name, until: now + KEEP_MS })
    return name
  }

  async #ask(address: string): Promise<string> {
    const reverse = this.#options.reverse ?? ((asked) => this.#resolver.reverse(asked))
    try {
      return (await reverse(address))[0] ?? address
    } catch (_noName) {
      return address
    }
  }
}
