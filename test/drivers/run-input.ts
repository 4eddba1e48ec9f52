/**
 * Runs one input for a test: reads its options from YAML, starts it, keeps what it delivers, and
 * answers with the outcomes the test chooses. At the end it checks what every input must do.
 */
import assert from 'node:assert/strict'
import type { TSchema } from 'typebox'
import { SocketPool } from '../../src/listening/pool.ts'
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import { systemClock } from '../../src/pipeline/clock.ts'
import type { Input, InputContext, InputDefinition } from '../../src/pipeline/component.ts'
import { decodeEntries, type DecodedEntry } from '../support/entries.ts'
import { until } from '../support/wait.ts'
import {
  CountedTimers,
  metricValue,
  testContext,
  type ManualTime,
  type TestComponentContext,
} from './context.ts'
import { Peer } from './peer.ts'
import { validConfig } from './valid-config.ts'

export interface RunInputOptions {
  /** Answers of the first deliveries, in their order; then `delivered`. */
  readonly outcomes?: readonly Outcome[]
  /** Answers wait until `release` or `answer` gives them. */
  readonly hold?: boolean
  /** Time moved by hand, in place of real time. */
  readonly time?: ManualTime
  /** `memory_max` of the process, in bytes. */
  readonly memoryMax?: number
  /** For what it keeps over restarts. */
  readonly dataDir?: string
}

export interface DeliveredBatch {
  readonly tag: string
  readonly count: number
  readonly bytes: number
  readonly entries: readonly DecodedEntry[]
  readonly origin: object | undefined
  /** Null as long as it waits for one. */
  outcome: Outcome | null
}

export interface Counted {
  readonly tag: string
  readonly count: number
  readonly reason: string
}

const STOP_LIMIT_MS = 10_000

/** Starts an input; `yaml` holds its options, without its type. */
export async function runInput<Schema extends TSchema>(
  definition: InputDefinition<Schema>,
  yaml: string,
  options: RunInputOptions = {},
): Promise<InputRun> {
  const run = new InputRun(definition, yaml, options)
  await run.start()
  return run
}

export class InputRun implements AsyncDisposable {
  readonly input: Input
  readonly batches: DeliveredBatch[] = []
  readonly dropped: Counted[] = []
  readonly lost: Counted[] = []
  readonly closedOrigins: object[] = []
  readonly #definition: InputDefinition
  readonly #config: object
  readonly #context: TestComponentContext
  readonly #sockets: SocketPool
  readonly #timers: { readonly pending: number }
  readonly #outcomes: Outcome[]
  readonly #peers: Peer[] = []
  readonly #held: ((outcome: Outcome) => void)[] = []
  readonly #handlesBefore = socketHandles()
  #hold: boolean
  #stopping = false

