/**
 * The connections of an input: its listeners, a session for each connection, the timeouts of both,
 * and a stop that drains all. What a session does is the input's: stream-session.ts for most.
 */
import type { Socket } from 'node:net'
import { modeAsNumber } from '../../config/fields.ts'
import type { ListenAddress } from '../../config/listen-address.ts'
import { durationInMs } from '../../config/units.ts'
import type { Cancel } from '../../pipeline/clock.ts'
import type { InputContext } from '../../pipeline/component.ts'
import { ConnectionLimits } from './connection-limits.ts'
import type { NetworkList } from './network-list.ts'
import type { Peer } from './peer.ts'
import type { ConnectionConfig } from './schema.ts'
import { StreamListener } from './stream-listener.ts'
import { turn } from './turn.ts'

/** One connection at work. */
export interface Session {
  /** Resolves when the socket is gone and all that came over it is settled. */
  readonly closed: Promise<void>
  /** Reads what the kernel has, delivers it, then ends the connection. */
  drain(): Promise<void>
  /** Ends the connection and does not wait for what is on its way. */
  destroy(): void
  /** Called at an even interval: ends the connection when two went by without a sign of life. */
  sweep(): void
  /** As `sweep`, for silence in the middle of a message. */
  sweepFrame(): void
}

export interface SessionServerOptions {
  readonly addresses: readonly ListenAddress[]
  readonly config: ConnectionConfig
  readonly context: InputContext
  readonly allow: NetworkList | null
  /** For inputs that have other listeners beside these; left out: limits of its own. */
  readonly limits?: ConnectionLimits
  readonly serve: (socket: Socket, peer: Peer) => Session
}

export class SessionServer {
  readonly #options: SessionServerOptions
  readonly #listeners: readonly StreamListener[]
  readonly #sessions = new Set<Session>()
  #cancelSweeps: Cancel[] = []

  constructor(options: SessionServerOptions) {
    this.#options = options
    this.#listeners = this.#makeListeners()
  }

  /** With the real ports, once started. */
  get addresses(): readonly ListenAddress[] {
    return this.#listeners.map(({ address }) => address)
  }

  /** Rejects if an address or a certificate cannot be used. */
  async start(): Promise<void> {
    for (const listener of this.#listeners) await listener.open()
    if (this.#listeners.length === 0) return
    const { idle_timeout, frame_timeout } = this.#options.config
    if (idle_timeout !== undefined) this.#sweepEvery(idle_timeout, (session) => session.sweep())
    this.#sweepEvery(frame_timeout, (session) => session.sweepFrame())
  }

  /** Takes no more connections, drains those there are; after `deadline` it only ends them. */
  async stop(deadline: AbortSignal): Promise<void> {
    const destroyAll = () => {
      for (const session of this.#sessions) session.destroy()
    }
    deadline.addEventListener('abort', destroyAll)
    await Promise.all(this.#listeners.map((listener) => listener.stopAccepting()))
    // A TLS handshake may still bring a connection while others are drained.
    do {
      if (deadline.aborted) destroyAll()
      await Promise.all([...this.#sessions].map((session) => session.drain()))
      await turn()
    } while (this.#sessions.size > 0)
    for (const listener of this.#listeners) listener.close()
    for (const cancel of this.#cancelSweeps.splice(0)) cancel()
    deadline.removeEventListener('abort', destroyAll)
  }

  /** Twice in each `timeout`, so that the third time in a row is past it; never for none. */
  #sweepEvery(timeout: string, sweep: (session: Session) => void): void {
    const timeoutMs = durationInMs(timeout)
    if (timeoutMs === 0) return
    const cancel = this.#options.context.timers.every(Math.max(1, timeoutMs / 2), () => {
      for (const session of this.#sessions) sweep(session)
    })
    this.#cancelSweeps.push(cancel)
  }

  #makeListeners(): StreamListener[] {
    const { addresses, config, context, allow } = this.#options
    const { sockets, logger, metrics, timers } = context
    const limits =
      this.#options.limits ??
      new ConnectionLimits({
        connectionsMax: config.connections_max,
        connectionsPerAddressMax: config.connections_per_address_max,
      })
    const common = { sockets, logger, metrics, timers, limits, allow, tls: config.tls ?? null }
    return addresses.map(
      (address) =>
        new StreamListener({
          ...common,
          address,
          socketMode: modeAsNumber(config.socket_mode),
          keepaliveProbeMs: durationInMs(config.keepalive_probe),
          handshakeTimeoutMs: durationInMs(config.handshake_timeout),
          proxyProtocol: config.proxy_protocol ?? false,
          onConnection: (socket, peer) => this.#serve(socket, peer),
        }),
    )
  }

  #serve(socket: Socket, peer: Peer): void {
    const session = this.#options.serve(socket, peer)
    this.#sessions.add(session)
    void session.closed.then(() => this.#sessions.delete(session))
  }
}
