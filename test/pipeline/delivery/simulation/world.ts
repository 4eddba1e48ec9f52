/**
 * One run of the simulation: an engine between a store, an output and a sink for dead letters that
 * all misbehave, batches that come at random, outages, clocks that jump, stops and kills. Then all
 * is calm, and everything must come to its end.
 */
import assert from 'node:assert/strict'
import { DeliveryEngine } from '../../../../src/pipeline/delivery/engine.ts'
import type { ChunkKeySettings } from '../../../../src/pipeline/delivery/keys/settings.ts'
import { TimeSlices } from '../../../../src/pipeline/delivery/keys/time-slices.ts'
import type { DeliverySettings, GiveUpAfter } from '../../../../src/pipeline/delivery/settings.ts'
import { KeptLog } from '../../../drivers/context.ts'
import { entriesWithIds } from './events.ts'
import { ModelDeadLetters } from './model-dead-letters.ts'
import { ModelOutput } from './model-output.ts'
import { ModelStore } from './model-store.ts'
import { ModelEvent, Oracle } from './oracle.ts'
import { SeededRandom } from './random.ts'
import type { Run } from './run.ts'
import { drain, OwnTimers, VirtualTime } from './virtual-time.ts'

const STEPS_MAX = 20_000
/** Milliseconds of trouble, and how long the rest may take once it is calm. */
const TROUBLE_MS = 2000
const CALM_MS = 60_000

export interface Totals {
  readonly events: number
  readonly attempts: number
  readonly duplicates: number
  readonly deadLetters: number
  readonly runs: number
  readonly steps: number
}

export class World {
  readonly #random: SeededRandom
  readonly #time: VirtualTime
  /** Of everything but the engine. */
  readonly #timers: OwnTimers
  readonly #settings: DeliverySettings
  readonly #oracle: Oracle
  readonly #store: ModelStore
  readonly #output: ModelOutput
  readonly #letters: ModelDeadLetters
  readonly #poisonRate: number
  #engine!: DeliveryEngine
  #run!: Run
  #runs = 0
  #nextId = 0
  #steps = 0
  #isCalm = false
  /** As the engine says. */
  #retried = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#time = new VirtualTime(this.#random)
    this.#timers = new OwnTimers(this.#time)
    this.#settings = randomSettings(this.#random)
    this.#oracle = new Oracle(this.#settings, () => this.#time.monotonic())
    const parts = { oracle: this.#oracle, random: this.#random, timers: this.#timers }
    const { lookAhead, timeoutMs } = this.#settings
    this.#store = new ModelStore({ ...parts, time: this.#time, lookAhead })
    this.#output = new ModelOutput({ ...parts, timeoutMs })
    this.#letters = new ModelDeadLetters(parts)
    this.#output.withoutTimeout = this.#random.chance(0.2)
    this.#output.faultRate = this.#random.pick([0, 0.1, 0.3, 0.8])
    this.#poisonRate = this.#random.pick([0, 0, 0.02, 0.2])
  }

