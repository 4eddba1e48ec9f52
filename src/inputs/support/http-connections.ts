/**
 * The connections of an HTTP listener: whose turn it is on each, how long that may take, and how
 * they end. Node has timeouts of its own, but not for a server that never listens itself, and they
 * would run while it is us who do not read.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Counter } from '../../pipeline/metrics.ts'
import { turn } from './turn.ts'

/** Sweeps without a byte after which a connection has been silent for `idle_timeout`. */
const QUIET_SWEEPS_MAX = 2
/** Turns of the event loop after which the kernel's bytes of a connection have been seen. */
const DRAIN_TURNS = 3

interface Connection {
  readonly socket: Socket
  /** Being read or answered. */
  request: IncomingMessage | null
  bytesSeen: number
  quietSweeps: number
}

export class HttpConnections {
  readonly #timeouts: Counter
  readonly #bySocket = new Map<Socket, Connection>()
  #allGone: () => void = () => undefined

  constructor(timeouts: Counter) {
    this.#timeouts = timeouts
  }

  add(socket: Socket): void {
    this.#bySocket.set(socket, { socket, request: null, bytesSeen: 0, quietSweeps: 0 })
    socket.once('close', () => {
      this.#bySocket.delete(socket)
      if (this.#bySocket.size === 0) this.#allGone()
    })
  }

  /** A request whose head has come; it is under way until its answer is written. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#bySocket.get(request.socket)
    if (!connection) return
    connection.request = request
    connection.quietSweeps = 0
    response.once('close', () => {
      if (connection.request === request) connection.request = null
      connection.quietSweeps = 0
    })
  }

  /** Called at an even interval, twice in `idle_timeout`. */
  sweep(): void {
    for (const connection of this.#bySocket.values()) {
      if (!isTheirTurn(connection)) connection.quietSweeps = 0
      else if (++connection.quietSweeps > QUIET_SWEEPS_MAX) this.#endIdle(connection)
    }
  }

  /** Ends those without a request, and each other one after its answer. */
  async drain(): Promise<void> {
    for (let count = 0; count < DRAIN_TURNS; count++) await turn()
    for (const { socket, request } of this.#bySocket.values()) if (!request) socket.destroy()
    if (this.#bySocket.size > 0) await new Promise<void>((resolve) => (this.#allGone = resolve))
  }

  /** At once, whatever is under way. */
  destroy(): void {
    for (const socket of this.#bySocket.keys()) socket.destroy()
  }

  /** Between two requests it is the end of silence as usual; within one it is worth counting. */
  #endIdle({ socket, request }: Connection): void {
    if (request) this.#timeouts.add(1)
    socket.destroy()
  }
}

/** A head may not take longer however it trickles; a body may, as long as bytes come. */
function isTheirTurn(connection: Connection): boolean {
  const { socket, request } = connection
  if (!request) return true
  const { bytesSeen } = connection
  connection.bytesSeen = socket.bytesRead
  const hasUnread = request.readableLength > 0 || request.isPaused()
  return !request.complete && !hasUnread && socket.bytesRead === bytesSeen
}