  constructor(definition: InputDefinition, yaml: string, options: RunInputOptions) {
    const timers = options.time ?? new CountedTimers()
    this.#definition = definition
    this.#config = validConfig(definition, yaml)
    const { time, memoryMax = Infinity, dataDir } = options
    this.#context = testContext({
      clock: time ?? systemClock,
      timers,
      memoryMax,
      ...(dataDir !== undefined && { dataDir }),
    })
    this.#sockets = new SocketPool({ logger: this.#context.logger })
    this.#timers = timers
    this.#outcomes = [...(options.outcomes ?? [])]
    this.#hold = options.hold ?? false
    this.input = definition.create(this.#config, this.#inputContext())
  }

  get log() {
    return this.#context.logger
  }

  /** All entries of all batches, in the order of their delivery. */
  get entries(): DecodedEntry[] {
    return this.batches.flatMap(({ entries }) => entries)
  }

  get records(): DecodedEntry['record'][] {
    return this.entries.map(({ record }) => record)
  }

  get tags(): string[] {
    return this.batches.map(({ tag }) => tag)
  }

  /** Deliveries that wait for their answer. */
  get heldCount(): number {
    return this.#held.length
  }

  metric(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return metricValue(this.#context.registry, name, labels)
  }

  start(): Promise<void> {
    return this.input.start()
  }

  /** A client of the listener with that index. */
  connect(index = 0): Promise<Peer> {
    return this.#keep(Peer.connect(this.address(index)))
  }

  connectTls(options: Parameters<typeof Peer.connectTls>[1], index = 0): Promise<Peer> {
    return this.#keep(Peer.connectTls(this.address(index), options))
  }

  address(index = 0): string {
    const address = this.input.addresses[index]
    assert.ok(address, `the input has no address ${index}`)
    return address
  }

  until(what: string, condition: () => unknown): Promise<unknown> {
    return until(what, condition)
  }

  untilRecords(count: number): Promise<unknown> {
    return until(`${count} records are delivered`, () => this.entries.length >= count)
  }

  /** Answers the held delivery with that index (of those still held). */
  answer(index: number, outcome: Outcome): void {
    const [resolve] = this.#held.splice(index, 1)
    assert.ok(resolve, `no delivery ${index} is held`)
    resolve(outcome)
  }

  /** Answers all held deliveries, and those to come, at once. */
  release(outcome: Outcome = 'delivered'): void {
    this.#hold = false
    for (const resolve of this.#held.splice(0)) resolve(outcome)
  }

  /** As a stop signal does; the deadline fires after `limitMs`. */
  stop(limitMs = STOP_LIMIT_MS): Promise<void> {
    this.#stopping = true
    return this.input.stop(AbortSignal.timeout(limitMs))
  }

  /** Stops the input and checks what holds for every input. */
  async stopAndCheckCompliance(): Promise<void> {
    const rival = await this.#failToStart()
    this.release()
    await this.stop()
    await this.stop()
    await rival.stop(AbortSignal.timeout(STOP_LIMIT_MS))
    for (const peer of this.#peers) peer.destroy()
    assert.equal(this.#timers.pending, 0, 'timers are left after stop')
    await until(
      'no socket is left after stop',
      () => socketHandles() <= this.#handlesBefore,
      STOP_LIMIT_MS,
    )
    assert.equal(this.metric('connections') ?? 0, 0, 'connections are left after stop')
    assert.equal(this.metric('in_flight_bytes') ?? 0, 0, 'bytes are in flight after stop')
    assert.equal(this.metric('memory_held_bytes') ?? 0, 0, 'memory is held after stop')
    const delivering = new Set(this.batches.map(({ origin }) => origin))
    delivering.delete(undefined)
    for (const origin of this.closedOrigins) delivering.delete(origin)
    assert.equal(delivering.size, 0, 'origins were not closed')
  }

  /** Ends everything at once, for a test that failed half-way. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.destroy()
    await this.input.stop(AbortSignal.abort())
  }

  /** Another instance on the same addresses; where that cannot be, one that is never started. */
  async #failToStart(): Promise<Input> {
    const { addresses } = this.input
    const claims = addresses.length > 0 && !this.#stopping
    const config = claims ? { ...this.#config, listen: addresses } : this.#config
    const rival = this.#definition.create(config, this.#inputContext())
    if (!claims) return rival
    const started = await rival.start().catch((error: Error) => error.message)
    if (started === undefined) await rival.stop(AbortSignal.abort())
    assert.match(started ?? 'started', /cannot listen on/)
    return rival
  }

  async #keep(connecting: Promise<Peer>): Promise<Peer> {
    const peer = await connecting
    this.#peers.push(peer)
    return peer
  }

  #inputContext(): InputContext {
    return {
      ...this.#context,
      sockets: this.#sockets,
      deliver: (batch) => this.#deliver(batch),
      drop: (tag, count, reason) => void this.dropped.push({ tag, count, reason }),
      lose: (tag, count, reason) => void this.lost.push({ tag, count, reason }),
      closed: (origin) => void this.closedOrigins.push(origin),
    }
  }

  #deliver({ tag, entries, count, origin }: Batch): Promise<Outcome> {
    const decoded = decodeEntries(entries.slice())
    assert.equal(decoded.length, count, 'the count of a batch is wrong')
    const batch = { tag, count, bytes: entries.length, entries: decoded, origin }
    const delivered: DeliveredBatch = { ...batch, outcome: null }
    this.batches.push(delivered)
    const answer = this.#hold
      ? new Promise<Outcome>((resolve) => this.#held.push(resolve))
      : Promise.resolve(this.#outcomes.shift() ?? 'delivered')
    return answer.then((outcome) => (delivered.outcome = outcome))
  }
}

function socketHandles(): number {
  const kinds = new Set(['TCPServerWrap', 'TCPSocketWrap', 'TLSWrap', 'UDPWrap', 'PipeServerWrap'])
  return process.getActiveResourcesInfo().filter((kind) => kinds.has(kind)).length
}
