/** Says in the log that a full buffer throws events away: at once, then once a minute how many. */
import type { Cancel, Timers } from '../clock.ts'
import type { Logger } from '../logger.ts'

const EVERY_MS = 60_000

export class DropReport {
  readonly #logger: Logger
  readonly #timers: Timers
  #events = 0
  #cancel: Cancel | null = null

  /** `logger` names the output. */
  constructor({ logger, timers }: { logger: Logger; timers: Timers }) {
    this.#logger = logger
    this.#timers = timers
  }

  add(events: number): void {
    this.#events += events
    if (this.#cancel === null) this.#say()
  }

  /** Says what was not said yet. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#log()
  }

  #say(): void {
    this.#cancel = null
    if (this.#events === 0) return
    this.#log()
    this.#cancel = this.#timers.after(EVERY_MS, () => this.#say())
  }

  #log(): void {
    if (this.#events === 0) return
    const fields = { events: this.#events }
    this.#logger.error(fields, 'threw events away: the buffer is full, and when_full says so')
    this.#events = 0
  }
}
