/** Time that passes when a test says so. */
import type { Cancel, Clock, Timers } from '../pipeline/clock.ts'

interface Due {
  at: number
  readonly everyMs: number | null
  readonly callback: () => void
}

export class ManualTime implements Clock, Timers {
  #now: number
  readonly #due = new Set<Due>()

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(milliseconds: number, callback: () => void): Cancel {
    return this.#add({ at: this.#now + milliseconds, everyMs: null, callback })
  }

  every(milliseconds: number, callback: () => void): Cancel {
    return this.#add({ at: this.#now + milliseconds, everyMs: milliseconds, callback })
  }

  /** Calls what falls due on the way, in its order. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (let due = this.#next(end); due; due = this.#next(end)) {
      this.#now = due.at
      if (due.everyMs === null) this.#due.delete(due)
      else due.at += due.everyMs
      due.callback()
    }
    this.#now = end
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined
    for (const due of this.#due) if (due.at <= end && (!next || due.at < next.at)) next = due
    return next
  }

  #add(due: Due): Cancel {
    this.#due.add(due)
    return () => void this.#due.delete(due)
  }
}
