/**
 * Sends numbered lines until each is acknowledged, as Docker with `fluentd-request-ack` and
 * Fluentd's `require_ack_response` do: what was not acknowledged is sent again on a new connection.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ForwardClient, message, type Address } from './forward-client.ts'

const RECONNECT_MS = 20
/** Two minutes of these pauses: no collector that comes again stays away for so long. */
const REFUSALS_MAX = 6000

export interface ReliableSenderOptions {
  readonly address: Address
  readonly tag: string
  /** How many requests wait for their acknowledgement at a time; Docker's is 1. */
  readonly window: number
  /** Connections refused in a row after which the collector counts as gone for good. */
  readonly refusalsMax?: number
}

export class ReliableSender {
  readonly #options: ReliableSenderOptions
  #acknowledged = 0
  #refusals = 0
  #refusalsInRow = 0

  constructor(options: ReliableSenderOptions) {
    this.#options = options
  }

  /** All numbers below this one are acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** How often it could not even connect. */
  get refusals(): number {
    return this.#refusals
  }

  /**
   * Sends the numbers from 0 below `count` as `{log: "<number>"}`, however often it must. Rejects
   * when the collector is gone for good, so that a test that failed ends.
   */
  async run(count: number): Promise<void> {
    const { refusalsMax = REFUSALS_MAX } = this.#options
    while (this.#acknowledged < count) {
      try {
        await this.#sendOnOneConnection(count)
      } catch (cause) {
        if (this.#refusalsInRow >= refusalsMax) {
          const numbers = `the numbers from ${this.#acknowledged} on`
          throw new Error(`cannot send ${numbers}: the collector is gone`, { cause })
        }
        await sleep(RECONNECT_MS)
      }
    }
  }

  async #sendOnOneConnection(count: number): Promise<void> {
    await using client = await this.#connect()
    while (this.#acknowledged < count) {
      const last = Math.min(count, this.#acknowledged + this.#options.window)
      const requests = []
      for (let number = this.#acknowledged; number < last; number += 1)
        requests.push(this.#request(client, number))
      await Promise.all(requests)
    }
  }

  async #connect(): Promise<ForwardClient> {
    try {
      const client = await ForwardClient.connect(this.#options.address)
      this.#refusalsInRow = 0
      return client
    } catch (error) {
      this.#refusals++
      this.#refusalsInRow++
      throw error
    }
  }

  async #request(client: ForwardClient, number: number): Promise<void> {
    const chunk = `${this.#options.tag}/${number}\n`
    const time = Math.floor(Date.now() / 1000)
    const record = { log: String(number) }
    await client.request(message(this.#options.tag, time, record, { chunk }), chunk)
    this.#acknowledged = Math.max(this.#acknowledged, number + 1)
  }
}
