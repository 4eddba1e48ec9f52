/**
 * Time that stands still while code runs. One timer fires at a time, of those due at the same
 * moment any, and the next only when no promise has anything left to do.
 */
import type { Cancel, Clock, Timers } from '../../../../src/pipeline/clock.ts'
import type { SeededRandom } from './random.ts'

interface Due {
  readonly atMs: number
  readonly callback: () => void
  readonly owner: OwnTimers
}

export class VirtualTime implements Clock {
  readonly #random: SeededRandom
  readonly due = new Set<Due>()
  #nowMs = 0
  #wallOffsetMs = 1_795_251_000_000

  constructor(random: SeededRandom) {
    this.#random = random
  }

  now(): number {
    return this.#wallOffsetMs + this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  /** The system's clock is set to another time. */
  jump(milliseconds: number): void {
    this.#wallOffsetMs += milliseconds
  }

  /** Fires one timer and lets all promises finish; false if none is set. */
  async step(): Promise<boolean> {
    const due = this.#next()
    if (!due) return false
    this.due.delete(due)
    this.#nowMs = due.atMs
    due.callback()
    await drain()
    return true
  }

  #next(): Due | undefined {
    let earliest: Due[] = []
    for (const due of this.due) {
      if (earliest.length === 0 || due.atMs < earliest[0]!.atMs) earliest = [due]
      else if (due.atMs === earliest[0]!.atMs) earliest.push(due)
    }
    return earliest.length > 1 ? this.#random.pick(earliest) : earliest[0]
  }
}

/** The timers of one owner, so that those it leaves behind can be counted, or die with it. */
export class OwnTimers implements Timers {
  readonly #time: VirtualTime
  #isDead = false

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get pending(): number {
    return [...this.#time.due].filter(({ owner }) => owner === this).length
  }

  after(milliseconds: number, callback: () => void): Cancel {
    if (this.#isDead) return () => undefined
    const due = { atMs: this.#time.monotonic() + milliseconds, callback, owner: this }
    this.#time.due.add(due)
    return () => void this.#time.due.delete(due)
  }

  every(): Cancel {
    throw new Error('BUG: the engine has no use for it')
  }

  /** As in a killed process. */
  kill(): void {
    this.#isDead = true
    for (const due of [...this.#time.due]) if (due.owner === this) this.#time.due.delete(due)
  }
}

/** Node runs all promise callbacks, those they add included, before the next immediate. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
