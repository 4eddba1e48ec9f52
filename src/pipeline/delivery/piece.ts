/**
 * Batches while the engine has them, whole or cut into runs of events. Cutting copies no bytes. A
 * piece keeps no view of its entries: the store may move them (see `StoredBatch`).
 */
import { entryEnd } from '../../codecs/record.ts'
import type { BatchLimit, StoredBatch } from '../buffers/batch-store.ts'
import type { ChunkBatch } from './chunk.ts'

/** A stored batch and what became of its events so far. */
export class HeldBatch {
  readonly stored: StoredBatch
  /** Id of the store. */
  readonly buffer: string
  /** Monotonic milliseconds from which it is sent without waiting for others. */
  readonly dueAtMs: number
  delivered = 0
  /** Safe as dead letters. */
  rejected = 0

  constructor(stored: StoredBatch, buffer: string, dueAtMs: number) {
    this.stored = stored
    this.buffer = buffer
    this.dueAtMs = dueAtMs
  }

  get isSettled(): boolean {
    return this.delivered + this.rejected === this.stored.count
  }
}

interface Range {
  readonly start: number
  readonly end: number
}

export class Piece implements ChunkBatch {
  readonly held: HeldBatch
  readonly tag: string
  readonly count: number
  readonly firstEvent: number

  /** Where in the entries of the batch its own are. */
  readonly #range: Range

  constructor(held: HeldBatch, firstEvent: number, count: number, range: Range) {
    this.held = held
    this.tag = held.stored.tag
    this.count = count
    this.firstEvent = firstEvent
    this.#range = range
  }

  static whole(held: HeldBatch): Piece {
    return new Piece(held, 0, held.stored.count, { start: 0, end: held.stored.entries.length })
  }

  get entries(): Uint8Array {
    const { entries } = this.held.stored
    const { start, end } = this.#range
    return end - start === entries.length ? entries : entries.subarray(start, end)
  }

  get buffer(): string {
    return this.held.buffer
  }

  get sequence(): number {
    return this.held.stored.sequence
  }

  /** Some of its events; `start` and `end` are byte offsets in `entries`. */
  part(first: number, count: number, start: number, end: number): Piece {
    const base = this.#range.start
    const range = { start: base + start, end: base + end }
    return new Piece(this.held, this.firstEvent + first, count, range)
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
    const { start, end } = this.#range
    const rest = this.part(count, this.count - count, offset, end - start)
    return [this.part(0, count, 0, offset), rest]
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
