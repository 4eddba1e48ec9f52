/** Says in the log that messages by udp are dropped: at once, then once a minute how many. */
import type { Cancel } from '../../pipeline/clock.ts'
import type { InputContext } from '../../pipeline/component.ts'

const EVERY_MS = 60_000

export class DropReport {
  readonly #context: InputContext
  #counts = new Map<string, number>()
  #cancel: Cancel | null = null

  constructor(context: InputContext) {
    this.#context = context
  }

  add(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
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
    this.#cancel = this.#context.timers.after(EVERY_MS, () => this.#say())
  }

  #log(): void {
    if (this.#counts.size === 0) return
    const fields = Object.fromEntries(this.#counts)
    this.#context.logger.error(fields, 'dropped GELF messages by udp')
    this.#counts = new Map()
  }
}
