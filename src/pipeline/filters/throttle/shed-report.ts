/** Says once a minute of whom how much was dropped, as long as something is. */
import type { Cancel, Timers } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { tagForLog } from '../../sink.ts'
import type { Quota, Quotas } from './quotas.ts'

const REPORT_EVERY_MS = 60_000
/** Those with most are named, the others counted together: senders choose how many there are. */
const NAMED_MAX = 20

export interface ShedReportOptions {
  /** `tag`, or the name of a field. */
  readonly by: string
  readonly quotas: Quotas
  readonly timers: Timers
  readonly logger: Logger
}

export class ShedReport {
  readonly #options: ShedReportOptions
  #cancel: Cancel | null = null

  constructor(options: ShedReportOptions) {
    this.#options = options
  }

  add(quota: Quota, count: number): void {
    quota.unreported += count
    this.#cancel ??= this.#options.timers.after(REPORT_EVERY_MS, () => this.finish())
  }

  /** Reports what is not reported yet. */
  finish(): void {
    this.#cancel?.()
    this.#cancel = null
    const quotas = this.#options.quotas.shedding().sort((a, b) => b.unreported - a.unreported)
    const { by, logger } = this.#options
    for (const { key, unreported } of quotas.slice(0, NAMED_MAX)) {
      const fields = { by, value: tagForLog(key), events: unreported }
      logger.warn(fields, 'events dropped: they were over their quota')
    }
    const rest = quotas.slice(NAMED_MAX)
    const events = rest.reduce((sum, { unreported }) => sum + unreported, 0)
    if (rest.length > 0)
      logger.warn({ by, quotas: rest.length, events }, 'events of others dropped as well')
    for (const quota of quotas) quota.unreported = 0
  }
}
