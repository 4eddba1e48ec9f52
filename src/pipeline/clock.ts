/** Time and timers as components see them, so that tests can stand in for both. */

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; follows the system clock, so it may jump. */
  now(): number
  /** Milliseconds that only ever grow; for durations. */
  monotonic(): number
}

/** Ends a timer; calling it again is harmless. */
export type Cancel = () => void

export interface Timers {
  after(milliseconds: number, callback: () => void): Cancel
  every(milliseconds: number, callback: () => void): Cancel
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

export const systemTimers: Timers = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds)
    return () => clearInterval(timer)
  },
}