  async play(): Promise<Totals> {
    this.#startEngine()
    this.#planBatches()
    this.#planTrouble()
    while (this.#time.monotonic() < TROUBLE_MS) if (!(await this.#step())) break
    this.#calmDown()
    while (this.#store.events > 0 || this.#run.isStopping) {
      assert.ok(this.#time.monotonic() < TROUBLE_MS + CALM_MS, 'does not come to an end')
      assert.ok(await this.#step(), 'nothing happens any more')
    }
    await drain()
    assert.equal(this.#run.timers.pending, 0, 'timers though nothing is left to do')
    await this.#end()
    return this.#totals()
  }

  async #step(): Promise<boolean> {
    assert.ok(++this.#steps < STEPS_MAX, 'too many steps')
    const isMore = await this.#time.step()
    if (this.#oracle.broken) throw this.#oracle.broken
    if (!this.#run.isStopping) this.#checkState()
    return isMore
  }

  #checkState(): void {
    const { state } = this.#engine
    assert.equal(state.chunksInFlight, this.#oracle.inFlight.size, 'chunks in flight')
    assert.equal(state.heldEvents, this.#store.heldEvents, 'held events')
    assert.equal(state.heldBytes, this.#store.heldBytes, 'held bytes')
    assert.equal(state.deadLettersWaiting, this.#oracle.countOf('dead'), 'dead letters waiting')
    assert.equal(this.#retried, this.#oracle.retried, 'retried events')
    assert.ok(this.#run.timers.pending <= 2 + this.#oracle.inFlight.size, 'too many timers')
  }

  #startEngine(): void {
    const run = {
      timers: new OwnTimers(this.#time),
      ...{ isStopping: false, isPastDeadline: false, isOver: false, isKilled: false },
    }
    this.#run = run
    this.#runs++
    this.#oracle.restart()
    const store = this.#store.reopen(run)
    this.#engine = new DeliveryEngine({
      store,
      output: this.#output.outputOf(run),
      deadLetters: this.#letters.sinkOf(run),
      settings: this.#settings,
      observer: {
        taken: () => undefined,
        finished: ({ sequence }, settled) => {
          const check = () => this.#checkFinished(sequence, settled, store.outcome)
          this.#oracle.watch(check)
        },
        retried: (_tag, events) => (this.#retried += events),
        closedEarly: () => this.#checkKeysOpen(),
      },
      clock: this.#time,
      timers: run.timers,
      random: this.#random.next,
      logger: new KeptLog(),
    })
    this.#engine.start()
  }

  /** Nothing is sent early but to make room. */
  #checkKeysOpen(): void {
    const { keys, lookAhead } = this.#settings
    const { heldBytes, heldEvents, keysOpen } = this.#engine.state
    const isFull = heldBytes >= lookAhead.bytes || heldEvents >= lookAhead.events
    this.#oracle.watch(() => assert.ok(isFull || keysOpen > keys!.openMax, 'closed early'))
  }

  #checkFinished(
    sequence: number,
    settled: { delivered: number; rejected: number },
    outcome: string | null,
  ): void {
    const { events } = this.#oracle.finish(sequence)
    const delivered = events.filter(({ state }) => state === 'taken').length
    assert.deepEqual(settled, { delivered, rejected: events.length - delivered })
    assert.equal(outcome, delivered > 0 ? 'delivered' : 'rejected')
  }

  #planBatches(): void {
    const count = this.#random.whole(1, 40)
    const tags = ['a', 'b', 'c', 'd'].slice(0, this.#random.whole(1, 4))
    const spreadMs = this.#random.pick([0, 100, TROUBLE_MS])
    for (let index = 0; index < count; index++) {
      const tag = this.#random.pick(tags)
      this.#timers.after(this.#random.whole(0, spreadMs), () => this.#append(tag))
    }
  }

  #append(tag: string): void {
    const count = this.#random.whole(1, this.#random.pick([1, 4, 12]))
    // Of few lengths at times, so that neighbours have one key.
    const paddingMax = this.#random.pick([2, 60])
    const paddings = Array.from({ length: count }, () => this.#random.whole(0, paddingMax))
    const entries = entriesWithIds(this.#nextId, paddings)
    const sequence = this.#store.nextSequence
    const events = paddings.map((padding, index) => {
      const isPoison = this.#random.chance(this.#poisonRate)
      return new ModelEvent({ id: this.#nextId++, tag, padding, sequence, index, isPoison })
    })
    this.#oracle.append({ tag, sequence, events, isFinished: false })
    this.#store.append({ tag, entries, count })
  }

  #planTrouble(): void {
    const random = this.#random
    const at = (callback: () => void) =>
      this.#timers.after(random.whole(0, TROUBLE_MS), () => {
        if (!this.#isCalm) callback()
      })
    for (let count = random.whole(0, 2); count > 0; count--) at(() => this.#goAway())
    for (let count = random.whole(0, 2); count > 0; count--) at(() => this.#restart())
    for (let count = random.whole(0, 1); count > 0; count--) at(() => this.#kill())
    for (let count = random.whole(0, 2); count > 0; count--)
      at(() => this.#time.jump(random.whole(-100_000, 100_000)))
  }

  #goAway(): void {
    this.#output.isAway = true
    this.#timers.after(this.#random.whole(50, 600), () => (this.#output.isAway = false))
  }

  #restart(): void {
    this.#stopAndStart().catch((error: Error) => (this.#oracle.broken ??= error))
  }

  async #stopAndStart(): Promise<void> {
    if (this.#run.isStopping) return
    await this.#stop(this.#random.whole(0, 150))
    this.#startEngine()
  }

  async #stop(deadlineMs: number): Promise<void> {
    const run = this.#run
    const deadline = new AbortController()
    const startedMs = this.#time.monotonic()
    const cancel = this.#timers.after(deadlineMs, () => {
      run.isPastDeadline = true
      deadline.abort()
    })
    const stopped = this.#engine.stop(deadline.signal)
    run.isStopping = true
    await stopped
    cancel()
    if (!run.isPastDeadline) {
      assert.equal(this.#oracle.inFlight.size, 0, 'stopped with chunks in flight')
      assert.ok(!this.#letters.isBusy, 'stopped while dead letters were written')
    }
    assert.ok(this.#time.monotonic() <= startedMs + deadlineMs, 'stopped after the deadline')
    assert.equal(run.timers.pending, 0, 'timers left behind by a stop')
    run.isOver = true
  }

  #kill(): void {
    if (this.#run.isStopping) return
    this.#run.isStopping = true
    this.#run.isOver = true
    this.#run.isKilled = true
    this.#run.timers.kill()
    this.#startEngine()
  }

  #calmDown(): void {
    this.#isCalm = true
    this.#output.isCalm = true
    this.#output.isAway = false
    this.#letters.isCalm = true
    this.#store.isCalm = true
  }

  async #end(): Promise<void> {
    let isStopped = false
    const stopped = this.#stop(0).finally(() => (isStopped = true))
    await drain()
    // The store may be slow to answer the last `take`; then the deadline ends the stop.
    while (!isStopped && (await this.#time.step()));
    await stopped
    while (await this.#time.step());
    if (this.#oracle.broken) throw this.#oracle.broken
    for (const event of this.#oracle.events.values()) checkFate(event)
    for (const { isFinished } of this.#oracle.batches.values()) assert.ok(isFinished)
  }

  #totals(): Totals {
    const events = [...this.#oracle.events.values()]
    const sum = (value: (event: ModelEvent) => number) =>
      events.reduce((sum, event) => sum + value(event), 0)
    return {
      events: events.length,
      attempts: this.#output.attempts,
      duplicates: sum(({ timesTaken }) => Math.max(0, timesTaken - 1)),
      deadLetters: sum(({ timesKept }) => timesKept),
      runs: this.#runs,
      steps: this.#steps,
    }
  }
}

/** Delivered or a dead letter, and more than once only for a reason. */
function checkFate(event: ModelEvent): void {
  const { id, isPoison, timesTaken, timesTakenUnseen, timesKept, timesKeptUnseen } = event
  assert.ok(timesTaken + timesKept >= 1, `event ${id} is lost`)
  if (isPoison) assert.equal(timesTaken, 0, `event ${id} cannot have been taken`)
  const seen = timesTaken - timesTakenUnseen + (timesKept - timesKeptUnseen)
  assert.equal(seen, 1, `event ${id} came to its end ${seen} times`)
}

function randomKeys(random: SeededRandom): ChunkKeySettings | null {
  if (random.chance(0.4)) return null
  const time = random.chance(0.6) ? new TimeSlices(3_600_000, { offsetAt: () => 0 }) : null
  return {
    byTag: random.chance(0.5),
    time,
    fields: time === null || random.chance(0.2) ? [['p']] : [],
    openMax: random.whole(1, 5),
  }
}

function randomSettings(random: SeededRandom): DeliverySettings {
  const chunk = {
    bytes: random.pick([1, 60, 200, 2000]),
    events: random.pick([1, 3, 8, 64]),
    ageMs: random.pick([0, 0, 5, 50]),
  }
  const concurrency = random.whole(1, 4)
  const chunks = random.whole(1, 2 * concurrency)
  const firstMs = random.pick([1, 10])
  return {
    chunk,
    keys: randomKeys(random),
    concurrency,
    gatherMs: random.pick([0, 0, 5, 50]),
    isOrdered: random.chance(0.8),
    lookAhead: { bytes: chunk.bytes * chunks, events: chunk.events * chunks },
    timeoutMs: random.whole(20, 200),
    backoff: { firstMs, maxMs: firstMs * random.pick([1, 5, 50]) },
    giveUpAfter: random.pick<GiveUpAfter>([
      { kind: 'forever' },
      { kind: 'count', failures: random.whole(1, 5) },
      { kind: 'duration', ms: random.pick([0, 50, 500]) },
    ]),
    breakerFailures: random.pick([1, 2, 5, 1000]),
  }
}
