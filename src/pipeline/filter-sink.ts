/**
 * A filter step: gives batches to the filter, passes on what becomes of them, keeps the ledger.
 *
 * Order: `process` is called as batches arrive, and what it answers is passed on in that order per
 * tag, even when an earlier answer is a promise that takes longer. Only batches of the same tag
 * wait for each other. Passing on means calling the next sink; nobody waits for its outcome.
 */
import type { Batch, Outcome } from './batch.ts'
import type { Failed, Filter, FilterContext, Filtered } from './component.ts'
import type { FailedSink } from './failed-sink.ts'
import type { FilterMove } from './ledger.ts'
import type { Counts, FilterCounts } from './ledger-counts.ts'
import { combine, type Sink, type SinkContext, tagForLog } from './sink.ts'
import type { TapKind } from './taps/taps.ts'

/** What the pipeline adds to a filter's context. */
export type FilterPort = Pick<FilterContext, 'emit' | 'restored'>

export interface FilterSinkOptions {
  readonly name: string
  readonly create: (port: FilterPort) => Filter
  /** The steps behind this one. */
  readonly next: Sink
  /** Where its `on_error` leads to. */
  readonly failed?: FailedSink | undefined
  readonly context: SinkContext
}

type Answer = Batch | Filtered

const NO_MORE: readonly Batch[] = []
const NONE_FAILED: readonly Failed[] = []
const NOTHING_DROPPED = { count: 0, reason: '' }

/** A filter's answer to `entered` events of a tag; none of them if it is its own doing. */
interface Passage {
  readonly entered: number
  readonly tag: string
  readonly tagCounts: Counts
  /** Of events that their sender keeps until they are in another safe place. */
  readonly onShed?: Batch['onShed']
}

export class FilterSink implements Sink {
  readonly name: string
  readonly filter: Filter
  #next: Sink
  #failed: FailedSink | undefined
  readonly #context: SinkContext
  readonly #counts: FilterCounts
  /** By tag, while an answer is awaited: settles once the last one so far is passed on. */
  readonly #turns = new Map<string, Promise<void>>()

