/**
 * Memory of what is received and not yet delivered, over all connections of an input. Past the
 * limit, or that of the process, no connection reads on. Once half of it is delivered they take
 * turns, in the order in which they stopped: each reads what it has in hand, one read of its
 * socket, and then is the last again. So one that floods does not keep the others from reading.
 */
import type { MemoryAccount } from '../../pipeline/memory-budget.ts'
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'
import { limitHits } from './limit-hits.ts'

/** Whoever waits for room; told once when there is. */
export interface Waiter {
  resumed(): void
}

export class InFlight {
  readonly #bytesMax: number
  readonly #memory: MemoryAccount
  readonly #bytes: Gauge
  readonly #waitingCount: Gauge
  readonly #limitHits: Counter
  readonly #memoryHits: Counter
  readonly #waiting = new Set<Waiter>()
  #total = 0
  #isTellingSoon = false
  #isTelling = false

  constructor(bytesMax: number, metrics: Metrics, memory: MemoryAccount) {
    this.#bytesMax = bytesMax
    this.#memory = memory
    this.#bytes = metrics.gauge('in_flight_bytes', 'Memory of what is not delivered yet.')
    this.#waitingCount = metrics.gauge('connections_held_back', 'Connections that wait for room.')
    this.#limitHits = limitHits(metrics, 'in_flight_max')
    this.#memoryHits = limitHits(metrics, 'memory_max')
    memory.onRoom = () => this.#tellSoon()
  }

  /** Nobody passes by those who wait. */
  get full(): boolean {
    return this.isOver || (this.#waiting.size > 0 && !this.#isTelling)
  }

  add(bytes: number): void {
    this.#total += bytes
    this.#bytes.add(bytes)
    this.#memory.add(bytes)
  }

  /** Returns bytes counted by `add`; those who wait are told soon, if there is room. */
  remove(bytes: number): void {
    this.#total -= bytes
    this.#bytes.add(-bytes)
    this.#memory.add(-bytes)
    if (this.#waiting.size > 0) this.#tellSoon()
  }

  wait(waiter: Waiter): void {
    if (this.#waiting.size === 0) {
      const hits = this.#total >= this.#bytesMax ? this.#limitHits : this.#memoryHits
      hits.add(1)
    }
    if (this.#memory.isFull) this.#memory.wait()
    this.#waiting.add(waiter)
    this.#waitingCount.set(this.#waiting.size)
  }

  /** For a connection that has ended. */
  forget(waiter: Waiter): void {
    this.#waiting.delete(waiter)
    this.#waitingCount.set(this.#waiting.size)
  }

  /** Whether there is no room; with nothing in flight there is, whatever others hold. */
  get isOver(): boolean {
    return this.#total > 0 && (this.#total >= this.#bytesMax || this.#memory.isFull)
  }

  #tellSoon(): void {
    if (this.#isTellingSoon || this.#total > this.#bytesMax / 2) return
    if (this.#total > 0 && !this.#memory.hasRoom) return this.#memory.wait()
    this.#isTellingSoon = true
    // Not at once: whoever is told reads, what it reads may settle at once, and so on.
    process.nextTick(this.#tell)
  }

  readonly #tell = (): void => {
    this.#isTellingSoon = false
    this.#isTelling = true
    for (const waiter of [...this.#waiting]) {
      if (this.isOver) break
      this.#waiting.delete(waiter)
      waiter.resumed()
    }
    this.#isTelling = false
    this.#waitingCount.set(this.#waiting.size)
    if (this.#waiting.size > 0) this.#tellSoon()
  }
}
