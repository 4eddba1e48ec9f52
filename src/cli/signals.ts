/**
 * The signals of `logboom run`. They are caught from the first line of the program on: what comes
 * while the rest of it is loaded is kept until somebody can act on it.
 */
import { constants } from 'node:os'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGHUP'] as const
export type Signal = (typeof SIGNALS)[number]

class Signals {
  #isWatching = false
  #kept: Signal[] = []
  #act: ((signal: Signal) => void) | null = null

  /** From now on none of them ends the process by itself; idempotent. */
  watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    for (const signal of SIGNALS) process.on(signal, () => this.#take(signal))
  }

  /** Calls `act` with what was kept, then with what comes. */
  serve(act: (signal: Signal) => void): void {
    this.watch()
    this.#act = act
    for (const signal of this.#kept.splice(0)) act(signal)
  }

  #take(signal: Signal): void {
    if (this.#act) return this.#act(signal)
    if (isStop(signal) && this.#kept.some(isStop)) process.exit(exitCodeOf(signal))
    this.#kept.push(signal)
  }
}

/** One for the process, as signals are. */
export const signals = new Signals()

export function isStop(signal: Signal): boolean {
  return signal === 'SIGTERM' || signal === 'SIGINT'
}

/** Of a process that a signal ended. */
export function exitCodeOf(signal: Signal): number {
  return 128 + constants.signals[signal]
}
