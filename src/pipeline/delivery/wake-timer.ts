/** One timer that is moved as what is due next changes. */
import type { Cancel, Clock, Timers } from '../clock.ts'

export interface WakeTimerOptions {
  readonly clock: Clock
  readonly timers: Timers
  readonly onWake: () => void
}

export class WakeTimer {
  readonly #options: WakeTimerOptions
  #atMs = Infinity
  #cancel: Cancel | null = null

  constructor(options: WakeTimerOptions) {
    this.#options = options
  }

  /** Wakes at `atMs`, monotonic milliseconds, and not at the time set before; Infinity: never. */
  set(atMs: number): void {
    if (atMs === this.#atMs) return
    this.clear()
    if (atMs === Infinity) return
    const { clock, timers } = this.#options
    this.#atMs = atMs
    // A system's timer may fire a little early; less than a millisecond would spin.
    const delayMs = Math.max(1, Math.ceil(atMs - clock.monotonic()))
    this.#cancel = timers.after(delayMs, () => this.#wake())
  }

  clear(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#atMs = Infinity
  }

  #wake(): void {
    this.#cancel = null
    this.#atMs = Infinity
    this.#options.onWake()
  }
}
