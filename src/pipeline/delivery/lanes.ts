/**
 * What waits for its first attempt, a lane for each tag; where chunks have keys (keys/), these are
 * the lanes of one of them. A lane whose tag is on its way is busy: nothing is taken from it, so
 * nothing passes by what came before. The others take turns.
 */
import type { BatchLimit } from '../buffers/batch-store.ts'
import { Fifo } from './fifo.ts'
import type { Piece } from './piece.ts'

/** What the engine needs of what waits, with chunk keys or without. */
export interface Waiting {
  /** Chunk keys of which something may be taken; 0 without keys. */
  readonly open: number
  /** More of them than there may be. */
  readonly isCrowded: boolean
  /** Monotonic milliseconds from which the oldest that may be taken is to be sent. */
  readonly dueAtMs: number
  /** True if what may be taken fills a chunk. */
  fills(limit: BatchLimit): boolean
  add(piece: Piece): void
  /** Pieces of one chunk within the limit, but at least one event; empty if nothing may go. */
  take(limit: BatchLimit, nowMs: number): Piece[]
  /** The lane is not on its way any more. */
  release(lane: string): void
}

class Lane {
  readonly name: string
  readonly pieces = new Fifo<Piece>()
  bytes = 0
  events = 0
  isBusy = false

  constructor(name: string) {
    this.name = name
  }
}

/** A chunk as it is gathered. */
class Gathered {
  readonly pieces: Piece[] = []
  bytes = 0
  events = 0
  readonly #limit: BatchLimit

  constructor(limit: BatchLimit) {
    this.#limit = limit
  }

  /** What of the piece goes with it, and what stays. Only what is too much alone is cut. */
  fit(piece: Piece): [Piece | null, Piece | null] {
    if (this.pieces.length === 0) return piece.cutToFit(this.#limit)
    const bytes = this.bytes + piece.entries.length
    const events = this.events + piece.count
    const fits = bytes <= this.#limit.bytes && events <= this.#limit.events
    return fits ? [piece, null] : [null, piece]
  }

  add(piece: Piece): void {
    this.pieces.push(piece)
    this.bytes += piece.entries.length
    this.events += piece.count
  }
}

export class Lanes {
  readonly open = 0
  readonly isCrowded = false
  readonly #isOrdered: boolean
  readonly #lanes = new Map<string, Lane>()
  /** Those that are not busy and not empty, in the order of their turns. */
  readonly #ready = new Set<Lane>()
  #readyBytes = 0
  #readyEvents = 0
  #dueAtMs = Infinity

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered
  }

  get dueAtMs(): number {
    return this.#dueAtMs
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0
  }

  fills({ bytes, events }: BatchLimit): boolean {
    return this.#readyBytes >= bytes || this.#readyEvents >= events
  }

  add(piece: Piece): void {
    const lane = this.#obtain(piece.lane)
    lane.pieces.push(piece)
    lane.bytes += piece.entries.length
    lane.events += piece.count
    if (lane.isBusy) return
    this.#ready.add(lane)
    this.#readyBytes += piece.entries.length
    this.#readyEvents += piece.count
    this.#dueAtMs = Math.min(this.#dueAtMs, piece.held.dueAtMs)
  }

  take(limit: BatchLimit): Piece[] {
    const gathered = new Gathered(limit)
    for (const lane of this.#ready) {
      const count = gathered.pieces.length
      const isEmptied = this.#takeFrom(lane, gathered)
      if (gathered.pieces.length === count) break
      this.#ready.delete(lane)
      if (this.#isOrdered) this.#occupy(lane)
      else this.#putBack(lane)
      if (!isEmptied) break
    }
    this.#findDue()
    return gathered.pieces
  }

  release(name: string): void {
    const lane = this.#lanes.get(name)
    if (!lane?.isBusy) return
    lane.isBusy = false
    this.#readyBytes += lane.bytes
    this.#readyEvents += lane.events
    this.#putBack(lane)
    const dueAtMs = lane.pieces.first?.held.dueAtMs ?? Infinity
    this.#dueAtMs = Math.min(this.#dueAtMs, dueAtMs)
  }

  #obtain(name: string): Lane {
    const known = this.#lanes.get(name)
    if (known) return known
    const lane = new Lane(name)
    this.#lanes.set(name, lane)
    return lane
  }

  /** False if something is left that did not fit. */
  #takeFrom(lane: Lane, gathered: Gathered): boolean {
    for (let piece = lane.pieces.first; piece; piece = lane.pieces.first) {
      const [taken, left] = gathered.fit(piece)
      if (!taken) return false
      gathered.add(taken)
      lane.bytes -= taken.entries.length
      lane.events -= taken.count
      this.#readyBytes -= taken.entries.length
      this.#readyEvents -= taken.count
      if (left) {
        lane.pieces.replaceFirst(left)
        return false
      }
      lane.pieces.shift()
    }
    return true
  }

  /** What is left in it has to wait. */
  #occupy(lane: Lane): void {
    lane.isBusy = true
    this.#readyBytes -= lane.bytes
    this.#readyEvents -= lane.events
  }

  #putBack(lane: Lane): void {
    if (lane.pieces.length > 0) this.#ready.add(lane)
    else this.#lanes.delete(lane.name)
  }

  #findDue(): void {
    this.#dueAtMs = Infinity
    for (const { pieces } of this.#ready)
      this.#dueAtMs = Math.min(this.#dueAtMs, pieces.first?.held.dueAtMs ?? Infinity)
  }
}
