/**
 * Stands between a `forward` output and the collector it sends to, and misbehaves as told. Behind
 * it is a real collector, so what arrived is in files there.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a connection meets; `refuse` lets none come about. */
export const MANNERS = [
  'slow',
  'garbage',
  'wrong-answer',
  'silent',
  'deaf',
  'half',
  'unanswered',
  'refuse',
] as const
export type Manner = 'well' | (typeof MANNERS)[number]

const SLOW_MS = 200
const HALF_BYTES = 3000
const UNANSWERED_MS = 100
const GARBAGE = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')
/** A map with an `ack` of nothing that was sent. */
const WRONG = Buffer.concat([Buffer.from([0x81, 0xa3]), Buffer.from('ack\xa4none', 'latin1')])

export class BadPeer {
  manner: Manner = 'well'
  /** Connections and data that were treated as told since the last change. */
  misdeeds = 0
  /** In all. Each may end with a chunk on its way. */
  connections = 0
  readonly #port: number
  readonly #behind: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(port: number, behind: number) {
    this.#port = port
    this.#behind = behind
  }

  /** Ends all connections, so that the next ones meet the new manner. */
  async behave(manner: Manner): Promise<void> {
    this.manner = manner
    this.misdeeds = 0
    for (const socket of this.#sockets) socket.destroy()
    if (manner === 'refuse') await this.close()
    else if (!this.#server) await this.#listen()
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  async #listen(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
  }

  #serve(socket: Socket): void {
    const { manner } = this
    this.connections++
    this.#own(socket)
    if (manner === 'deaf') return void this.misdeeds++
    if (manner === 'well' || manner === 'slow' || manner === 'half' || manner === 'unanswered')
      return this.#passOn(socket, manner)
    socket.on('data', () => {
      this.misdeeds++
      if (manner === 'garbage') socket.write(GARBAGE)
      if (manner === 'wrong-answer') socket.write(WRONG)
    })
  }

  #passOn(socket: Socket, manner: Manner): void {
    const behind = connect(this.#behind, '127.0.0.1')
    this.#own(behind)
    socket.once('close', () => behind.destroy())
    behind.once('close', () => socket.destroy())
    let left = manner === 'half' ? HALF_BYTES : Infinity
    socket.on('data', (bytes) => {
      if (manner !== 'well') this.misdeeds++
      behind.write(bytes.subarray(0, left))
      left -= bytes.length
      if (left <= 0) behind.end(() => socket.destroy())
      if (manner === 'unanswered') setTimeout(() => socket.destroy(), UNANSWERED_MS)
    })
    behind.on('data', (bytes) => {
      if (manner === 'slow') setTimeout(() => socket.write(bytes), SLOW_MS)
      else if (manner !== 'unanswered') socket.write(bytes)
    })
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
  }
}
