/** What the ledger has of an output's buffer: every event that is let in, until it is settled. */
import type { Outcome } from '../batch.ts'
import type { Ledger } from '../ledger.ts'
import type { Counts, OutputCounts } from '../ledger-counts.ts'

/** Of what an earlier run has left and was damaged since. */
const UNKNOWN_TAG = '(unknown)'

export class BufferAccount {
  readonly #ledger: Ledger
  readonly #output: OutputCounts
  /** What this process has let in or taken up again, and not settled, by row of the ledger. */
  readonly #waiting = new Map<Counts, number>()

  constructor(ledger: Ledger, output: string) {
    this.#ledger = ledger
    this.#output = ledger.output(output)
  }

  tag(tag: string): Counts {
    return this.#ledger.tag(tag)
  }

  letIn(tag: Counts, count: number): void {
    this.#ledger.send(this.#output, count)
    this.#hold(tag, count)
  }

  /** Of what an earlier run has left. */
  takeUp(tag: Counts, count: number): void {
    this.#ledger.restoreBuffered(this.#output, tag, count)
    this.#hold(tag, count)
  }

  settle(tag: Counts, count: number, outcome: Outcome): void {
    this.#ledger.settle(this.#output, tag, count, outcome)
    this.#hold(tag, -count)
  }

  shed(tag: Counts, count: number, reason: string): void {
    this.#ledger.shed(this.#output, tag, count, reason)
    this.#hold(tag, -count)
  }

  /** Of those that wait, whatever their tags. */
  shedAny(events: number, reason: string): void {
    let rest = events
    for (const [tag, count] of this.#waiting) {
      const shed = Math.max(0, Math.min(rest, count))
      this.shed(tag, shed, reason)
      rest -= shed
    }
  }

  /** Of what an earlier run has left and nobody takes up any more; their tags are not known. */
  shedFound(events: number, reason: string): void {
    const tag = this.#ledger.tag(UNKNOWN_TAG)
    this.takeUp(tag, events)
    this.shed(tag, events, reason)
  }

  /** Bytes with events in them, nobody knows how many. */
  damage(bytes: number): void {
    this.#ledger.damage(this.#output, bytes)
  }

  /** At the end: what waits is there for the next start. */
  leaveRest(): void {
    for (const [tag, count] of this.#waiting) this.#ledger.leaveBuffered(this.#output, tag, count)
    this.#waiting.clear()
  }

  #hold(tag: Counts, count: number): void {
    this.#waiting.set(tag, (this.#waiting.get(tag) ?? 0) + count)
  }
}