  constructor({ name, create, next, failed, context }: FilterSinkOptions) {
    this.name = name
    this.#next = next
    this.#failed = failed
    this.#context = context
    this.#counts = context.ledger.filter(name)
    const filter = create({
      emit: (batch, released = batch.count) => this.#emit(batch, released),
      restored: (tag, count) =>
        context.ledger.restore(this.#counts, context.ledger.tag(tag), count),
    })
    this.filter = failed?.aroundFilter?.(filter) ?? filter
  }

  /** The dead letters that stop with the filter, if it has such: they stay with it. */
  get letters(): FailedSink | undefined {
    return this.#failed?.aroundFilter && this.#failed
  }

  /** Passes on to other steps from now on, also what it has in hand. */
  leadTo(next: Sink, failed?: FailedSink): void {
    this.#next = next
    this.#failed = failed
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    this.#show('before', batch)
    let answer: Answer | Promise<Filtered>
    try {
      answer = this.filter.process(batch)
    } catch (error) {
      return Promise.resolve(this.#fail(passageOf(batch, tagCounts), error))
    }
    // The fast path: nothing to do for this filter and nothing to wait for, so nothing is made.
    if (answer === batch && this.#turns.size === 0) {
      this.#counts.received += batch.count
      this.#show('after', batch)
      return this.#next.deliver(batch, tagCounts)
    }
    return this.#inTurn(passageOf(batch, tagCounts), answer)
  }

  #emit(batch: Batch, released: number): Promise<Outcome> {
    const tagCounts = this.#context.ledger.tag(batch.tag)
    return this.#inTurn({ entered: 0, tag: batch.tag, tagCounts }, { batch, held: 0, released })
  }

  #inTurn(passage: Passage, answer: Answer | Promise<Filtered>): Promise<Outcome> {
    const before = this.#turns.get(passage.tag)
    if (!before && !(answer instanceof Promise)) return this.#passOn(passage, answer)
    const pending = Promise.resolve(answer)
    // Looked at only when its turn comes; until then a rejection must not count as unhandled.
    pending.catch(() => undefined)
    const outcome = Promise.withResolvers<Outcome>()
    const turn = this.#wait(before, pending).then(
      (filtered) => outcome.resolve(this.#passOn(passage, filtered)),
      (error: unknown) => outcome.resolve(this.#fail(passage, error)),
    )
    this.#turns.set(passage.tag, turn)
    void turn.then(() => {
      if (this.#turns.get(passage.tag) === turn) this.#turns.delete(passage.tag)
    })
    return outcome.promise
  }

  async #wait(before: Promise<void> | undefined, answer: Promise<Answer>): Promise<Answer> {
    await before
    return answer
  }

  #passOn(passage: Passage, answer: Answer): Promise<Outcome> {
    const filtered = 'entries' in answer ? { batch: answer, held: 0 } : answer
    const { held, released = 0 } = filtered
    if (!passage.onShed || held + released === 0) return this.#passOnAs(passage, filtered)
    // What goes on are not its sender's events: it keeps none, whatever becomes of those.
    const own = { ...passage, onShed: undefined }
    return this.#passOnAs(own, withoutKeeper(filtered)).then((outcome) =>
      outcome === 'rejected' ? 'delivered' : outcome,
    )
  }

  #passOnAs(passage: Passage, filtered: Filtered): Promise<Outcome> {
    const { batch, more = NO_MORE, held, released = 0, dropped = NOTHING_DROPPED } = filtered
    const { failed = NONE_FAILED } = filtered
    const { count, reason } = dropped
    const passed = more.reduce((sum, { count: each }) => sum + each, batch?.count ?? 0)
    const left = failed.reduce((sum, each) => sum + each.batch.count, passed)
    const move = { entered: passage.entered, left, held, released, dropped: count, reason }
    const { ledger } = this.#context
    ledger.filterPasses(this.#counts, passage.tagCounts, move)
    const settle = (outcome: Outcome) => {
      this.#settle(passage, move, outcome)
      this.#tell(filtered, outcome)
      return outcome
    }
    if (batch) this.#show('after', batch)
    for (const each of more) this.#show('after', each)
    if (more.length > 0 || failed.length > 0)
      return this.#passOnAll(batch ? [batch, ...more] : more, failed, passage).then(settle)
    if (!batch) return Promise.resolve(settle(held === 0 && count > 0 ? 'rejected' : 'delivered'))
    return this.#next.deliver(batch, this.#countsOf(batch, passage)).then(settle)
  }

  /** What it drops may be kept by its sender all the same; then that says what becomes of it. */
  #settle({ tagCounts, onShed }: Passage, move: FilterMove, outcome: Outcome): void {
    const { ledger } = this.#context
    const { dropped } = move
    if (!onShed || dropped === 0)
      return ledger.filterSettled(this.#counts, tagCounts, move, outcome)
    const others = { ...move, entered: move.entered - dropped, dropped: 0 }
    ledger.filterSettled(this.#counts, tagCounts, others, outcome)
    onShed((fate) => ledger.filterDropped(this.#counts, tagCounts, move, fate))
  }

  #show(kind: TapKind, batch: Batch): void {
    const { taps } = this.#context
    if (taps?.isActive) taps.see(kind, this.name, batch)
  }

  /** One `retry` brings them all again, since they were one batch for their sender. */
  async #passOnAll(
    batches: readonly Batch[],
    failed: readonly Failed[],
    passage: Passage,
  ): Promise<Outcome> {
    const all = keptTogether([...batches, ...failed.map(({ batch }) => batch)])
    const way = this.#failed
    const onward = way ? all.slice(0, batches.length) : all
    const outcomes = onward.map((batch) =>
      this.#next.deliver(batch, this.#countsOf(batch, passage)),
    )
    if (way && failed.length > 0) {
      const kept = failed.map((each, index) => ({ ...each, batch: all[batches.length + index]! }))
      outcomes.push(way.deliver(kept, { filter: this.#counts, tag: passage.tagCounts }))
    }
    return combine(await Promise.all(outcomes))
  }

  #countsOf(batch: Batch, passage: Passage): Counts {
    if (batch.tag === passage.tag) return passage.tagCounts
    const tagCounts = this.#context.ledger.tag(batch.tag)
    this.#context.ledger.retag(passage.tagCounts, tagCounts, batch.count)
    return tagCounts
  }

  #tell(filtered: Filtered, outcome: Outcome): void {
    try {
      filtered.settled?.(outcome)
    } catch (error) {
      this.#context.logger.error({ filter: this.name, error }, 'BUG: a filter failed')
    }
  }

  /** Handing the batch back is the answer that loses nothing. */
  #fail({ tag, tagCounts, entered }: Passage, error: unknown): Outcome {
    const fields = { filter: this.name, tag: tagForLog(tag), events: entered, error }
    this.#context.logger.error(fields, 'a filter failed; its batch goes back to the sender')
    this.#context.ledger.handBack(tagCounts, entered)
    return 'retry'
  }
}

/** Their sender need not keep them once others have kept all of them. */
function keptTogether(batches: readonly Batch[]): readonly Batch[] {
  const onKept = batches.find((batch) => batch.onKept)?.onKept
  if (!onKept) return batches
  let left = batches.length
  const onEachKept = () => {
    if (--left === 0) onKept()
  }
  return batches.map((batch) => ({ ...batch, onKept: onEachKept }))
}

/** The same, of which nobody says later what becomes of it. */
function withoutKeeper(filtered: Filtered): Filtered {
  const own = ({ onKept: _kept, onShed: _shed, ...batch }: Batch): Batch => batch
  const { batch, more = NO_MORE, failed = NONE_FAILED } = filtered
  return {
    ...filtered,
    batch: batch && own(batch),
    more: more.map(own),
    failed: failed.map((each) => ({ ...each, batch: own(each.batch) })),
  }
}

function passageOf({ count, tag, onShed }: Batch, tagCounts: Counts): Passage {
  return { entered: count, tag, tagCounts, onShed }
}
