/**
 * What became of every event, as plain numbers that are moved once per batch.
 *
 *     received + restored + copied
 *         = filtered + delivered + retried + rejected + dropped + buffered + in_flight
 *
 * holds for `total` after each of the methods below, whatever happens between them. The words:
 * - received: came in by an input, those it could not make entries of included (they are dropped).
 *   Sent again by its sender, an event is received again.
 * - restored: found on disk, held there by a filter or buffer of an earlier run.
 * - copied: additional copies, for routes to several outputs, for filters that make several events
 *   of one, and of held events of which an attempt to pass them on was answered `retry`.
 * - filtered: consumed by a filter; three parts joined to one event are two filtered.
 * - delivered, rejected: per output and copy; behind a buffer, rejected ones are dead letters, and
 *   so are those of filters.
 *   retried: handed back to the sender, per output too.
 * - dropped: thrown away for a reason, by a full buffer per output; also handed back, but the
 *   sender could not send again.
 * - buffered: left on disk by a buffer when it was stopped; the next one restores them.
 * - in_flight: everything between, what filters and running buffers hold included.
 */
import type { Outcome, ShedFate } from './batch.ts'
import {
  Counts,
  type FilterCounts,
  type InputCounts,
  type LedgerSnapshot,
  type OutputCounts,
  snapshotOf,
} from './ledger-counts.ts'

/** Tags with numbers of their own; later ones share one row, so that senders cannot grow memory. */
const TAGS_MAX = 1000
const TAG_LENGTH_MAX = 1024
export const OTHER_TAGS = '(other)'

/** What a filter made of `entered` events; see `Filtered`. */
export interface FilterMove {
  readonly entered: number
  readonly left: number
  readonly held: number
  readonly released: number
  readonly dropped: number
  /** Of the dropped; there is one if there are any. */
  readonly reason: string
}

export class Ledger {
  readonly #total = new Counts()
  readonly #tags = new Map<string, Counts>()
  readonly #otherTags = new Counts()
  readonly #inputs = new Map<string, InputCounts>()
  readonly #filters = new Map<string, FilterCounts>()
  readonly #outputs = new Map<string, OutputCounts>()
  readonly #dropReasons = new Map<string, number>()

