/** `@fluent-org/logger` with acknowledgements, one promise an event, as programs use it. */
import { FluentClient } from '@fluent-org/logger'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sender } from './load.ts'

const ACK_TIMEOUT_MS = 1000
const PAUSE_MS = 20

export interface ClientSenderOptions {
  readonly port: number
  readonly name: string
  /** Events that may wait for their acknowledgement. */
  readonly window: number
  /** Each of the window's places waits so long between two events. */
  readonly pauseMs: number
}

export class ClientSender implements Sender {
  readonly repeatsInOrder = false
  readonly violations: string[] = []
  resent = 0
  sent = 0
  readonly #options: ClientSenderOptions
  readonly #acknowledged = new Set<number>()
  #latencies: number[] = []
  #isFinishing = false
  #isAbandoned = false

  constructor(options: ClientSenderOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  isAcknowledged(number: number): boolean {
    return this.#acknowledged.has(number)
  }

  takeLatencies(): number[] {
    const taken = this.#latencies
    this.#latencies = []
    return taken
  }

  async run(): Promise<void> {
    const client = this.#connect()
    const places = Array.from({ length: this.#options.window }, () => this.#sendOneByOne(client))
    await Promise.all(places)
    await client.disconnect()
  }

  finish(): void {
    this.#isFinishing = true
  }

  abandon(): void {
    this.#isAbandoned = true
  }

  #connect(): FluentClient {
    const reconnect = { backoff: 1, delay: 50, minDelay: 50, maxDelay: 50 }
    const client = new FluentClient('chaos', {
      eventMode: 'PackedForward',
      flushInterval: 10,
      ack: { ackTimeout: ACK_TIMEOUT_MS },
      socket: { port: this.#options.port, host: '127.0.0.1', timeout: 60_000, reconnect },
      disconnect: { waitForPending: false },
    })
    // It connects again by itself; without a listener the error would end this process.
    client.socketOn('error' as never, () => undefined)
    return client
  }

  async #sendOneByOne(client: FluentClient): Promise<void> {
    while (!this.#isFinishing && !this.#isAbandoned) {
      await this.#send(client, this.sent++)
      await sleep(this.#options.pauseMs)
    }
  }

  /** Until it is acknowledged. */
  async #send(client: FluentClient, number: number): Promise<void> {
    while (!this.#isAbandoned) {
      const sentAt = performance.now()
      try {
        await client.emit(this.name, { s: this.name, n: number, log: 'from a client' })
        this.#acknowledged.add(number)
        this.#latencies.push(performance.now() - sentAt)
        return
      } catch (_notAcknowledged) {
        this.resent += 1
        await sleep(PAUSE_MS)
      }
    }
  }
}
