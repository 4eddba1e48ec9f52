/**
 * The servers and the connections to them. The first server that works is used, or with `balance`
 * they take turns; one that has failed comes after the others for a while.
 */
import type { Cancel, Clock, Timers } from '../../pipeline/clock.ts'
import type { Logger } from '../../pipeline/logger.ts'
import type { Connection } from './connection.ts'
import type { ForwardMetrics } from './metrics.ts'
import { ServerError } from './server-error.ts'

/** Sees every connection from its making to its end. */
export interface ConnectionWatcher {
  made(connection: Connection): void
  closed(connection: Connection): void
}

/** What makes connections (dialer.ts). */
export interface Connecting {
  connect(server: string, signal: AbortSignal, watcher: ConnectionWatcher): Promise<Connection>
}

export interface ServerPoolOptions {
  readonly servers: readonly string[]
  readonly balance: boolean
  readonly failedWaitMs: number
  readonly idleTimeoutMs: number
  readonly dialer: Connecting
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly metrics: ForwardMetrics
}

export interface Server {
  readonly address: string
  /** Open and not in use, with the end of the timer that closes them. */
  readonly idle: Map<Connection, Cancel>
  /** Monotonic; it comes after others until then. */
  failedUntilMs: number
  hasFailed: boolean
}

export interface Taken {
  readonly server: Server
  readonly connection: Connection
  /** It may have been closed by the server without our knowing. */
  readonly isReused: boolean
}

export class ServerPool {
  readonly #options: ServerPoolOptions
  readonly #servers: readonly Server[]
  /** In use or idle. */
  readonly #open = new Set<Connection>()
  #turn = 0
  #isClosed = false
  readonly #allClosed = Promise.withResolvers<void>()

  constructor(options: ServerPoolOptions) {
    this.#options = options
    this.#servers = options.servers.map((address) => ({
      ...{ address, idle: new Map<Connection, Cancel>() },
      ...{ failedUntilMs: -Infinity, hasFailed: false },
    }))
  }

  /** A connection that is ready, or why no server has given one. */
  async take(signal: AbortSignal): Promise<Taken | ServerError> {
    const errors: ServerError[] = []
    for (const server of this.#inOrder()) {
      if (this.#isClosed || signal.aborted) break
      const idle = this.#takeIdle(server)
      if (idle) return { server, connection: idle, isReused: true }
      try {
        const connection = await this.#connect(server, signal)
        return { server, connection, isReused: false }
      } catch (error) {
        if (!(error instanceof ServerError)) throw error
        errors.push(this.failed(server, error))
      }
    }
    return summary(errors)
  }

  /** A connection over which all went well. */
  give(server: Server, connection: Connection): void {
    if (server.hasFailed)
      this.#options.logger.info({ server: server.address }, 'a server works again')
    server.hasFailed = false
    server.failedUntilMs = -Infinity
    const { idleTimeoutMs, timers } = this.#options
    if (!connection.isOpen) return
    if (this.#isClosed || connection.messagesLeft <= 0 || idleTimeoutMs === 0)
      return connection.close()
    const cancel = timers.after(idleTimeoutMs, () => {
      server.idle.delete(connection)
      connection.close()
    })
    server.idle.set(connection, cancel)
  }

  /** Returns the error with the server's name. */
  failed(server: Server, error: ServerError): ServerError {
    const { clock, failedWaitMs, logger, metrics } = this.#options
    const named = nameServer(server, error)
    metrics.errors(error.kind).add(1)
    server.failedUntilMs = clock.monotonic() + failedWaitMs
    if (!server.hasFailed) logger.warn({ reason: named.message }, 'a server failed')
    server.hasFailed = true
    return named
  }

  /** Those in use are left alone. Settles when none is left. */
  close(): Promise<void> {
    this.#isClosed = true
    for (const server of this.#servers) {
      for (const [connection, cancel] of server.idle) {
        cancel()
        connection.close()
      }
      server.idle.clear()
    }
    this.#checkClosed()
    return this.#allClosed.promise
  }

  destroy(): void {
    const error = new ServerError({ kind: 'given_up', reason: 'the output stops' })
    for (const connection of this.#open) connection.destroy(error)
  }

  #takeIdle({ idle }: Server): Connection | null {
    for (const [connection, cancel] of idle) {
      cancel()
      idle.delete(connection)
      if (connection.isOpen) return connection
    }
    return null
  }

  #connect(server: Server, signal: AbortSignal): Promise<Connection> {
    return this.#options.dialer.connect(server.address, signal, {
      made: (connection) => this.#open.add(connection),
      closed: (connection) => {
        this.#open.delete(connection)
        server.idle.get(connection)?.()
        server.idle.delete(connection)
        this.#checkClosed()
      },
    })
  }

  #checkClosed(): void {
    if (this.#isClosed && this.#open.size === 0) this.#allClosed.resolve()
  }

  /** Those that have failed lately come last, the one that failed first before the others. */
  #inOrder(): Server[] {
    const nowMs = this.#options.clock.monotonic()
    const start = this.#options.balance ? this.#turn++ % this.#servers.length : 0
    const turned = [...this.#servers.slice(start), ...this.#servers.slice(0, start)]
    const isFailed = ({ failedUntilMs }: Server) => failedUntilMs > nowMs
    const failed = turned.filter(isFailed).sort((a, b) => a.failedUntilMs - b.failedUntilMs)
    return [...turned.filter((server) => !isFailed(server)), ...failed]
  }
}

function nameServer({ address }: Server, { kind, isHold, message }: ServerError): ServerError {
  return new ServerError({ kind, isHold, reason: `${address}: ${message}` })
}

/** Somebody is needed only if no server can be had without. */
function summary(errors: readonly ServerError[]): ServerError {
  const [first] = errors
  if (!first) return new ServerError({ kind: 'given_up', reason: 'no server was tried' })
  const reason = errors.map(({ message }) => message).join('; ')
  return new ServerError({ kind: first.kind, reason, isHold: errors.every((of) => of.isHold) })
}
