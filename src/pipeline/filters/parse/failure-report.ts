/** Counts what could be parsed and what not, and says once a minute how much could not. */
import type { Cancel } from '../../clock.ts'
import type { FilterContext } from '../../component.ts'
import type { Counter } from '../../metrics.ts'
import { tagForLog } from '../../sink.ts'

const REPORT_EVERY_MS = 60_000

export class FailureReport {
  /** In the batch at hand. */
  parsed = 0
  badTimes = 0
  readonly #context: FilterContext
  readonly #parsedTotal: Counter
  readonly #badTimesTotal: Counter
  /** Reasons are words of the formats', so there are few. */
  readonly #failedTotals = new Map<string, Counter>()
  /** By reason, of the batch at hand, and since the last report. */
  readonly #failed = new Map<string, number>()
  #lastTag = ''
  #unreported = 0
  #lastReason = ''
  #cancel: Cancel | null = null

  /** `reasons` are counted from the start, though they may never come. */
  constructor(context: FilterContext, reasons: readonly string[]) {
    const { metrics } = context
    this.#context = context
    this.#parsedTotal = metrics.counter('parsed_total', 'Events whose line could be read.')
    this.#badTimesTotal = metrics.counter(
      'invalid_times_total',
      'Events whose line could be read, but not the time in it.',
    )
    for (const reason of reasons) this.#counterOf(reason)
  }

  fail(reason: string): void {
    this.#failed.set(reason, (this.#failed.get(reason) ?? 0) + 1)
  }

  /** Ends a batch. */
  count(tag: string): void {
    this.#parsedTotal.add(this.parsed)
    this.#badTimesTotal.add(this.badTimes)
    this.parsed = this.badTimes = 0
    if (this.#failed.size === 0) return
    for (const [reason, count] of this.#failed) {
      this.#counterOf(reason).add(count)
      this.#unreported += count
      this.#lastReason = reason
    }
    this.#lastTag = tag
    this.#failed.clear()
    this.#cancel ??= this.#context.timers.after(REPORT_EVERY_MS, () => this.finish())
  }

  /** Reports what is not reported yet. */
  finish(): void {
    this.#cancel?.()
    this.#cancel = null
    if (this.#unreported === 0) return
    const fields = {
      events: this.#unreported,
      last_reason: this.#lastReason,
      last_tag: tagForLog(this.#lastTag),
    }
    this.#context.logger.warn(fields, 'lines could not be parsed')
    this.#unreported = 0
  }

  #counterOf(reason: string): Counter {
    const known = this.#failedTotals.get(reason)
    if (known) return known
    const help = 'Events whose line could not be read, by reason.'
    const counter = this.#context.metrics.counter('parse_failed_total', help, { reason })
    this.#failedTotals.set(reason, counter)
    return counter
  }
}
