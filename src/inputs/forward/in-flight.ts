/**
 * Memory of what is received and not yet delivered, over all connections of an input. Past the
 * limit no connection reads on; once half of it is delivered all do, in the order in which they
 * stopped.
 */
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'
import { limitHits } from './metrics.ts'

/** Whoever waits for room; told once when there is. */
export interface Waiter {
  resumed(): void
}

export class InFlight {
  readonly #bytesMax: number
  readonly #bytes: Gauge
  readonly #waitingCount: Gauge
  readonly #limitHits: Counter
  readonly #waiting = new Set<Waiter>()
  #total = 0
  #telling = false

  constructor(bytesMax: number, metrics: Metrics) {
    this.#bytesMax = bytesMax
    this.#bytes = metrics.gauge('in_flight_bytes', 'Memory of what is not delivered yet.')
    this.#waitingCount = metrics.gauge('connections_held_back', 'Connections that wait for room.')
    this.#limitHits = limitHits(metrics, 'in_flight_max')
  }

  get full(): boolean {
    return this.#total >= this.#bytesMax || this.#waiting.size > 0
  }

  add(bytes: number): void {
    this.#total += bytes
    this.#bytes.add(bytes)
  }

  /** Returns bytes counted by `add`; those who wait are told soon, if there is room. */
  remove(bytes: number): void {
    this.#total -= bytes
    this.#bytes.add(-bytes)
    if (this.#telling || this.#waiting.size === 0 || !this.#hasRoom) return
    this.#telling = true
    // Not at once: whoever is told reads, what it reads may settle at once, and so on.
    process.nextTick(this.#tell)
  }

  get #hasRoom(): boolean {
    return this.#total <= this.#bytesMax / 2
  }

  readonly #tell = (): void => {
    this.#telling = false
    if (!this.#hasRoom) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    this.#waitingCount.set(0)
    for (const waiter of waiting) waiter.resumed()
  }

  wait(waiter: Waiter): void {
    if (this.#waiting.size === 0) this.#limitHits.add(1)
    this.#waiting.add(waiter)
    this.#waitingCount.set(this.#waiting.size)
  }

  /** For a connection that has ended. */
  forget(waiter: Waiter): void {
    this.#waiting.delete(waiter)
    this.#waitingCount.set(this.#waiting.size)
  }
}
