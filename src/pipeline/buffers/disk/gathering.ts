/** Batches that came while a write was under way: the next write takes them, as one group. */
import type { Batch, Outcome } from '../../batch.ts'
import type { FrameBatch } from './frame.ts'

const GROUP_BYTES_MAX = 4 * 1024 * 1024
/** Of the buffer: it is full once it holds too much, so a group may go beyond its bound. */
const GROUP_SHARE = 1 / 8

export interface Group {
  readonly batches: readonly FrameBatch[]
  /** Of their entries. */
  readonly bytes: number
  /** Settles the promises of all of them, which are one. */
  answer(outcome: Outcome): void
}

class OpenGroup implements Group {
  readonly batches: FrameBatch[] = []
  readonly settled = Promise.withResolvers<Outcome>()
  bytes = 0

  answer(outcome: Outcome): void {
    this.settled.resolve(outcome)
  }
}

export class Gathering {
  /** A group that long is one; what comes behind it is for the next write. */
  readonly #groupBytes: number
  #groups: OpenGroup[] = []

  constructor(bufferMaxBytes: number) {
    this.#groupBytes = Math.min(GROUP_BYTES_MAX, bufferMaxBytes * GROUP_SHARE)
  }

  add({ tag, entries, count }: Batch, arrivedAt: number): Promise<Outcome> {
    const last = this.#groups.at(-1)
    const group = last && last.bytes < this.#groupBytes ? last : new OpenGroup()
    if (group !== last) this.#groups.push(group)
    group.batches.push({ tag, entries, count, arrivedAt })
    group.bytes += entries.length
    return group.settled.promise
  }

  /** The oldest, which nothing is added to any more. */
  next(): Group | undefined {
    return this.#groups.shift()
  }

  /** Answers `retry` to all that is left. */
  giveUp(): void {
    for (const group of this.#groups) group.answer('retry')
    this.#groups = []
  }
}
