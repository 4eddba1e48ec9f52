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

const STORE_ID = 'model'

export interface ModelStoreParts {
  readonly oracle: Oracle
  readonly random: SeededRandom
  readonly time: VirtualTime
  readonly timers: OwnTimers
  readonly lookAhead: BatchLimit
}

/** What is in it, over all runs. */
export class ModelStore {
  bytes = 0
  events = 0
  nextSequence = 0
  isCalm = false
  readonly parts: ModelStoreParts
  readonly unfinished = new Map<number, StoredBatch>()
  #run: RunStore | null = null

  constructor(parts: ModelStoreParts) {
    this.parts = parts
  }

  /** Handed out in this run and not finished. */
  get heldBytes(): number {
    return this.#run?.heldBytes ?? 0
  }

  get heldEvents(): number {
    return this.#run?.heldEvents ?? 0
  }

  /** As a new engine sees it: all that is not finished is to be handed out again. */
  reopen(run: Run): RunStore {
    this.#run = new RunStore(this, run)
    return this.#run
  }

  append({ tag, entries, count }: Batch): void {
    const sequence = this.nextSequence++
    const place = { buffer: STORE_ID, isRead: true, sequence, arrivedAt: this.parts.time.now() }
    const stored = { ...place, tag, entries, count }
    this.unfinished.set(sequence, stored)
    this.bytes += entries.length
    this.events += count
    this.#run?.add(stored)
  }
}

class RunStore implements BatchStore {
  readonly isDurable = true
  readonly oldestAt = null
  readonly problem = null
  readonly lostEvents = 0
  onAvailable: () => void = () => undefined
  onDamaged: () => void = () => undefined
  heldBytes = 0
  heldEvents = 0
  /** Of the batch that was finished last. */
  outcome: Outcome | null = null
  readonly #store: ModelStore
  readonly #run: Run
  readonly #waiting: StoredBatch[]
  #isTaking = false

  constructor(store: ModelStore, run: Run) {
    this.#store = store
    this.#run = run
    this.#waiting = [...store.unfinished.values()]
  }

  get bytes(): number {
    return this.#store.bytes
  }

  get events(): number {
    return this.#store.events
  }

  get nextSequence(): number {
    return this.#store.nextSequence
  }

  add(stored: StoredBatch): void {
    this.#waiting.push(stored)
    if (!this.#run.isKilled) this.onAvailable()
  }

  append(): Promise<Outcome> {
    throw new Error('BUG: not by the engine')
  }

  take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const { parts, isCalm } = this.#store
    const { oracle, random, timers } = parts
    oracle.watch(() => this.#checkTake(limit))
    if (isCalm || random.chance(0.6)) return Promise.resolve(this.#take(limit))
    const { promise, resolve } = Promise.withResolvers<readonly StoredBatch[]>()
    this.#isTaking = true
    timers.after(random.whole(0, 20), () => {
      this.#isTaking = false
      if (!this.#run.isKilled) resolve(random.chance(0.1) ? [] : this.#take(limit))
    })
    return promise
  }

  finish({ sequence, entries, count }: StoredBatch, outcome: Outcome): void {
    this.#store.parts.oracle.watch(() => this.#checkFinish(sequence))
    this.#store.unfinished.delete(sequence)
    this.#store.bytes -= entries.length
    this.#store.events -= count
    this.heldBytes -= entries.length
    this.heldEvents -= count
    this.outcome = outcome
    // The memory goes to somebody else.
    entries.fill(0xff)
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  #checkTake(limit: BatchLimit): void {
    const { lookAhead } = this.#store.parts
    assert.ok(!this.#run.isStopping, 'took a batch after the stop')
    assert.ok(!this.#isTaking, 'took twice at a time')
    assert.ok(this.heldBytes < lookAhead.bytes && this.heldEvents < lookAhead.events, 'look-ahead')
    assert.ok(limit.bytes > 0 && limit.events > 0, 'a limit of nothing')
  }

  #checkFinish(sequence: number): void {
    assert.ok(!this.#run.isOver, 'finished by a dead engine')
    assert.ok(this.#store.unfinished.has(sequence), `batch ${sequence} is not there`)
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
