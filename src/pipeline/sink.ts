/**
 * Where a batch can go next, as one method. The ends are here: an output, copies to several
 * places, nowhere. On the way lie stages (stage.ts) and filters (filter-sink.ts).
 */
import type { Batch, Outcome, ShedFate } from './batch.ts'
import type { Output } from './component.ts'
import type { Ledger } from './ledger.ts'
import type { Counts, OutputCounts } from './ledger-counts.ts'
import type { Logger } from './logger.ts'
import type { Taps } from './taps/taps.ts'

export interface Sink {
  /** Never throws and never rejects; `tagCounts` is the ledger's row of the batch's tag. */
  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome>
}

/** What sinks need of the pipeline they belong to. */
export interface SinkContext {
  readonly ledger: Ledger
  readonly logger: Logger
  /** Who looks at what passes; absent where nobody can. */
  readonly taps?: Taps | undefined
}

export interface PlainTarget {
  readonly name: string
  readonly output: Pick<Output, 'deliver'>
  readonly buffer?: undefined
}

/** An output, or the buffer that takes its batches in its stead. */
export type NamedOutput = PlainTarget | { readonly name: string; readonly buffer: Sink }

/** A log line shows this much of a tag at most. */
const LOGGED_TAG_LENGTH_MAX = 256
/** Tags that are warned about one by one; a bound, since senders choose tags. */
const WARNED_TAGS_MAX = 1000

/**
 * An output that gathers batches for one write answers them with one promise. They are settled
 * together and share the promise made here too, so a small batch costs next to nothing.
 */
export class OutputSink implements Sink {
  readonly #target: PlainTarget
  readonly #context: SinkContext
  readonly #counts: OutputCounts
  /** Those of the output's latest answer. */
  #latest: AnsweredTogether | null = null

  constructor(target: PlainTarget, context: SinkContext) {
    this.#target = target
    this.#context = context
    this.#counts = context.ledger.output(target.name)
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    this.#context.ledger.send(this.#counts, batch.count)
    const answer = this.#answerTo(batch)
    if (this.#latest?.answer === answer) return this.#latest.add(tagCounts, batch.count)
    const batches = new AnsweredTogether(answer, batch, tagCounts)
    this.#latest = batches
    batches.settled = answer.then(
      (outcome) => this.#settle(batches, outcome),
      (error: unknown) => this.#fail(batches, error),
    )
    return batches.settled
  }

  #answerTo(batch: Batch): Promise<Outcome> {
    try {
      return this.#target.output.deliver(batch)
    } catch (error) {
      const { promise, reject } = Promise.withResolvers<Outcome>()
      reject(error)
      return promise
    }
  }

  #settle(batches: AnsweredTogether, outcome: Outcome): Outcome {
    if (this.#latest === batches) this.#latest = null
    const { ledger } = this.#context
    ledger.settle(this.#counts, batches.tagCounts, batches.count, outcome)
    for (const { tagCounts, count } of batches.others ?? [])
      ledger.settle(this.#counts, tagCounts, count, outcome)
    return outcome
  }

  /** The contract forbids this; handing the batches back is the answer that loses nothing. */
  #fail(batches: AnsweredTogether, error: unknown): Outcome {
    const fields = {
      output: this.#target.name,
      tag: tagForLog(batches.tag),
      events: batches.events,
    }
    this.#context.logger.error({ ...fields, error }, 'BUG: an output failed instead of answering')
    return this.#settle(batches, 'retry')
  }
}

interface TagShare {
  readonly tagCounts: Counts
  count: number
}

/** Batches for which an output gave the same promise, as the numbers to settle. */
class AnsweredTogether implements TagShare {
  readonly answer: Promise<Outcome>
  /** What their senders wait for. */
  settled: Promise<Outcome>
  /** Of the first. */
  readonly tag: string
  readonly tagCounts: Counts
  /** Events of that tag. */
  count: number
  /** Those of other tags: one for each time that the tag changed. */
  others: TagShare[] | null = null
  latest: TagShare = this

  constructor(answer: Promise<Outcome>, { tag, count }: Batch, tagCounts: Counts) {
    this.answer = answer
    this.settled = answer
    this.tag = tag
    this.tagCounts = tagCounts
    this.count = count
  }

  get events(): number {
    return (this.others ?? []).reduce((sum, { count }) => sum + count, this.count)
  }

  add(tagCounts: Counts, count: number): Promise<Outcome> {
    if (this.latest.tagCounts === tagCounts) this.latest.count += count
    else (this.others ??= []).push((this.latest = { tagCounts, count }))
    return this.settled
  }
}

/** Gives the same batch to each of several sinks; its bytes are shared. */
export class CopySink implements Sink {
  readonly #targets: readonly Sink[]
  readonly #ledger: Ledger

  constructor(targets: readonly Sink[], ledger: Ledger) {
    this.#targets = targets
    this.#ledger = ledger
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    this.#ledger.copy(tagCounts, batch.count * (this.#targets.length - 1))
    const outcomes = this.#targets.map((target) => target.deliver(batch, tagCounts))
    return Promise.all(outcomes).then(combine)
  }
}

/** For tags that no match step fits: counts, and warns once per tag. */
export class NoMatchSink implements Sink {
  readonly #context: SinkContext
  readonly #warned = new Set<string>()

  constructor(context: SinkContext) {
    this.#context = context
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    const { ledger } = this.#context
    const settle = (fate: ShedFate) => {
      if (fate === 'dropped') return ledger.drop(tagCounts, batch.count, 'no_match')
      if (fate === 'retry') return ledger.handBack(tagCounts, batch.count)
      ledger.reject(tagCounts, batch.count)
    }
    if (batch.onShed) batch.onShed(settle)
    else settle('dropped')
    this.#warn(tagForLog(batch.tag))
    return Promise.resolve('rejected')
  }

  #warn(tag: string): void {
    if (this.#warned.has(tag) || this.#warned.size >= WARNED_TAGS_MAX) return
    this.#warned.add(tag)
    this.#context.logger.warn({ tag }, 'events dropped: no match step fits their tag')
  }
}

export function tagForLog(tag: string): string {
  return tag.length <= LOGGED_TAG_LENGTH_MAX ? tag : `${tag.slice(0, LOGGED_TAG_LENGTH_MAX)}…`
}

/**
 * One `retry` makes the sender repeat the batch, so whoever has taken it sees it twice: at least
 * once, never lost.
 */
export function combine(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('retry')) return 'retry'
  return outcomes.includes('delivered') ? 'delivered' : 'rejected'
}
