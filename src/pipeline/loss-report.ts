/** Says in the log that something is thrown away: at once, then once a minute how much. */
import type { Cancel, Timers } from './clock.ts'
import type { Logger } from './logger.ts'

const EVERY_MS = 60_000

export class LossReport {
  readonly #logger: Logger
  readonly #timers: Timers
  readonly #message: string
  readonly #fields: Readonly<Record<string, unknown>>
  #counts = new Map<string, number>()
  #cancel: Cancel | null = null

  /** `fields` are said each time, beside the counts. */
  constructor(
    { logger, timers }: { readonly logger: Logger; readonly timers: Timers },
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ) {
    this.#logger = logger
    this.#timers = timers
    this.#message = message
    this.#fields = fields
  }

  /** `what` is the name of the field with the count: `events`, or a reason; there are few. */
  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
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
    if (this.#counts.size === 0) return
    this.#log()
    this.#cancel = this.#timers.after(EVERY_MS, () => this.#say())
  }

  #log(): void {
    if (this.#counts.size === 0) return
    this.#logger.error({ ...Object.fromEntries(this.#counts), ...this.#fields }, this.#message)
    this.#counts = new Map()
  }
}
