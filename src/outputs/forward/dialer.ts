/** Makes connections to servers, ready for the first message. */
import { parseListen } from '../../config/listen-address.ts'
import { durationInMs } from '../../config/units.ts'
import type { Timers } from '../../pipeline/clock.ts'
import { clientTlsOptions } from '../support/client-tls.ts'
import { Connection, type Conversation, type Target } from './connection.ts'
import { ClientHandshake } from './handshake.ts'
import type { ForwardMetrics } from './metrics.ts'
import type { ForwardConfig } from './schema.ts'
import { ServerError } from './server-error.ts'
import type { Connecting, ConnectionWatcher } from './server-pool.ts'

export class Dialer implements Connecting {
  readonly #config: ForwardConfig
  readonly #timers: Timers
  readonly #metrics: ForwardMetrics

  constructor(config: ForwardConfig, timers: Timers, metrics: ForwardMetrics) {
    this.#config = config
    this.#timers = timers
    this.#metrics = metrics
  }

  /** Rejects if a file of the `tls` section cannot be read. */
  async check(): Promise<void> {
    await clientTlsOptions(this.#config.tls, '')
  }

  /** `signal` ends it. Throws a ServerError. */
  async connect(
    server: string,
    signal: AbortSignal,
    watcher: ConnectionWatcher,
  ): Promise<Connection> {
    const target = await this.#target(server)
    if (signal.aborted) throw gaveUp()
    const connection = this.#open(target, watcher)
    const limitMs = durationInMs(this.#config.connect_timeout)
    const cancel = this.#timers.after(limitMs, () => {
      const reason = `it was not ready within ${this.#config.connect_timeout}`
      connection.destroy(new ServerError({ kind: 'connect', reason }))
    })
    const giveUp = () => connection.destroy(gaveUp())
    signal.addEventListener('abort', giveUp)
    try {
      const opening = new Opening(connection, this.#config)
      connection.converse(opening)
      await opening.ready.promise
      this.#metrics.connects.add(1)
      return connection
    } finally {
      cancel()
      signal.removeEventListener('abort', giveUp)
    }
  }

  async #target(server: string): Promise<Target> {
    const address = parseListen(server)
    if (!address || address.scheme === 'udp') throw new TypeError(`BUG: ${server} is no server`)
    if (address.scheme !== 'tls') return { address, tls: {} }
    try {
      return { address, tls: await clientTlsOptions(this.#config.tls, address.host) }
    } catch (error) {
      throw unusable(error)
    }
  }

  /** Certificates that are none are found out here. */
  #open(target: Target, watcher: ConnectionWatcher): Connection {
    const { connections } = this.#metrics
    try {
      const connection = new Connection(target, () => {
        connections.add(-1)
        watcher.closed(connection)
      })
      connections.add(1)
      watcher.made(connection)
      return connection
    } catch (error) {
      throw unusable(error)
    }
  }
}

/** Waits for the connection and does the handshake, if there is to be one. */
class Opening implements Conversation {
  readonly ready = Promise.withResolvers<void>()
  readonly #connection: Connection
  readonly #handshake: ClientHandshake | null

  constructor(connection: Connection, { security }: ForwardConfig) {
    this.#connection = connection
    this.#handshake = security ? new ClientHandshake(security) : null
  }

  opened(): void {
    if (!this.#handshake) this.ready.resolve()
  }

  received(bytes: Uint8Array): void {
    try {
      if (!this.#handshake)
        throw new ServerError({ kind: 'protocol', reason: 'it spoke before it was asked' })
      const step = this.#handshake.push(bytes)
      if (step.kind === 'send') this.#connection.write([step.ping], () => undefined)
      if (step.kind !== 'done') return
      if (!step.keepalive) this.#connection.messagesLeft = 1
      this.ready.resolve()
    } catch (error) {
      this.#connection.destroy(error as ServerError)
    }
  }

  broken(error: ServerError): void {
    const isAsking = this.#handshake?.isAsking === true && error.kind === 'closed'
    // Fluent Bit does not say that it refuses a client.
    const reason = 'it closed the connection in the handshake, as for a wrong shared key'
    const refusal = new ServerError({ kind: 'handshake', reason, isHold: true }, error)
    this.ready.reject(isAsking ? refusal : error)
  }
}

function gaveUp(): ServerError {
  return new ServerError({ kind: 'given_up', reason: 'it was given up' })
}

function unusable(error: unknown): ServerError {
  const reason = (error as Error).message
  return new ServerError({ kind: 'tls', reason, isHold: true }, error)
}
