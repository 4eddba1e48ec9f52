/** A store that survives restarts, as the one on disk, and is slow or fails to read at times. */
import assert from 'node:assert/strict'
import type { Batch, Outcome } from '../../../../src/pipeline/batch.ts'
import type {
  BatchLimit,
  BatchStore,
  StoredBatch,
} from '../../../../src/pipeline/buffers/batch-store.ts'
import type { Oracle } from './oracle.ts'
import type { SeededRandom } from './random.ts'
import type { Run } from './run.ts'
import type { OwnTimers, VirtualTime } from './virtual-time.ts'

export interface ModelStoreParts {
  readonly oracle: Oracle
  readonly random: SeededRandom
  readonly time: VirtualTime
  readonly timers: OwnTimers
  readonly lookAhead: BatchLimit
}

export class ModelStore implements BatchStore {
  bytes = 0
  events = 0
  readonly oldestAt = null
  readonly problem = null
  nextSequence = 0
  /** Handed out in this run and not finished. */
  heldBytes = 0
  heldEvents = 0
  isCalm = false
  /** What is left of a batch that was finished, by the oracle. */
  onFinished: (sequence: number, outcome: Outcome) => void = () => undefined
  readonly #parts: ModelStoreParts
  readonly #unfinished = new Map<number, StoredBatch>()
  #waiting: StoredBatch[] = []
  #run: Run | null = null
  #onAvailable: () => void = () => undefined

  constructor(parts: ModelStoreParts) {
    this.#parts = parts
  }

  set onAvailable(callback: () => void) {
    const run = this.#run
    this.#onAvailable = () => {
      if (run && !run.isOver) callback()
    }
  }

  get onAvailable(): () => void {
    return this.#onAvailable
  }

  /** All that is not finished is to be handed out again, to another engine. */
  reopen(run: Run): void {
    this.#run = run
    this.heldBytes = 0
    this.heldEvents = 0
    this.#waiting = [...this.#unfinished.values()]
  }

  append({ tag, entries, count }: Batch): Promise<Outcome> {
    const sequence = this.nextSequence++
    const arrivedAt = this.#parts.time.now()
    const stored = { tag, entries, count, sequence, arrivedAt }
    this.#unfinished.set(sequence, stored)
    this.#waiting.push(stored)
    this.bytes += entries.length
    this.events += count
    this.#onAvailable()
    return Promise.resolve('delivered')
  }

  take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const { oracle, random, timers } = this.#parts
    const run = this.#run!
    oracle.watch(() => this.#checkTake(limit, run))
    if (this.isCalm || random.chance(0.6)) return Promise.resolve(this.#take(limit))
    const { promise, resolve } = Promise.withResolvers<readonly StoredBatch[]>()
    timers.after(random.whole(0, 20), () => {
      if (!run.isOver) resolve(random.chance(0.1) ? [] : this.#take(limit))
    })
    return promise
  }

  finish({ sequence, entries, count }: StoredBatch, outcome: Outcome): void {
    this.#parts.oracle.watch(() => this.#checkFinish(sequence))
    this.#unfinished.delete(sequence)
    this.bytes -= entries.length
    this.events -= count
    this.heldBytes -= entries.length
    this.heldEvents -= count
    this.onFinished(sequence, outcome)
    // The memory goes to somebody else.
    entries.fill(0xff)
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  #checkTake(limit: BatchLimit, run: Run): void {
    const { lookAhead } = this.#parts
    assert.ok(!run.isStopping, 'took a batch after the stop')
    assert.ok(this.heldBytes < lookAhead.bytes && this.heldEvents < lookAhead.events, 'look-ahead')
    assert.ok(limit.bytes > 0 && limit.events > 0, 'a limit of nothing')
  }

  #checkFinish(sequence: number): void {
    assert.ok(!this.#run!.isOver, 'finished by a dead engine')
    assert.ok(this.#unfinished.has(sequence), `batch ${sequence} is not there`)
    assert.ok(!this.#waiting.some((batch) => batch.sequence === sequence), 'was not handed out')
  }

  #take({ bytes, events }: BatchLimit): StoredBatch[] {
    const taken: StoredBatch[] = []
    let [bytesLeft, eventsLeft] = [bytes, events]
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      bytesLeft -= next.entries.length
      eventsLeft -= next.count
      if (taken.length > 0 && (bytesLeft < 0 || eventsLeft < 0)) break
      this.#waiting.shift()
      this.heldBytes += next.entries.length
      this.heldEvents += next.count
      taken.push(next)
    }
    return taken
  }
}
