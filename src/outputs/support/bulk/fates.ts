/** What became of each document of a chunk, and the answer that makes for the delivery engine. */
import {
  type Chunk,
  type ChunkAnswer,
  DELIVERED,
  type EventRange,
  type RejectedRange,
} from '../../../pipeline/delivery/chunk.ts'

export const PENDING = 0
export const STORED = 1
/** In the failure store of the data stream, not in the data stream. */
export const FAILURE_STORE = 2
/** Was there already, by an attempt before. */
export const DUPLICATE = 3
/** Stored after a field was moved, or as text. */
export const REPAIRED = 4
/** Not this time. */
export const RETRY = 5
/** Not before somebody sets it right; the document is not to blame. */
export const HELD = 6
export const REJECTED = 7

export type Fate =
  | typeof PENDING
  | typeof STORED
  | typeof FAILURE_STORE
  | typeof DUPLICATE
  | typeof REPAIRED
  | typeof RETRY
  | typeof HELD
  | typeof REJECTED

/** Names of fates in metrics, in their order. */
export const FATE_NAMES = [
  ...['pending', 'stored', 'failure_store', 'duplicate', 'repaired', 'retry', 'held', 'rejected'],
] as const

export class Fates {
  /** How many documents have each fate. */
  readonly counts: number[]
  readonly #chunk: Chunk
  readonly #fates: Uint8Array
  /** Of documents that are not where they should be. */
  readonly #reasons = new Map<number, string>()
  afterMs = 0

  constructor(chunk: Chunk) {
    this.#chunk = chunk
    this.#fates = new Uint8Array(chunk.events)
    this.counts = FATE_NAMES.map((_, fate) => (fate === PENDING ? chunk.events : 0))
  }

  of(document: number): Fate {
    return this.#fates[document] as Fate
  }

  set(document: number, fate: Fate, reason?: string): void {
    this.counts[this.of(document)]!--
    this.counts[fate]!++
    this.#fates[document] = fate
    if (reason !== undefined) this.#reasons.set(document, reason)
  }

  /** Of `count` documents from `first` on, which must be pending. */
  setAll(first: number, count: number, fate: Fate): void {
    this.counts[PENDING]! -= count
    this.counts[fate]! += count
    this.#fates.fill(fate, first, first + count)
  }

  /** None may be pending. */
  answer(): ChunkAnswer {
    const { counts } = this
    const { events } = this.#chunk
    const [retried, held] = [counts[RETRY]! + counts[PENDING]!, counts[HELD]!]
    const waiting = retried + held
    if (waiting + counts[REJECTED]! === 0) return DELIVERED
    const wait = this.afterMs > 0 ? { afterMs: this.afterMs } : {}
    const reason = this.#reasonOf(held > 0 ? HELD : RETRY)
    if (waiting === events) return { kind: held > 0 ? 'hold' : 'retry', reason, ...wait }
    const { rejected, retry } = this.#ranges()
    return { kind: 'partly', rejected, retry, reason, ...wait }
  }

  /** The first that is known. */
  #reasonOf(fate: Fate): string {
    for (const [document, reason] of this.#reasons) if (this.of(document) === fate) return reason
    return 'the server did not take it'
  }

  #ranges(): { readonly rejected: RejectedRange[]; readonly retry: EventRange[] } {
    const rejected: RejectedRange[] = []
    const retry: EventRange[] = []
    let document = 0
    this.#chunk.batches.forEach(({ count }, batch) => {
      const end = document + count
      const start = document
      while (document < end) {
        const first = document
        const reason = this.#reasons.get(first)
        while (document < end && this.#isLike(document, first, reason)) document++
        const range = { batch, first: first - start, count: document - first }
        if (this.of(first) === REJECTED) rejected.push({ ...range, reason: reason ?? '' })
        else if (this.#isWaiting(first)) retry.push(range)
      }
    })
    return { rejected, retry }
  }

  #isLike(document: number, first: number, reason: string | undefined): boolean {
    if (this.of(first) === REJECTED)
      return this.of(document) === REJECTED && this.#reasons.get(document) === reason
    return this.of(document) !== REJECTED && this.#isWaiting(document) === this.#isWaiting(first)
  }

  #isWaiting(document: number): boolean {
    const fate = this.of(document)
    return fate === RETRY || fate === HELD || fate === PENDING
  }
}
