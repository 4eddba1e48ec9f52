/** Runs one scenario: starts everything, lets it do harm under load, ends in order, and judges. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../bench/traffic/random.ts'
import { freePort } from '../../test/support/free-port.ts'
import { until } from '../../test/support/wait.ts'
import { ChunkSender } from './chunk-sender.ts'
import { ClientSender } from './client-sender.ts'
import { Collector } from './collector.ts'
import type { Totals } from './ledger.ts'
import type { Sender } from './load.ts'
import type { Places, Scenario, World } from './scenario.ts'
import { judge, type Result } from './verdict.ts'

const FINISH_MS = 180_000
/** Longer than any wait between two attempts of an output in the scenarios. */
const STILL_MS = 700

export interface RunOptions {
  readonly seed: number
  readonly kills: number
  readonly minutes: number
  /** What is started; another build shows that the scenarios find its faults. */
  readonly program: string
  /** Whether to keep the folder of a run without faults. */
  readonly isKept: boolean
}

export interface Outcome {
  readonly result: Result
  /** The folder, if it was kept. */
  readonly folder: string | undefined
}

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), `logboom-chaos-${scenario.name}-`))
  const places = {
    forward: await freePort(),
    http: await freePort(),
    peer: await freePort(),
    folder,
  }
  const run = new Run(scenario, options, places)
  const result = await run.toEnd()
  if (result.faults.length > 0 || options.isKept) return { result, folder }
  await rm(folder, { recursive: true, force: true })
  return { result, folder: undefined }
}

class Run implements World {
  readonly random: Random
  readonly places: Places
  readonly collector: Collector
  readonly kills: number
  readonly senders: readonly Sender[]
  readonly #scenario: Scenario
  readonly #options: RunOptions
  readonly #collectors: Collector[]
  readonly #undo: (() => Promise<void>)[] = []
  readonly #faults: string[] = []
  readonly #startedAt = performance.now()
  #disturbances = 0
  #mayRepeat = 0

  constructor(scenario: Scenario, options: RunOptions, places: Places) {
    this.random = new Random(options.seed)
    this.places = places
    this.kills = options.kills
    this.#scenario = scenario
    this.#options = options
    this.senders = scenario.senders?.(places) ?? sendersTo(places.forward)
    const env = scenario.env?.(places) ?? {}
    this.collector = this.#collectorOf('logboom', places.http, scenario.config(places), env)
    this.#collectors = [this.collector]
  }

  async toEnd(): Promise<Result> {
    let finals: (Totals | undefined)[] = []
    try {
      finals = await this.#underLoad()
    } catch (error) {
      this.fault(error instanceof Error ? String(error.stack) : String(error))
    } finally {
      for (const sender of this.senders) sender.abandon()
      for (const collector of this.#collectors) await collector.kill()
    }
    // Before anything is unmounted.
    const result = await this.#judge(finals)
    for (const undo of this.#undo.reverse()) await undo()
    return result
  }

  goesOn(round: number): boolean {
    if (round < this.kills / 10) return true
    return performance.now() - this.#startedAt < this.#options.minutes * 60_000
  }

  pause(leastMs: number, mostMs: number): Promise<void> {
    return sleep(leastMs + this.random.below(mostMs - leastMs + 1))
  }

  acknowledged(): number {
    return this.senders.reduce((all, sender) => all + sender.acknowledged, 0)
  }

  async untilAcknowledged(more: number): Promise<void> {
    const enough = this.acknowledged() + more
    await until(`${more} more are acknowledged`, () => this.acknowledged() >= enough, FINISH_MS)
  }

  async untilHeldBack(): Promise<void> {
    let [before, since] = [this.acknowledged(), performance.now()]
    const isStill = () => {
      const now = this.acknowledged()
      if (now !== before) [before, since] = [now, performance.now()]
      return performance.now() - since > STILL_MS
    }
    await until('the senders are held back', isStill, FINISH_MS)
  }

  disturbed(): void {
    this.#disturbances += 1
  }

  mayRepeat(events: number): void {
    this.#mayRepeat += events
  }

  fault(message: string): void {
    this.#faults.push(message)
  }

  later(undo: () => Promise<void>): void {
    this.#undo.push(undo)
  }

  async another(name: string, httpPort: number, config: string): Promise<Collector> {
    const collector = this.#collectorOf(name, httpPort, config, {})
    this.#collectors.push(collector)
    await collector.start()
    return collector
  }

  async #underLoad(): Promise<(Totals | undefined)[]> {
    await this.#scenario.prepare?.(this)
    await this.collector.start()
    const sending = Promise.all(this.senders.map((sender) => sender.run()))
    await Promise.race([this.#scenario.disturb(this), sending])
    for (const sender of this.senders) sender.finish()
    await inTime('everything is acknowledged', sending)
    await this.#scenario.repair?.(this)
    const finals: (Totals | undefined)[] = []
    for (const collector of this.#collectors) {
      const isDelivered = async () => (await collector.totals())?.in_flight === 0
      await until('everything is delivered', isDelivered, FINISH_MS)
      await collector.noteRepeated()
      finals.push(await collector.stop())
    }
    return finals
  }

  #judge(finals: readonly (Totals | undefined)[]): Promise<Result> {
    return judge({
      scenario: this.#scenario.name,
      seed: this.#options.seed,
      folder: this.places.folder,
      copies: this.#scenario.copies ?? [['logs']],
      senders: this.senders,
      collectors: this.#collectors,
      finals,
      disturbances: this.#disturbances,
      mayRepeat: this.#mayRepeat,
      isOrdered: this.#scenario.unordered === undefined,
      orderScope: this.#scenario.orderScope ?? 'sender',
      seconds: (performance.now() - this.#startedAt) / 1000,
      faults: this.#faults,
    })
  }

  #collectorOf(name: string, httpPort: number, config: string, env: NodeJS.ProcessEnv): Collector {
    const { program } = this.#options
    return new Collector({ program, folder: this.places.folder, name, httpPort, config, env })
  }
}

/** Little enough for a machine that has other work: it is about moments, not about load. */
function sendersTo(port: number): Sender[] {
  const common = { port, paddingBytes: 100 }
  const packed = { ...common, mode: 'packed', chunkEvents: 20, window: 10 } as const
  return [
    new ChunkSender({ ...packed, name: 'packed-1', eventsPerSecond: 3000 }),
    new ChunkSender({ ...packed, name: 'packed-2', eventsPerSecond: 1000, chunkEvents: 7 }),
    new ChunkSender({
      ...common,
      name: 'single',
      mode: 'message',
      chunkEvents: 1,
      eventsPerSecond: 500,
      window: 1,
    }),
    new ChunkSender({
      ...common,
      name: 'several',
      mode: 'message',
      chunkEvents: 1,
      eventsPerSecond: 500,
      window: 50,
    }),
    new ClientSender({ port, name: 'client', window: 10, pauseMs: 50 }),
  ]
}

async function inTime(what: string, promise: Promise<unknown>): Promise<void> {
  const gaveUp = new AbortController()
  const late = sleep(FINISH_MS, undefined, { signal: gaveUp.signal }).then(() => {
    throw new Error(`waited ${FINISH_MS} ms in vain until ${what}`)
  })
  late.catch(() => undefined)
  try {
    await Promise.race([promise, late])
  } finally {
    gaveUp.abort()
  }
}
