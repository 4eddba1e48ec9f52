/**
 * What an output's answer means. Outputs are not trusted: an answer that does not fit the chunk in
 * every place is a failure of all of it, so that nothing is taken for delivered by mistake.
 */
import { entryEnd } from '../../codecs/record.ts'
import { retryAfterMs } from './backoff.ts'
import type { Chunk, EventRange, RejectedRange } from './chunk.ts'
import type { Again } from './layers.ts'
import type { Piece } from './piece.ts'

/** Longer reasons are cut: some outputs answer with a page of HTML. */
const REASON_LENGTH_MAX = 1000

interface Failed {
  readonly kind: 'failed'
  readonly reason: string
  readonly afterMs: number
  /** False for `hold`. */
  readonly countsForGiveUp: boolean
}

/** A fate for each event of the chunk, in order. */
interface Mixed {
  readonly kind: 'mixed'
  readonly fates: Uint8Array
  /** Of the rejected, by the place in the chunk. */
  readonly reasons: ReadonlyMap<number, string>
  readonly reason: string
  readonly afterMs: number
}

export type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | Failed
  | Mixed

export const FATE_DELIVERED = 0
export const FATE_RETRY = 1
export const FATE_REJECTED = 2
export const FATE_SUSPECTED = 3

const ALL_DELIVERED: Verdict = { kind: 'delivered' }

/** `answer` should be a `ChunkAnswer`. */
export function judge(answer: unknown, chunk: Chunk): Verdict {
  if (!isObject(answer)) return nonsense(`it answered ${typeof answer}`)
  const { kind } = answer
  if (kind === 'delivered') return ALL_DELIVERED
  if (kind === 'rejected') return { kind, reason: reasonOf(answer['reason']) }
  if (kind === 'retry' || kind === 'hold') return failed(answer, kind === 'retry')
  if (kind === 'partly') return judgeParts(answer, chunk)
  return nonsense('it answered with an unknown kind')
}

/** The text of anything that was thrown or given as a reason, not too long. */
export function reasonOf(value: unknown): string {
  const text = value instanceof Error ? value.message : typeof value === 'string' ? value : ''
  if (text === '') return 'no reason given'
  return text.length <= REASON_LENGTH_MAX ? text : `${text.slice(0, REASON_LENGTH_MAX)}…`
}

/** Pieces of a chunk by the fate of their events. */
export interface Sorted {
  readonly delivered: Piece[]
  /** In the order of the chunk. */
  readonly again: Again[]
  readonly rejected: { readonly piece: Piece; readonly reason: string }[]
}

/** Cuts pieces where the fate changes. */
export function sortByFate(pieces: readonly Piece[], { fates, reasons }: Mixed): Sorted {
  const sorted: Sorted = { delivered: [], again: [], rejected: [] }
  let place = 0
  for (const piece of pieces) {
    let [first, start, end] = [0, 0, 0]
    for (let event = 0; event < piece.count; event++, place++) {
      end = event + 1 === piece.count ? piece.entries.length : entryEnd(piece.entries, end)
      const isLast = event + 1 === piece.count
      if (!isLast && fates[place] === fates[place + 1] && sameReason(reasons, place)) continue
      const run = piece.part({ first, count: event + 1 - first, start, end })
      addRun(sorted, run, fates[place]!, reasons.get(place))
      first = event + 1
      start = end
    }
  }
  return sorted
}

function sameReason(reasons: ReadonlyMap<number, string>, place: number): boolean {
  return reasons.get(place) === reasons.get(place + 1)
}

function addRun(sorted: Sorted, piece: Piece, fate: number, reason = ''): void {
  if (fate === FATE_DELIVERED) sorted.delivered.push(piece)
  else if (fate === FATE_REJECTED) sorted.rejected.push({ piece, reason })
  else sorted.again.push({ piece, isSuspected: fate === FATE_SUSPECTED })
}

type Fields = Readonly<Record<string, unknown>>

function judgeParts(answer: Fields, chunk: Chunk): Verdict {
  const marking = new Marking(chunk)
  const isSound =
    marking.mark(answer['retry'], FATE_RETRY) &&
    marking.mark(answer['suspected'], FATE_SUSPECTED) &&
    marking.mark(answer['rejected'], FATE_REJECTED)
  if (!isSound) return nonsense('it named events that are not there, or twice')
  const { fates, reasons } = marking
  if (!fates.some((fate) => fate !== FATE_DELIVERED)) return ALL_DELIVERED
  if (!fates.some((fate) => fate !== FATE_RETRY)) return failed(answer, true)
  return { kind: 'mixed', fates, reasons, ...reasonAndWait(answer) }
}

/** Fates as ranges set them, each event once at most. */
class Marking {
  readonly fates: Uint8Array
  readonly reasons = new Map<number, string>()
  readonly #batches: Chunk['batches']
  /** Place in the chunk of the first event of each batch. */
  readonly #starts: number[] = []

  constructor({ batches, events }: Chunk) {
    this.fates = new Uint8Array(events)
    this.#batches = batches
    let start = 0
    for (const { count } of batches) {
      this.#starts.push(start)
      start += count
    }
  }

  /** False if a range is not what it should be. */
  mark(ranges: unknown, fate: number): boolean {
    if (ranges === undefined) return true
    if (!Array.isArray(ranges)) return false
    for (const range of ranges as readonly unknown[])
      if (!this.#isRange(range) || !this.#markRange(range, fate)) return false
    return true
  }

  #isRange(value: unknown): value is EventRange & Partial<RejectedRange> {
    if (!isObject(value)) return false
    const { batch, first, count } = value
    if (!isWhole(batch) || !isWhole(first) || !isWhole(count) || count === 0) return false
    return first + count <= (this.#batches[batch]?.count ?? 0)
  }

  #markRange(range: EventRange & Partial<RejectedRange>, fate: number): boolean {
    const start = this.#starts[range.batch]! + range.first
    for (let place = start; place < start + range.count; place++) {
      if (this.fates[place] !== FATE_DELIVERED) return false
      this.fates[place] = fate
      if (fate === FATE_REJECTED) this.reasons.set(place, reasonOf(range.reason))
    }
    return true
  }
}

function failed(answer: Fields, countsForGiveUp: boolean): Failed {
  return { kind: 'failed', countsForGiveUp, ...reasonAndWait(answer) }
}

function reasonAndWait(answer: Fields): { reason: string; afterMs: number } {
  const afterMs = answer['afterMs']
  return {
    reason: reasonOf(answer['reason']),
    afterMs: typeof afterMs === 'number' ? retryAfterMs(afterMs) : 0,
  }
}

function nonsense(what: string): Failed {
  const reason = `BUG: the output's answer makes no sense: ${what}`
  return { kind: 'failed', reason, afterMs: 0, countsForGiveUp: true }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
