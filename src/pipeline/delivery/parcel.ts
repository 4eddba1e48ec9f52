/** What is sent in one piece, with its history, and the lanes that wait for it. */
import { createHash } from 'node:crypto'
import type { Chunk } from './chunk.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { ChunkKey } from './keys/chunk-key.ts'
import { halve, type Piece } from './piece.ts'

/** What is known of the attempts so far; a part of a parcel starts with that of the whole. */
export interface History {
  readonly attempts: number
  /** Those that count for `give_up_after`. */
  readonly failures: number
  /** The last wait between two attempts. */
  readonly delayMs: number
  readonly firstTriedAt: number | null
  /** Monotonic; when the first of the failures that count was sent, or null. */
  readonly failingSinceMs: number | null
  readonly firstReason: string | null
}

export const UNTRIED: History = {
  attempts: 0,
  failures: 0,
  delayMs: 0,
  firstTriedAt: null,
  failingSinceMs: null,
  firstReason: null,
}

/** As many as those of Fluentd have. */
const ID_DIGITS = 32

export class Parcel implements Chunk {
  readonly batches: readonly Piece[]
  readonly events: number
  readonly bytes: number
  readonly history: History
  /** Monotonic milliseconds. */
  readonly readyAtMs: number

  constructor(batches: readonly Piece[], history: History = UNTRIED, readyAtMs = -Infinity) {
    this.batches = batches
    this.history = history
    this.readyAtMs = readyAtMs
    let events = 0
    let bytes = 0
    for (const piece of batches) {
      events += piece.count
      bytes += piece.entries.length
    }
    this.events = events
    this.bytes = bytes
  }

  get key(): ChunkKey | null {
    return this.batches[0]?.key ?? null
  }

  get id(): string {
    const hash = createHash('sha256')
    for (const { buffer, sequence, firstEvent, count } of this.batches)
      hash.update(`${buffer} ${sequence} ${firstEvent} ${count}\n`)
    return hash.digest('hex').slice(0, ID_DIGITS)
  }

  get attempts(): number {
    return this.history.attempts
  }

  get firstTriedAt(): number | null {
    return this.history.firstTriedAt
  }

  halves(): [Parcel, Parcel] {
    const [first, second] = halve(this.batches, this.events)
    return [new Parcel(first, this.history), new Parcel(second, this.history)]
  }
}

/**
 * A chunk from its first attempt until nothing of it is left to send. Its parcels go one after the
 * other, so that those of one lane stay in order.
 */
export class Job {
  /** The last one is the next to be sent. */
  readonly parcels: Parcel[]
  /** That are on their way with it. */
  lanes: Set<string>

  constructor(parcel: Parcel) {
    this.parcels = [parcel]
    this.lanes = lanesOf(this.parcels)
  }

  get next(): Parcel | undefined {
    return this.parcels.at(-1)
  }

  /** Of what is sent next. */
  get failures(): number {
    return this.next?.history.failures ?? 0
  }

  /** Monotonic milliseconds; Infinity if nothing is left. */
  get readyAtMs(): number {
    return this.next?.readyAtMs ?? Infinity
  }

  /** Lanes that nothing is left of; they may go with another job now. */
  dropLanes(): string[] {
    if (this.parcels.length === 0) return [...this.lanes]
    const left = lanesOf(this.parcels)
    const gone = [...this.lanes].filter((lane) => !left.has(lane))
    this.lanes = left
    return gone
  }
}

/** A piece that goes to the dead letters. */
export class Letter implements DeadLetter {
  readonly piece: Piece
  readonly cause: DeadLetter['cause']
  readonly reason: string
  readonly firstReason: string
  readonly attempts: number
  readonly firstTriedAt: number
  readonly lastTriedAt: number

  constructor(
    piece: Piece,
    { cause, reason }: Pick<DeadLetter, 'cause' | 'reason'>,
    history: History,
    now: number,
  ) {
    this.piece = piece
    this.cause = cause
    this.reason = reason
    this.firstReason = history.firstReason ?? reason
    this.attempts = history.attempts
    this.firstTriedAt = history.firstTriedAt ?? now
    this.lastTriedAt = now
  }

  get tag(): string {
    return this.piece.tag
  }

  get entries(): Uint8Array {
    return this.piece.entries
  }

  get count(): number {
    return this.piece.count
  }

  get buffer(): string {
    return this.piece.buffer
  }

  get sequence(): number {
    return this.piece.sequence
  }

  get firstEvent(): number {
    return this.piece.firstEvent
  }
}

function lanesOf(parcels: readonly Parcel[]): Set<string> {
  const lanes = new Set<string>()
  for (const { batches } of parcels) for (const { lane } of batches) lanes.add(lane)
  return lanes
}