  input(name: string): InputCounts {
    return obtain(this.#inputs, name, () => ({
      received: 0,
      dropped: 0,
      lost: 0,
      dropReasons: new Map(),
    }))
  }

  filter(name: string): FilterCounts {
    return obtain(this.#filters, name, () => ({
      received: 0,
      restored: 0,
      filtered: 0,
      dropped: 0,
      rejected: 0,
      held: 0,
    }))
  }

  output(name: string): OutputCounts {
    return obtain(this.#outputs, name, () => ({
      received: 0,
      restored: 0,
      delivered: 0,
      retried: 0,
      rejected: 0,
      dropped: 0,
      buffered: 0,
      inFlight: 0,
      damagedBytes: 0,
    }))
  }

  /** The row of a tag; keep it while a batch is under way. */
  tag(tag: string): Counts {
    const known = this.#tags.get(tag)
    if (known) return known
    if (this.#tags.size >= TAGS_MAX || tag.length > TAG_LENGTH_MAX) return this.#otherTags
    return obtain(this.#tags, tag, () => new Counts())
  }

  receive(input: InputCounts, tag: Counts, count: number): void {
    input.received += count
    this.#total.received += count
    this.#total.inFlight += count
    tag.received += count
    tag.inFlight += count
  }

  /** Events that came in but could not become entries. */
  refuse(input: InputCounts, tag: Counts, count: number, reason: string): void {
    this.receive(input, tag, count)
    this.#drop(tag, count)
    input.dropped += count
    addTo(input.dropReasons, reason, count)
  }

  /** Events in flight that go nowhere. */
  drop(tag: Counts, count: number, reason: string): void {
    this.#drop(tag, count)
    addTo(this.#dropReasons, reason, count)
  }

  /** Events handed back to a sender that cannot send again: from retried to dropped. */
  lose(input: InputCounts, tag: Counts, count: number, reason: string): void {
    this.#total.lose(count)
    tag.lose(count)
    input.lost += count
    addTo(input.dropReasons, reason, count)
  }

  /** Events in flight handed back before they reached an output. */
  handBack(tag: Counts, count: number): void {
    this.#total.inFlight -= count
    this.#total.retried += count
    tag.inFlight -= count
    tag.retried += count
  }

  /** Events in flight that nobody takes, and that are kept as dead letters. */
  reject(tag: Counts, count: number): void {
    this.#total.inFlight -= count
    this.#total.rejected += count
    tag.inFlight -= count
    tag.rejected += count
  }

  copy(tag: Counts, count: number): void {
    this.#total.copied += count
    this.#total.inFlight += count
    tag.copied += count
    tag.inFlight += count
  }

  send(output: OutputCounts, count: number): void {
    output.received += count
    output.inFlight += count
  }

  settle(output: OutputCounts, tag: Counts, count: number, outcome: Outcome): void {
    const fate = outcome === 'retry' ? 'retried' : outcome
    output.inFlight -= count
    output[fate] += count
    this.#total.inFlight -= count
    this.#total[fate] += count
    tag.inFlight -= count
    tag[fate] += count
  }

  /** Bytes of an output's buffer with events in them, nobody knows how many: in no other number. */
  damage(output: OutputCounts, bytes: number): void {
    output.damagedBytes += bytes
  }

  /** An output's buffer throws events away. */
  shed(output: OutputCounts, tag: Counts, count: number, reason: string): void {
    output.inFlight -= count
    output.dropped += count
    this.drop(tag, count, reason)
  }

  restore(filter: FilterCounts, tag: Counts, count: number): void {
    filter.restored += count
    filter.held += count
    this.#total.restored += count
    this.#total.inFlight += count
    tag.restored += count
    tag.inFlight += count
  }

  /** Events that an output's buffer has found on disk. */
  restoreBuffered(output: OutputCounts, tag: Counts, count: number): void {
    output.restored += count
    this.#total.restored += count
    this.#total.inFlight += count
    tag.restored += count
    tag.inFlight += count
    this.send(output, count)
  }

  /** Events that an output's buffer leaves on disk. */
  leaveBuffered(output: OutputCounts, tag: Counts, count: number): void {
    output.inFlight -= count
    output.buffered += count
    this.#total.inFlight -= count
    this.#total.buffered += count
    tag.inFlight -= count
    tag.buffered += count
  }

  /**
   * A filter passes `move.left` events on. Those it used up for them stay in flight until
   * `filterSettled`, because a `retry` brings them back.
   */
  filterPasses(filter: FilterCounts, tag: Counts, move: FilterMove): void {
    filter.received += move.entered
    filter.held += move.held - move.released
    const missing = -usedUp(move)
    if (missing > 0) this.copy(tag, missing)
  }

  /** What the filter passed on has settled, or there was nothing to pass on. */
  filterSettled(filter: FilterCounts, tag: Counts, move: FilterMove, outcome: Outcome): void {
    const back = outcome === 'retry' ? move.released : 0
    const gone = Math.max(usedUp(move), 0) - back
    filter.held += back
    if (move.dropped > 0) this.filterDropped(filter, tag, move, fateOfDropped(outcome))
    if (gone < 0) {
      this.copy(tag, -gone)
      return
    }
    filter.filtered += gone
    this.#total.inFlight -= gone
    this.#total.filtered += gone
    tag.inFlight -= gone
    tag.filtered += gone
  }

  /** What a filter drops, and what becomes of that. */
  filterDropped(filter: FilterCounts, tag: Counts, move: FilterMove, fate: ShedFate): void {
    const { dropped, reason } = move
    if (fate === 'retry') return this.handBack(tag, dropped)
    if (fate === 'rejected') return this.reject(tag, dropped)
    filter.dropped += dropped
    this.drop(tag, dropped, reason)
  }

  /** Dead letters of a filter. */
  filterRejects(filter: FilterCounts, tag: Counts, count: number): void {
    filter.rejected += count
    this.reject(tag, count)
  }

  /** A filter gave `count` events another tag. Only the rows of the tags are concerned. */
  retag(from: Counts, to: Counts, count: number): void {
    from.inFlight -= count
    from.filtered += count
    to.inFlight += count
    to.received += count
  }

  /** Events on their way, those that filters hold included. */
  get inFlight(): number {
    return this.#total.inFlight
  }

  snapshot(): LedgerSnapshot {
    return snapshotOf({
      total: this.#total,
      tags: [...this.#tags, [OTHER_TAGS, this.#otherTags]],
      inputs: [...this.#inputs],
      filters: [...this.#filters],
      outputs: [...this.#outputs],
      dropReasons: this.#dropReasons,
    })
  }

  #drop(tag: Counts, count: number): void {
    this.#total.inFlight -= count
    this.#total.dropped += count
    tag.inFlight -= count
    tag.dropped += count
  }
}

function fateOfDropped(outcome: Outcome): ShedFate {
  return outcome === 'retry' ? 'retry' : 'dropped'
}

/** Events that went into what a filter passes on, more than came out; negative if it made some. */
function usedUp(move: FilterMove): number {
  return move.entered + move.released - move.left - move.held - move.dropped
}

function obtain<Row>(rows: Map<string, Row>, name: string, create: () => Row): Row {
  const known = rows.get(name)
  if (known) return known
  const row = create()
  rows.set(name, row)
  return row
}

function addTo(numbers: Map<string, number>, key: string, amount: number): void {
  numbers.set(key, (numbers.get(key) ?? 0) + amount)
}
