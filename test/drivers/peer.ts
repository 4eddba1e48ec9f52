/** A raw client of a stream listener, for tests: sends bytes, keeps what comes back. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { until } from '../support/wait.ts'

export class Peer {
  readonly socket: Socket
  readonly #received: Buffer[] = []
  /** How it ended: `FIN`, or the code of the error. */
  ending: string | null = null
  closed = false

  /** `address` as an input shows it: `tcp://127.0.0.1:24224`, `unix:///…`. */
  static async connect(address: string): Promise<Peer> {
    const socket = connect(targetOf(address))
    const peer = new Peer(socket)
    await once(socket, 'connect')
    return peer
  }

  static async connectTls(address: string, options: ConnectionOptions): Promise<Peer> {
    const target = { ...targetOf(address), servername: 'localhost' }
    // As TCP has it: what was asked for may still come after our own end.
    const halfOpen = { allowHalfOpen: true }
    const socket = connectTls({ ...target, ...halfOpen, ...options })
    const peer = new Peer(socket)
    await once(socket, 'secureConnect')
    return peer
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes) => this.#received.push(bytes))
    socket.on('end', () => (this.ending ??= 'FIN'))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ending ??= error.code ?? 'error'))
    socket.on('close', () => (this.closed = true))
  }

  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  /** Settles once the kernel has the bytes. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }

  async untilReceived(byteCount: number): Promise<Buffer> {
    await until(`${byteCount} bytes came back`, () => this.received.length >= byteCount)
    return this.received
  }

  /** Waits for the other side to end the connection; answers how it did. */
  async untilEnded(): Promise<string> {
    return until('the connection is ended', () => this.ending ?? (this.closed && 'closed'))
  }

  /** Sends FIN and goes on reading. */
  end(): void {
    this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }
}

function targetOf(address: string) {
  if (address.startsWith('unix://')) return { path: address.slice('unix://'.length) }
  const { hostname, port } = new URL(address.replace(/^\w+:/, 'http:'))
  return { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) }
}
