/** A store on a simulated disk, over several lives, and what must be true of it. */
import assert from 'node:assert/strict'
import type { StoredBatch } from '../../../../../src/pipeline/buffers/batch-store.ts'
import { DiskStore, type Fsync } from '../../../../../src/pipeline/buffers/disk/disk-store.ts'
import { KeptLog } from '../../../../drivers/context.ts'
import { SeededRandom } from '../../../delivery/simulation/random.ts'
import { ManualTimers } from './manual-timers.ts'
import { SimulatedDisk, type SimulatedProcess } from './simulated-disk.ts'

const FOLDER = '/data/buffers/out'
const NEVER = new AbortController().signal
const ALL = { bytes: 1e9, events: 1e9 }
const DRAINED_WITHIN = 2000

interface Appended {
  readonly index: number
  readonly count: number
  /** Whether it may not get lost. */
  isOwed: boolean
  isFinished: boolean
}

type Ending = 'stop' | 'late-stop' | 'kill' | 'power-cut'

export class World {
  readonly random: SeededRandom
  readonly disk: SimulatedDisk
  readonly log = new KeptLog()
  readonly #fsync: Fsync
  readonly #isDamaging: boolean
  readonly #faults: number
  readonly #segmentBytes: number
  readonly #recentBytes: number
  readonly #isCompressed: boolean
  readonly #maxBytes: number
  readonly #appended: Appended[] = []
  /** Which batch has a number, by id of the store and sequence. */
  readonly #numbers = new Map<string, number>()
  #store!: DiskStore
  #timers = new ManualTimers()
  #process!: SimulatedProcess
  #out: StoredBatch[] = []
  #unsettled = 0
  #lastTaken = -1
  #isTaking = false
  /** Nothing that was written got lost, not even what was never answered. */
  #isWhole: boolean
  /** Batches before this one may get lost. */
  #forgiven = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    const { random } = this
    this.disk = new SimulatedDisk(random)
    this.#fsync = random.pick(['always', 'always', { everyMs: 50 }, 'never'] as const)
    this.#isDamaging = random.chance(0.2)
    this.#faults = random.pick([0, 0.05, 0.3])
    this.#isWhole = this.#faults === 0
    this.#segmentBytes = random.pick([100, 400, 1500])
    this.#recentBytes = random.pick([0, 300, 1e9])
    this.#maxBytes = random.pick([300, 2000, 1e6])
    this.#isCompressed = random.chance(0.5)
  }

  async run(): Promise<void> {
    for (let lives = this.random.whole(1, 5); lives > 0; lives--) await this.#live()
    await this.#drain()
  }

  async #live(): Promise<void> {
    const { random } = this
    await this.#start()
    this.disk.faults = random.chance(0.7) ? this.#faults : 0
    for (let steps = random.whole(0, 40); steps > 0; steps--) {
      await this.#step()
      this.#check()
    }
    await this.#end(random.pick(['stop', 'late-stop', 'kill', 'power-cut']))
  }

  async #start(mayDie = true): Promise<void> {
    this.disk.faults = 0
    this.#process = this.disk.enter()
    this.#timers = new ManualTimers()
    this.#out = []
    this.#unsettled = 0
    this.#lastTaken = -1
    this.#isTaking = false
    this.#store = new DiskStore({
      ...{ folder: FOLDER, fsync: this.#fsync, maxBytes: this.#maxBytes },
      // Another one in each life.
      compression: this.random.pick(this.#isCompressed ? ['zstd', 'gzip', null] : [null]),
      ...{ segmentBytes: this.#segmentBytes, recentBytes: this.#recentBytes },
      ...{ access: this.#process, timers: this.#timers },
      clock: { now: () => 0, monotonic: () => 0 },
      logger: this.log,
    })
    if (mayDie && this.random.chance(0.1)) return this.#dieAtStart()
    await this.#store.start()
    this.#check()
  }

  /** And begin again. */
  async #dieAtStart(): Promise<void> {
    void this.#store.start()
    await this.#turns(this.random.whole(0, 30))
    this.#kill(this.random.chance(0.5))
    await this.#start()
  }

  async #step(): Promise<void> {
    const { random } = this
    const kind = random.whole(0, 9)
    if (kind < 4) this.#append()
    else if (kind < 6) void this.#take(random.pick([{ bytes: 40, events: 3 }, ALL]))
    else if (kind === 6) this.#finishSome()
    else if (kind === 7) this.#timers.fireAny(random)
    else if (kind === 8) await this.#turns(random.whole(1, 30))
    else if (this.#isDamaging && random.chance(0.2)) this.#damage()
  }

  #append(): void {
    const index = this.#appended.length
    const count = this.random.whole(1, 3)
    const appended = { index, count, isOwed: false, isFinished: false }
    this.#appended.push(appended)
    const padding = this.#isCompressed ? this.random.pick([60, 3000]) : 60
    const text = `${index}:${'x'.repeat(this.random.whole(0, padding))}`
    const process = this.#process
    this.#unsettled++
    void this.#store
      .append({ tag: `t${index}`, entries: Buffer.from(text), count })
      .then((answer) => {
        if (process.isDead) return
        assert.ok(answer === 'delivered' || answer === 'retry')
        if (answer === 'delivered') appended.isOwed = index >= this.#forgiven
        if (process === this.#process) this.#unsettled--
      })
  }

  async #take(limit: { bytes: number; events: number }): Promise<number> {
    if (this.#isTaking) return 0
    this.#isTaking = true
    const process = this.#process
    const taken = await this.#store.take(limit)
    if (process !== this.#process || process.isDead) return 0
    this.#isTaking = false
    for (const batch of taken) this.#checkTaken(batch)
    this.#out.push(...taken)
    return taken.length
  }

  #checkTaken(batch: StoredBatch): void {
    const text = Buffer.from(batch.entries).toString()
    const index = Number.parseInt(text, 10)
    const appended = this.#appended[index]
    assert.ok(appended && batch.tag === `t${index}`, `never appended: ${text}`)
    assert.equal(batch.count, appended.count)
    assert.ok(index > this.#lastTaken, `batch ${index} after ${this.#lastTaken}`)
    this.#lastTaken = index
    const number = `${this.#store.id}/${batch.sequence}`
    assert.equal(this.#numbers.get(number) ?? index, index, `two batches are ${number}`)
    this.#numbers.set(number, index)
  }

  #finishSome(): void {
    const isAll = this.random.chance(0.3)
    this.#out = this.#out.filter((batch) => {
      if (!isAll && this.random.chance(0.5)) return true
      this.#finish(batch)
      return false
    })
  }

  #finish(batch: StoredBatch): void {
    this.#appended[Number(batch.tag.slice(1))]!.isFinished = true
    this.#store.finish(batch)
  }

  #damage(): void {
    const folder = this.disk.folder(FOLDER)
    const names = [...folder.names.keys()].filter((name) => name !== 'quarantine')
    if (names.length === 0) return
    const found = folder.names.get(this.random.pick(names))!
    if (!('bytes' in found) || found.bytes.length === 0) return
    found.damage(this.random)
    this.#forgive()
  }

  /** What is in the store now may get lost, and what is just being written. */
  #forgive(): void {
    this.#isWhole = false
    this.#forgiven = this.#appended.length
    for (const appended of this.#appended) appended.isOwed = false
  }

  async #end(ending: Ending): Promise<void> {
    if (ending === 'kill' || ending === 'power-cut') return this.#kill(ending === 'power-cut')
    const deadline = new AbortController()
    if (ending === 'late-stop') {
      if (this.random.chance(0.5)) deadline.abort()
      else void this.#turns(this.random.whole(0, 20)).then(() => deadline.abort())
    }
    // One that waits for a full disk ends by itself when it is stopped.
    await this.#store.stop(deadline.signal)
    await this.#turns(1)
    assert.equal(this.#unsettled, 0, 'a stop leaves nobody without an answer')
    this.#check()
    if (ending === 'stop' && !this.#isTaking)
      assert.equal(this.#process.openFiles, 0, 'files are left open')
    if (this.random.chance(0.5)) this.#kill(this.random.chance(0.3))
  }

  #kill(isPowerCut: boolean): void {
    this.#process.kill()
    if (!isPowerCut) return
    this.disk.losePower()
    if (this.#fsync !== 'always') this.#forgive()
  }

  #check(): void {
    const { bytes, events } = this.#store
    assert.ok(bytes >= 0 && Number.isSafeInteger(bytes), `${bytes} bytes`)
    assert.ok(events >= 0 && Number.isSafeInteger(events), `${events} events`)
  }

  /** A last life without faults, in which all must come. */
  async #drain(): Promise<void> {
    await this.#start()
    this.#append()
    for (let round = 0; ; round++) {
      assert.ok(round < DRAINED_WITHIN, 'it does not end')
      const count = await this.#take(ALL)
      if (count === 0 && this.#unsettled === 0) break
      if (this.random.chance(0.5)) this.#finishSome()
      this.#timers.fireAll()
      await this.#turns(2)
    }
    const held = this.#out.reduce((sum, { count }) => sum + count, 0)
    assert.equal(this.#store.events, held, 'events that are out')
    for (const batch of this.#out) this.#finish(batch)
    assert.deepEqual([this.#store.bytes, this.#store.events], [0, 0])
    const missing = this.#appended.filter(({ isOwed, isFinished }) => isOwed && !isFinished)
    assert.deepEqual(missing, [], 'lost')
    await this.#store.stop(NEVER)
    assert.equal(this.#process.openFiles, 0, 'files are left open')
    await this.#reopenEmpty()
  }

  async #reopenEmpty(): Promise<void> {
    await this.#start(false)
    assert.equal(await this.#take(ALL), 0, 'what was finished came again after a stop')
    await this.#store.stop(NEVER)
    const left = [...this.disk.folder(FOLDER).names.keys()]
    const segments = left.filter((name) => name.endsWith('.segment'))
    assert.deepEqual(segments, [])
    const gone = this.log.messages('error').filter((message) => message.includes('is gone'))
    if (this.#isWhole) assert.deepEqual(gone, [], 'said to be gone')
  }

  async #turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
  }
}
