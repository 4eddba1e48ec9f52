/** Timers that fire when the simulation says so, in any order. */
import type { Cancel, Timers } from '../../../../../src/pipeline/clock.ts'
import type { SeededRandom } from '../../../delivery/simulation/random.ts'

export class ManualTimers implements Timers {
  readonly #due = new Set<() => void>()

  after(_milliseconds: number, callback: () => void): Cancel {
    this.#due.add(callback)
    return () => void this.#due.delete(callback)
  }

  every(milliseconds: number, callback: () => void): Cancel {
    let cancel: Cancel = () => undefined
    const again = () => {
      cancel = this.after(milliseconds, again)
      callback()
    }
    cancel = this.after(milliseconds, again)
    return () => cancel()
  }

  fireAny(random: SeededRandom): void {
    for (const callback of [...this.#due]) if (random.chance(0.7)) this.#fire(callback)
  }

  fireAll(): void {
    for (const callback of [...this.#due]) this.#fire(callback)
  }

  #fire(callback: () => void): void {
    if (this.#due.delete(callback)) callback()
  }
}
