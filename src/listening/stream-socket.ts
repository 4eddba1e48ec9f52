/**
 * One listening TCP or unix socket. Node cannot stop accepting without closing it, so connections
 * that come while nobody has borrowed it are accepted and wait here, unread, for who borrows next.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Logger } from '../pipeline/logger.ts'
import type { StreamUser } from '../pipeline/listening.ts'
import type { Endpoint } from './address.ts'
import { settled } from './settled.ts'
import { removeStaleSocket, setSocketMode } from './unix-file.ts'

/** As many as one input serves by default; each holds at most a read buffer of 64 KiB. */
const WAITING_MAX = 8192
/** The kernel has its own limit below it (`net.core.somaxconn`). */
const BACKLOG = 4096
/** Until somebody borrows it: nobody else may connect. */
const MODE_UNTIL_BORROWED = 0o600

export class StreamSocket {
  readonly endpoint: Endpoint
  readonly #server: Server
  readonly #logger: Logger
  /** The file to set a mode on; not for an inherited socket, whose mode is its unit's. */
  readonly #ownPath: string | null
  readonly #isInherited: boolean
  #user: StreamUser | null = null
  #waiting = new Set<Socket>()
  #accepted = 0

  /** `fd` is of a socket that listens already. Rejects if it cannot be opened. */
  static async open(endpoint: Endpoint, logger: Logger, fd: number | undefined) {
    const server = createServer({ allowHalfOpen: true })
    try {
      if (fd !== undefined) server.listen({ fd }, BACKLOG)
      else if (endpoint.kind !== 'unix')
        server.listen({ host: endpoint.host, port: endpoint.port, backlog: BACKLOG })
      else {
        await removeStaleSocket(endpoint.path)
        server.listen({ path: endpoint.path, backlog: BACKLOG })
      }
      // Both in the turn of the bind: nobody is accepted before there is somewhere to go.
      const socket = new StreamSocket(endpoint, server, logger, fd !== undefined)
      await once(server, 'listening')
      socket.#opened()
      return socket
    } catch (error) {
      server.close()
      throw error
    }
  }

  private constructor(endpoint: Endpoint, server: Server, logger: Logger, isInherited: boolean) {
    this.#server = server
    this.#logger = logger
    this.#isInherited = isInherited
    this.#ownPath = endpoint.kind === 'unix' && !isInherited ? endpoint.path : null
    this.endpoint = endpoint
    server.on('connection', (socket) => this.#accept(socket))
  }

  get port(): number {
    return this.endpoint.kind === 'unix' ? 0 : (this.#server.address() as AddressInfo).port
  }

  attach(user: StreamUser): void {
    if (this.#ownPath !== null) setSocketMode(this.#ownPath, user.socketMode)
    this.#user = user
    const waiting = [...this.#waiting].filter(isThere)
    this.#waiting.clear()
    for (const socket of waiting) {
      socket.off('error', ignore)
      socket.off('end', endToo)
      user.onConnection(socket)
    }
  }

  detach(): void {
    this.#user = null
  }

  /** Settles when the user has got all that the kernel has completed. */
  async handOverRest(): Promise<void> {
    // Of an inherited one the next process gets the rest.
    if (!this.#isInherited) await settled(() => this.#accepted)
  }

  async close(): Promise<void> {
    this.#server.close()
    const left = [...this.#waiting].filter(isThere)
    for (const socket of left) socket.destroy()
    if (left.length === 0) return
    const message = 'closed connections that waited for an input that does not come'
    this.#logger.warn({ connections: left.length }, message)
  }

  #opened(): void {
    if (this.#ownPath !== null) setSocketMode(this.#ownPath, MODE_UNTIL_BORROWED)
    this.#server.on('error', (error) => {
      if (this.#user) this.#user.onError(error)
      else this.#logger.error({ error }, 'cannot accept connections')
    })
  }

  #accept(socket: Socket): void {
    this.#accepted++
    if (this.#user) return this.#user.onConnection(socket)
    if (this.#waiting.size >= WAITING_MAX) {
      socket.destroy()
      this.#logger.error({ limit: WAITING_MAX }, 'closed a connection: too many wait for a reload')
      return
    }
    socket.on('error', ignore)
    socket.on('end', endToo)
    socket.once('close', () => this.#waiting.delete(socket))
    this.#waiting.add(socket)
  }
}

/** Not if it failed or left while it waited. */
function isThere(socket: Socket): boolean {
  return !socket.destroyed && !socket.writableEnded
}

function ignore(): void {
  // Its `destroyed` says so.
}

/** Seen while nobody reads only if the peer left without having sent a byte. */
function endToo(this: Socket): void {
  this.end()
}
