/** A server of the forward protocol that behaves as a test wants. It keeps all it was sent. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { UnpackrStream } from 'msgpackr'
import { packRecord } from '../../support/entries.ts'

export type Option = Readonly<Record<string, unknown>>

export interface Request {
  readonly tag: string
  readonly entries: Buffer
  readonly option: Option
  readonly chunk: string
  readonly socket: Socket
  /** Of the connection, from 0. */
  readonly connection: number
  /** Acknowledges it, or another. */
  readonly ack: (chunk?: string) => void
}

export type Behaviour = (request: Request) => void

export interface FakeServerOptions {
  /** What it does with each request; by default it acknowledges. */
  readonly behave?: Behaviour
  /** What it does with each connection. It reads no requests if this returns false. */
  readonly connected?: (socket: Socket, connection: number) => boolean | void
  readonly tls?: TlsOptions
  readonly port?: number
}

export class FakeServer implements AsyncDisposable {
  readonly requests: Request[] = []
  /** Ids that it has acknowledged. */
  readonly acknowledged = new Set<string>()
  readonly sockets = new Set<Socket>()
  /** So many so far. */
  connections = 0
  behave: Behaviour
  readonly #options: FakeServerOptions
  readonly #server: Server

  static async start(options: FakeServerOptions = {}): Promise<FakeServer> {
    const server = new FakeServer(options)
    server.#server.listen(options.port ?? 0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  private constructor(options: FakeServerOptions) {
    this.#options = options
    this.behave = options.behave ?? ((request) => request.ack())
    const serve = (socket: Socket) => this.#serve(socket)
    this.#server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve)
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('it does not listen')
    return address.port
  }

  get address(): string {
    return `${this.#options.tls ? 'tls' : 'tcp'}://127.0.0.1:${this.port}`
  }

  get tags(): string[] {
    return this.requests.map(({ tag }) => tag)
  }

  /** Nobody can connect any more; open connections are reset. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #serve(socket: Socket): void {
    const connection = this.connections++
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    // The other side may leave at any time; what it sent is looked at all the same.
    socket.on('error', () => socket.destroy())
    if (this.#options.connected?.(socket, connection) !== false) this.read(socket, connection)
  }

  /** Reads requests; for a test that has done a handshake itself. */
  read(socket: Socket, connection: number): void {
    const values = new UnpackrStream({ useRecords: false })
    socket.pipe(values)
    values.on('data', (value: [string, Buffer, Option]) => this.#receive(value, socket, connection))
  }

  #receive([tag, entries, option]: [string, Buffer, Option], socket: Socket, connection: number) {
    const chunk = String(option['chunk'])
    const ack = (id = chunk) => {
      if (id === chunk) this.acknowledged.add(id)
      socket.write(packRecord({ ack: id }))
    }
    const request = { tag, entries, option, chunk, socket, connection, ack }
    this.requests.push(request)
    this.behave(request)
  }
}
