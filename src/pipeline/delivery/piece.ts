/**
 * Batches while the engine has them, whole or cut into runs of events. Cutting copies no bytes. A
 * piece keeps no view of its entries: the store may move them (see `StoredBatch`).
 */
import { entryEnd } from '../../codecs/record.ts'
import type { BatchLimit, StoredBatch } from '../buffers/batch-store.ts'
import type { ChunkBatch } from './chunk.ts'
import type { ChunkKey } from './keys/chunk-key.ts'

/** A stored batch and what became of its events so far. */
export class HeldBatch {
  readonly stored: StoredBatch
  /** Monotonic milliseconds from which it is sent without waiting for others. */
  readonly dueAtMs: number
  delivered = 0
  /** Safe as dead letters. */
  rejected = 0

  constructor(stored: StoredBatch, dueAtMs: number) {
    this.stored = stored
    this.dueAtMs = dueAtMs
  }

  get isSettled(): boolean {
    return this.delivered + this.rejected === this.stored.count
  }
}

/** Events of a batch, by their places and by where their entries are. */
export interface Span {
  readonly first: number
  readonly count: number
  readonly start: number
  readonly end: number
}

export class Piece implements ChunkBatch {
  readonly held: HeldBatch
  readonly tag: string
  readonly count: number
  readonly firstEvent: number
  /** Of all its events; null where chunks have no keys. */
  readonly key: ChunkKey | null
  /** Those of one lane are delivered in order: those of one tag and key. */
  readonly lane: string
  /** Where in the entries of the batch its own are. */
  readonly #start: number
  readonly #end: number

  constructor(held: HeldBatch, { first, count, start, end }: Span, key: ChunkKey | null) {
    const { tag } = held.stored
    this.held = held
    this.tag = tag
    this.count = count
    this.firstEvent = first
    this.key = key
    this.lane = key === null ? tag : `${key.id} ${tag}`
    this.#start = start
    this.#end = end
  }

  static whole(held: HeldBatch, key: ChunkKey | null = null): Piece {
    const { count, entries } = held.stored
    return new Piece(held, { first: 0, count, start: 0, end: entries.length }, key)
  }

  get entries(): Uint8Array {
    const { entries } = this.held.stored
    const [start, end] = [this.#start, this.#end]
    return end - start === entries.length ? entries : entries.subarray(start, end)
  }

  get buffer(): string {
    return this.held.stored.buffer
  }

  get sequence(): number {
    return this.held.stored.sequence
  }

  /** Some of its events; the span counts from its own first event, and bytes in `entries`. */
  part({ first, count, start, end }: Span): Piece {
    const base = this.#start
    const span = { first: this.firstEvent + first, count, start: base + start, end: base + end }
    return new Piece(this.held, span, this.key)
  }

  /** The first `count` of its events, and the others. */
  cut(count: number): [Piece, Piece] {
    const { entries } = this
    let offset = 0
    for (let event = 0; event < count; event++) offset = entryEnd(entries, offset)
    return this.#cutAt(count, offset)
  }

  /** Cuts off what is within the limit, but at least one event; the rest is null if all is. */
  cutToFit({ bytes, events }: BatchLimit): [Piece, Piece | null] {
    const { entries } = this
    if (entries.length <= bytes && this.count <= events) return [this, null]
    let offset = 0
    let count = 0
    while (count < Math.min(events, this.count)) {
      const end = entryEnd(entries, offset)
      if (end > bytes && count > 0) break
      offset = end
      count++
    }
    return count === this.count ? [this, null] : this.#cutAt(count, offset)
  }

  #cutAt(count: number, offset: number): [Piece, Piece] {
    const end = this.#end - this.#start
    const rest = this.part({ first: count, count: this.count - count, start: offset, end })
    return [this.part({ first: 0, count, start: 0, end: offset }), rest]
  }
}

/** Two halves of some pieces, of events as many each, in order. At least two events. */
export function halve(pieces: readonly Piece[], events: number): [Piece[], Piece[]] {
  const halves: [Piece[], Piece[]] = [[], []]
  let left = Math.ceil(events / 2)
  for (const piece of pieces) {
    if (left >= piece.count) halves[0].push(piece)
    else if (left <= 0) halves[1].push(piece)
    else {
      const [head, tail] = piece.cut(left)
      halves[0].push(head)
      halves[1].push(tail)
    }
    left -= piece.count
  }
  return halves
}
