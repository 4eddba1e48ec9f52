/**
 * What a filter cannot make anything of, on its way to the dead letters. It is answered `rejected`
 * once it is safe there. While it cannot be kept its senders wait, until the filter is stopped and
 * they have it back. What comes while letters are written goes with the next ones, in one write.
 */
import type { Batch, Outcome } from '../batch.ts'
import type { Cancel, Clock, Timers } from '../clock.ts'
import type { Failed, Filter } from '../component.ts'
import { untilDeadline } from '../deadline.ts'
import { doublingDelayMs } from '../delivery/backoff.ts'
import type { DeadLetter, DeadLetterSink } from '../delivery/dead-letter.ts'
import { reasonOf } from '../delivery/verdict.ts'
import type { FailedCounts, FailedSink } from '../failed-sink.ts'
import type { Ledger } from '../ledger.ts'
import type { Logger } from '../logger.ts'

export interface FilterLettersOptions {
  readonly sink: DeadLetterSink
  /** Names this sink for good: the letters of no other, of this run or an earlier one, have it. */
  readonly id: string
  readonly ledger: Ledger
  readonly clock: Pick<Clock, 'now'>
  readonly timers: Timers
  readonly logger: Logger
}

/** What one batch has left here. */
interface Waiting {
  readonly letters: readonly DeadLetter[]
  readonly batches: readonly Batch[]
  readonly events: number
  readonly counts: FailedCounts
  readonly settle: (outcome: Outcome) => void
}

const PAUSE = { firstMs: 100, maxMs: 10_000 }

export class FilterLetters implements FailedSink {
  readonly #options: FilterLettersOptions
  #waiting: Waiting[] = []
  #sequence = 0
  #failures = 0
  #problem: string | null = null
  #isStopping = false
  /** Settles when nothing is being written, nor will be by itself. */
  #written: Promise<void> | null = null
  /** Ends the pause before letters are tried again. */
  #goOn: () => void = () => undefined

  constructor(options: FilterLettersOptions) {
    this.#options = options
  }

  deliver(failed: readonly Failed[], counts: FailedCounts): Promise<Outcome> {
    const { promise, resolve: settle } = Promise.withResolvers<Outcome>()
    const batches = failed.map(({ batch }) => batch)
    const events = batches.reduce((sum, { count }) => sum + count, 0)
    this.#waiting.push({ letters: this.#lettersOf(failed), batches, events, counts, settle })
    this.#written ??= this.#write()
    return promise
  }

  aroundFilter(filter: Filter): Filter {
    const problem = () => this.#problem
    return {
      get problem() {
        return filter.problem ?? problem()
      },
      start: () => filter.start(),
      stop: async (deadline) => {
        await filter.stop(deadline)
        await untilDeadline(deadline, this.#stop())
      },
      process: (batch) => filter.process(batch),
      ...(filter.closed && { closed: (origin: object) => filter.closed!(origin) }),
      ...(filter.flush && { flush: () => filter.flush!() }),
    }
  }

  #lettersOf(failed: readonly Failed[]): DeadLetter[] {
    const now = this.#options.clock.now()
    const sequence = this.#sequence++
    let firstEvent = 0
    return failed.map(({ batch, reason }) => {
      const { tag, entries, count } = batch
      const place = { buffer: this.#options.id, sequence, firstEvent }
      const times = { attempts: 1, firstTriedAt: now, lastTriedAt: now }
      firstEvent += count
      return {
        tag,
        entries,
        count,
        ...place,
        cause: 'rejected',
        reason,
        firstReason: reason,
        ...times,
      }
    })
  }

  async #stop(): Promise<void> {
    this.#isStopping = true
    this.#goOn()
    await this.#written
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const writing = this.#waiting
      this.#waiting = []
      if (await this.#areKept(writing)) for (const each of writing) this.#reject(each)
      else if (this.#isStopping) for (const each of writing) this.#giveBack(each)
      else {
        this.#waiting = writing.concat(this.#waiting)
        await this.#pause()
      }
    }
    this.#written = null
  }

  async #areKept(writing: readonly Waiting[]): Promise<boolean> {
    try {
      await this.#options.sink.add(writing.flatMap(({ letters }) => letters))
      this.#problem = null
      this.#failures = 0
      return true
    } catch (error) {
      this.#failures++
      this.#problem = `cannot keep dead letters: ${reasonOf(error)}`
      this.#options.logger.error({ error }, 'cannot keep dead letters: their events wait')
      return false
    }
  }

  async #pause(): Promise<void> {
    if (this.#isStopping) return
    let cancel: Cancel = () => undefined
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
      cancel = this.#options.timers.after(doublingDelayMs(this.#failures, PAUSE), resolve)
    })
    cancel()
  }

  #reject({ batches, events, counts, settle }: Waiting): void {
    this.#options.ledger.filterRejects(counts.filter, counts.tag, events)
    for (const batch of batches) batch.onKept?.()
    settle('rejected')
  }

  #giveBack({ events, counts, settle }: Waiting): void {
    this.#options.ledger.handBack(counts.tag, events)
    settle('retry')
  }
}
