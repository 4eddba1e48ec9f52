/** Waits between tries, all of which end at once when the time for trying is over. */
import type { Timers } from '../../pipeline/clock.ts'

export class Patience {
  readonly #timers: Timers
  readonly #waiting = new Set<() => void>()
  #isOver = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** True once waiting has no point any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  pause(milliseconds: number): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const cancel = this.#timers.after(milliseconds, done)
      this.#waiting.add(done)
    })
  }

  end(): void {
    this.#isOver = true
    for (const done of [...this.#waiting]) done()
  }
}
