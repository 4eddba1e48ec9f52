/** Does with a chunk what its output's answer says: the rules of retry, poison and giving up. */
import type { Clock } from '../clock.ts'
import { isGivenUp, nextDelayMs, type Random } from './backoff.ts'
import type { DeadLetter } from './dead-letter.ts'
import { type Layer, layersOf } from './layers.ts'
import { type History, type Job, Letter, Parcel } from './parcel.ts'
import type { Piece } from './piece.ts'
import type { DeliverySettings } from './settings.ts'
import { sortByFate, type Verdict } from './verdict.ts'

/** An attempt that was answered. */
export interface Answered {
  readonly job: Job
  readonly parcel: Parcel
  /** Milliseconds since 1970, and monotonic ones. */
  readonly sentAt: number
  readonly sentAtMs: number
  readonly verdict: Verdict
}

export interface SettlerOptions {
  readonly settings: DeliverySettings
  readonly clock: Clock
  readonly random: Random
  readonly onDelivered: (piece: Piece) => void
  readonly onRetried: (piece: Piece) => void
  readonly onDead: (letters: readonly Letter[]) => void
}

type Fate = Pick<DeadLetter, 'cause' | 'reason'>
type Failed = Pick<Extract<Verdict, { kind: 'failed' }>, 'reason' | 'afterMs' | 'countsForGiveUp'>

export class Settler {
  readonly #options: SettlerOptions

  constructor(options: SettlerOptions) {
    this.#options = options
  }

  /** Takes the parcel off its job, and puts on what of it is to be sent again. */
  settle(answered: Answered): void {
    const { job, parcel, verdict } = answered
    job.parcels.pop()
    switch (verdict.kind) {
      case 'delivered':
        return this.#deliver(parcel.batches)
      case 'failed':
        return this.#retry(answered, parcel.batches, verdict)
      case 'rejected':
        return this.#bisect(answered, parcel.batches, verdict.reason)
      case 'mixed':
        return this.#settleMixed(answered, verdict)
    }
  }

  #settleMixed(answered: Answered, verdict: Extract<Verdict, { kind: 'mixed' }>): void {
    const { delivered, again, rejected } = sortByFate(answered.parcel.batches, verdict)
    const { reason, afterMs } = verdict
    this.#deliver(delivered)
    for (const { piece, reason } of rejected)
      this.#bury(answered, [piece], { cause: 'rejected', reason })
    const layers = layersOf(again)
    const isIsolated = layers.reduce(countSuspected, 0) === 1
    // The last parcel goes first.
    for (const { pieces, isSuspected } of layers.reverse()) {
      if (!isSuspected) this.#retry(answered, pieces, { reason, afterMs, countsForGiveUp: true })
      else if (isIsolated) this.#bury(answered, pieces, { cause: 'rejected', reason })
      else this.#divide(answered, pieces, reason)
    }
  }

  #deliver(pieces: readonly Piece[]): void {
    for (const piece of pieces) this.#options.onDelivered(piece)
  }

  #retry(answered: Answered, pieces: readonly Piece[], failed: Failed): void {
    const { settings, clock, random } = this.#options
    const nowMs = clock.monotonic()
    const history = failedHistory(answered, failed)
    const { failures, failingSinceMs } = history
    const ageMs = failingSinceMs === null ? 0 : nowMs - failingSinceMs
    if (failed.countsForGiveUp && isGivenUp(settings.giveUpAfter, { failures, ageMs })) {
      this.#bury(answered, pieces, { cause: 'given_up', reason: failed.reason })
      return
    }
    const delayMs = nextDelayMs(history.delayMs, settings.backoff, random)
    const readyAtMs = nowMs + Math.max(delayMs, failed.afterMs)
    answered.job.parcels.push(new Parcel(pieces, { ...history, delayMs }, readyAtMs))
    for (const piece of pieces) this.#options.onRetried(piece)
  }

  /** One of these events is poison. */
  #bisect(answered: Answered, pieces: readonly Piece[], reason: string): void {
    if (answered.parcel.events === 1) this.#bury(answered, pieces, { cause: 'rejected', reason })
    else this.#divide(answered, pieces, reason)
  }

  /** One that is suspected along with others is sent alone: it need not be the poison. */
  #divide(answered: Answered, pieces: readonly Piece[], reason: string): void {
    const parcel = new Parcel(pieces, triedHistory(answered, reason))
    if (parcel.events === 1) {
      answered.job.parcels.push(parcel)
      return
    }
    const [first, second] = parcel.halves()
    answered.job.parcels.push(second, first)
  }

  #bury(answered: Answered, pieces: readonly Piece[], fate: Fate): void {
    const history = triedHistory(answered, fate.reason)
    this.#options.onDead(pieces.map((piece) => new Letter(piece, fate, history, answered.sentAt)))
  }
}

function countSuspected(sum: number, { isSuspected, pieces }: Layer): number {
  return isSuspected ? pieces.reduce((all, { count }) => all + count, sum) : sum
}

function triedHistory({ parcel: { history }, sentAt }: Answered, reason: string): History {
  return {
    ...history,
    attempts: history.attempts + 1,
    firstTriedAt: history.firstTriedAt ?? sentAt,
    firstReason: history.firstReason ?? reason,
  }
}

function failedHistory(answered: Answered, { reason, countsForGiveUp }: Failed): History {
  const history = triedHistory(answered, reason)
  // While the output holds, the time for giving up does not run.
  if (!countsForGiveUp) return { ...history, failingSinceMs: null }
  return {
    ...history,
    failures: history.failures + 1,
    failingSinceMs: history.failingSinceMs ?? answered.sentAtMs,
  }
}
