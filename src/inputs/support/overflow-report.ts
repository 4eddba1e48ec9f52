/** Says in the log that datagrams are thrown away: at once, then once a minute how many. */
import type { Cancel } from '../../pipeline/clock.ts'
import type { InputContext } from '../../pipeline/component.ts'

const EVERY_MS = 60_000

export class OverflowReport {
  readonly #context: InputContext
  #events = 0
  #cancel: Cancel | null = null

  constructor(context: InputContext) {
    this.#context = context
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
    this.#cancel = this.#context.timers.after(EVERY_MS, () => this.#say())
  }

  #log(): void {
    if (this.#events === 0) return
    const fields = { events: this.#events, limit: 'in_flight_max' }
    this.#context.logger.error(fields, 'threw datagrams away: too much waits to be delivered')
    this.#events = 0
  }
}
