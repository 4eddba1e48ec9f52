/**
 * Takes batches through the pipeline in their order, without waiting for one before the next, for
 * senders that are owed no answer. What is handed back (`retry`) is lost, as they cannot resend.
 */
import type { Outcome } from '../../pipeline/batch.ts'
import type { InputContext } from '../../pipeline/component.ts'
import type { Decoded } from './decoded.ts'
import type { InFlight } from './in-flight.ts'

/** Batch, promises and closures of its way through the pipeline. */
const BATCH_BYTES = 1024

export interface OneWayDeliveryOptions {
  readonly context: InputContext
  readonly inFlight: InFlight
  /** Something was settled: there may be room, or nothing left to wait for. */
  readonly settled: () => void
}

export class OneWayDelivery {
  readonly #options: OneWayDeliveryOptions
  #unsettled = 0
  #bytes = 0
  /** What the pipeline knows the sender by; null before its first batch. */
  #origin: object | null = null

  constructor(options: OneWayDeliveryOptions) {
    this.#options = options
  }

  /** Memory of what is not settled yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether nothing that was taken is on its way any more. */
  get idle(): boolean {
    return this.#unsettled === 0
  }

  take(decoded: Decoded): void {
    const { context, inFlight } = this.#options
    const { tag, entries, count } = decoded
    const bytes = BATCH_BYTES + entries.length
    this.#bytes += bytes
    this.#unsettled++
    inFlight.add(bytes)
    this.#origin ??= {}
    void context
      .deliver({ tag, entries, count, origin: this.#origin })
      .then((outcome) => this.#settle(decoded, bytes, outcome))
  }

  /** Nothing more comes. What was taken goes on. */
  end(): void {
    if (this.#origin === null) return
    this.#options.context.closed(this.#origin)
    this.#origin = null
  }

  #settle({ tag, count, lease }: Decoded, bytes: number, outcome: Outcome): void {
    const { context, inFlight, settled } = this.#options
    lease?.release()
    this.#unsettled--
    this.#bytes -= bytes
    if (outcome === 'retry') context.lose(tag, count, 'retry_without_acknowledgement')
    inFlight.remove(bytes)
    settled()
  }
}
