/**
 * Where a batch can go next, as one method. The ends are here: an output, copies to several
 * places, nowhere. On the way lie stages (stage.ts) and filters (filter-sink.ts).
 */
import type { Batch, Outcome } from './batch.ts'
import type { Output } from './component.ts'
import type { Ledger } from './ledger.ts'
import type { Counts, OutputCounts } from './ledger-counts.ts'
import type { Logger } from './logger.ts'

export interface Sink {
  /** Never throws and never rejects; `tagCounts` is the ledger's row of the batch's tag. */
  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome>
}

/** What sinks need of the pipeline they belong to. */
export interface SinkContext {
  readonly ledger: Ledger
  readonly logger: Logger
}

export interface NamedOutput {
  readonly name: string
  readonly output: Output
}

/** A log line shows this much of a tag at most. */
const LOGGED_TAG_LENGTH_MAX = 256
/** Tags that are warned about one by one; a bound, since senders choose tags. */
const WARNED_TAGS_MAX = 1000

export class OutputSink implements Sink {
  readonly #target: NamedOutput
  readonly #context: SinkContext
  readonly #counts: OutputCounts

  constructor(target: NamedOutput, context: SinkContext) {
    this.#target = target
    this.#context = context
    this.#counts = context.ledger.output(target.name)
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    this.#context.ledger.send(this.#counts, batch.count)
    let taken: Promise<Outcome>
    try {
      taken = this.#target.output.deliver(batch)
    } catch (error) {
      return Promise.resolve(this.#fail(batch, tagCounts, error))
    }
    return taken.then(
      (outcome) => this.#settle(batch, tagCounts, outcome),
      (error: unknown) => this.#fail(batch, tagCounts, error),
    )
  }

  #settle(batch: Batch, tagCounts: Counts, outcome: Outcome): Outcome {
    this.#context.ledger.settle(this.#counts, tagCounts, batch.count, outcome)
    return outcome
  }

  /** The contract forbids this; handing the batch back is the answer that loses nothing. */
  #fail(batch: Batch, tagCounts: Counts, error: unknown): Outcome {
    const fields = { output: this.#target.name, tag: tagForLog(batch.tag), events: batch.count }
    this.#context.logger.error({ ...fields, error }, 'BUG: an output failed instead of answering')
    return this.#settle(batch, tagCounts, 'retry')
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
    this.#context.ledger.drop(tagCounts, batch.count, 'no_match')
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
function combine(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('retry')) return 'retry'
  return outcomes.includes('delivered') ? 'delivered' : 'rejected'
}
