/**
 * A sender over one connection that has several chunks in flight, at a steady rate, and sends every
 * chunk until it is acknowledged: what was not, goes again first on the next connection. The
 * answers must come in order and be exactly right.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeChunk, type Chunk } from './frames.ts'
import type { Sender } from './load.ts'

const TICK_MS = 5
const RECONNECT_MS = 20
/** After a pause it does not make up for more than that. */
const CATCH_UP_MS = 100

export interface ChunkSenderOptions {
  readonly port: number
  readonly name: string
  readonly mode: 'message' | 'packed'
  readonly chunkEvents: number
  readonly eventsPerSecond: number
  /** Chunks that may wait for their acknowledgement. */
  readonly window: number
  readonly paddingBytes: number
}

export class ChunkSender implements Sender {
  readonly repeatsInOrder = true
  readonly violations: string[] = []
  resent = 0
  readonly #options: ChunkSenderOptions
  readonly #padding: string
  /** Not acknowledged, in the order of their numbers. */
  readonly #waiting: Chunk[] = []
  #latencies: number[] = []
  #sent = 0
  #isFinishing = false
  #isAbandoned = false
  /** Chunks that have been sent on the present connection. */
  #onConnection = 0

  constructor(options: ChunkSenderOptions) {
    this.#options = options
    this.#padding = 'x'.repeat(options.paddingBytes)
  }

  get name(): string {
    return this.#options.name
  }

  get sent(): number {
    return this.#sent
  }

  get acknowledged(): number {
    return this.#waiting.reduce((all, { first, end }) => all - (end - first), this.#sent)
  }

  isAcknowledged(number: number): boolean {
    if (number >= this.#sent) return false
    return !this.#waiting.some(({ first, end }) => number >= first && number < end)
  }

  takeLatencies(): number[] {
    const taken = this.#latencies
    this.#latencies = []
    return taken
  }

  async run(): Promise<void> {
    while (!this.#isDone) {
      await this.#useOneConnection()
      if (!this.#isDone) await sleep(RECONNECT_MS)
    }
  }

  finish(): void {
    this.#isFinishing = true
  }

  abandon(): void {
    this.#isAbandoned = true
  }

  get #isDone(): boolean {
    return this.#isAbandoned || (this.#isFinishing && this.#waiting.length === 0)
  }

  async #useOneConnection(): Promise<void> {
    const socket = connect(this.#options.port, '127.0.0.1')
    socket.setNoDelay(true)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    // What went wrong does not matter: 'close' follows, and then everything goes again.
    socket.on('error', () => socket.destroy())
    socket.once('connect', () => this.#repeat(socket))
    let received: Buffer = Buffer.alloc(0)
    socket.on('data', (bytes) => (received = this.#take(socket, Buffer.concat([received, bytes]))))
    let last = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      if (!socket.connecting) last = this.#sendDue(socket, last, now)
      if (this.#isDone) socket.destroy()
    }, TICK_MS)
    await closed
    clearInterval(timer)
  }

  #repeat(socket: Socket): void {
    this.#onConnection = 0
    for (const chunk of this.#waiting) {
      this.resent += chunk.end - chunk.first
      this.#write(socket, chunk)
    }
  }

  /** Sends what the rate allows since `last`; returns since when the next call has to count. */
  #sendDue(socket: Socket, last: number, now: number): number {
    const { chunkEvents, eventsPerSecond, window, mode, name } = this.#options
    const chunkMs = (chunkEvents * 1000) / eventsPerSecond
    let at = Math.max(last, now - CATCH_UP_MS - chunkMs)
    while (!this.#isFinishing && at + chunkMs <= now && this.#waiting.length < window) {
      const numbers = { first: this.#sent, count: chunkEvents }
      const chunk = makeChunk({ sender: name, mode, padding: this.#padding, ...numbers })
      this.#sent = chunk.end
      this.#waiting.push(chunk)
      this.#write(socket, chunk)
      at += chunkMs
    }
    return at
  }

  #write(socket: Socket, chunk: Chunk): void {
    chunk.sentAt = performance.now()
    this.#onConnection += 1
    socket.write(chunk.frame)
  }

  /** Returns the beginning of an answer that has not come whole. */
  #take(socket: Socket, bytes: Buffer): Buffer {
    let rest = bytes
    for (;;) {
      const chunk = this.#onConnection > 0 ? this.#waiting[0] : undefined
      const expected = chunk?.answer ?? Buffer.alloc(0)
      const length = Math.min(rest.length, expected.length)
      if (
        rest.length > 0 &&
        (!chunk || !rest.subarray(0, length).equals(expected.subarray(0, length)))
      ) {
        this.violations.push(`${this.name} was answered ${rest.toString('latin1', 0, 100)}`)
        socket.destroy()
        return Buffer.alloc(0)
      }
      if (!chunk || rest.length < expected.length) return rest
      rest = rest.subarray(expected.length)
      this.#waiting.shift()
      this.#onConnection -= 1
      this.#latencies.push(performance.now() - chunk.sentAt)
    }
  }
}
