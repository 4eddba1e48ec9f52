/**
 * How much is sent at a time: the size of bodies, and how many requests are under way. Both grow
 * while the server answers fast and shrink when it has too much to do (additive increase,
 * multiplicative decrease, as TCP does).
 */
import type { Clock } from '../../../pipeline/clock.ts'
import type { Gauge, Metrics } from '../../../pipeline/metrics.ts'

/** What a body is at first. */
const FIRST_BYTES = 1024 * 1024
const LEAST_BYTES = 64 * 1024
/** With less, a body may be larger; with more, it is to be smaller. */
const FAST_MS = 1000
const SLOW_MS = 10_000
/** Of a size that was refused, what is sent at most from then on. */
const BELOW_REFUSED = 0.9

export interface PaceOptions {
  readonly bodyBytesMax: number
  readonly requestsMax: number
  readonly clock: Clock
  readonly metrics: Metrics
}

export class Pace {
  readonly #options: PaceOptions
  readonly #bodyGauge: Gauge
  readonly #limitGauge: Gauge
  readonly #inFlightGauge: Gauge
  readonly #waiting: (() => void)[] = []
  #bodyBytes: number
  /** A size that the server has refused. */
  #refusedBytes = Infinity
  /** A fraction grows with each answer. */
  #limit: number
  #inFlight = 0
  /** Monotonic; what was sent before has no say, as one overload shows in many answers. */
  #slowedAtMs = -Infinity

  constructor(options: PaceOptions) {
    const { metrics, bodyBytesMax, requestsMax } = options
    this.#options = options
    this.#bodyBytes = Math.min(FIRST_BYTES, bodyBytesMax)
    this.#limit = Math.min(2, requestsMax)
    this.#bodyGauge = metrics.gauge('body_target_bytes', 'How large bodies are made at the moment.')
    this.#limitGauge = metrics.gauge(
      'requests_limit',
      'Requests that may be under way at a time at the moment.',
    )
    this.#inFlightGauge = metrics.gauge('requests_in_flight', 'Requests that are under way.')
    this.#show()
  }

  get bodyBytes(): number {
    return this.#bodyBytes
  }

  /** Resolves with the time, monotonic, when a request may be sent; `done` must follow. */
  async begin(): Promise<number> {
    while (this.#inFlight >= Math.max(1, Math.floor(this.#limit)))
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#inFlight++
    this.#inFlightGauge.set(this.#inFlight)
    return this.#options.clock.monotonic()
  }

  done(): void {
    this.#inFlight--
    this.#inFlightGauge.set(this.#inFlight)
    for (let free = Math.floor(this.#limit) - this.#inFlight; free > 0; free--)
      this.#waiting.shift()?.()
  }

  /** The server has taken a body. */
  went(bytes: number, beganAtMs: number): void {
    const elapsedMs = this.#options.clock.monotonic() - beganAtMs
    if (elapsedMs > SLOW_MS) return this.slow(beganAtMs)
    const { bodyBytesMax, requestsMax } = this.#options
    this.#limit = Math.min(requestsMax, this.#limit + 1 / this.#limit)
    const isFull = bytes > this.#bodyBytes / 2
    const most = Math.min(bodyBytesMax, this.#refusedBytes * BELOW_REFUSED)
    if (isFull && elapsedMs < FAST_MS) this.#bodyBytes = Math.min(most, this.#bodyBytes * 1.5)
    this.#show()
  }

  /** It has too much to do, or takes too long. */
  slow(beganAtMs: number): void {
    if (beganAtMs < this.#slowedAtMs) return
    this.#slowedAtMs = this.#options.clock.monotonic()
    this.#limit = Math.max(1, this.#limit / 2)
    this.#bodyBytes = Math.max(LEAST_BYTES, this.#bodyBytes / 2)
    this.#show()
  }

  /** It does not read as much; remembered, as that is a setting of the server or of a proxy. */
  tooLarge(bytes: number): void {
    this.#refusedBytes = Math.min(this.#refusedBytes, bytes)
    this.#bodyBytes = Math.max(1, Math.min(this.#bodyBytes, bytes / 2))
    this.#show()
  }

  #show(): void {
    this.#bodyGauge.set(Math.round(this.#bodyBytes))
    this.#limitGauge.set(Math.floor(this.#limit))
  }
}
