/** Waits for a condition for so long, and no longer. */
import type { Timers } from '../../pipeline/clock.ts'

export class Patience {
  readonly #timers: Timers
  #look: () => void = () => undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** The condition may have changed. */
  look(): void {
    this.#look()
  }

  /** Settles with true once `condition` holds, with false after `timeoutMs`. One at a time. */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (isMet: boolean) => {
        this.#look = () => undefined
        cancel()
        resolve(isMet)
      }
      const cancel = this.#timers.after(timeoutMs, () => end(false))
      this.#look = () => {
        if (condition()) end(true)
      }
    })
  }
}
