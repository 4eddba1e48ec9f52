/**
 * Runs one output for the network for a test: reads its options from YAML, starts it, gives it
 * chunks. At the end it checks what every such output must do.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import type { Batch } from '../../src/pipeline/batch.ts'
import { systemClock } from '../../src/pipeline/clock.ts'
import type { ChunkedOutput, ChunkedOutputDefinition } from '../../src/pipeline/component.ts'
import type { Chunk, ChunkAnswer } from '../../src/pipeline/delivery/chunk.ts'
import { until } from '../support/wait.ts'
import { CountedTimers, metricValue, testContext, type ManualTime } from './context.ts'
import { validConfig } from './valid-config.ts'

const STOP_LIMIT_MS = 10_000

export interface RunChunkedOutputOptions {
  /** Time moved by hand, in place of real time. */
  readonly time?: ManualTime
}

/** Starts an output; `yaml` holds its options, without its type. */
export async function runChunkedOutput<Schema extends TSchema>(
  definition: ChunkedOutputDefinition<Schema>,
  yaml: string,
  options: RunChunkedOutputOptions = {},
): Promise<ChunkedOutputRun> {
  const config = validConfig(definition, yaml)
  const folder = await mkdtemp(join(tmpdir(), 'logboom-output-'))
  const run = new ChunkedOutputRun(definition, config, { ...options, folder })
  try {
    await run.output.start()
    return run
  } catch (error) {
    await run[Symbol.asyncDispose]()
    throw error
  }
}

/** A chunk of whole batches of one buffer; their sequences count from `sequence`. */
export function chunkOf(batches: readonly Batch[], sequence = 0, buffer = 'buffer'): Chunk {
  return {
    batches: batches.map((batch, index) => ({
      ...batch,
      ...{ buffer, sequence: sequence + index, firstEvent: 0 },
    })),
    events: batches.reduce((sum, { count }) => sum + count, 0),
    bytes: batches.reduce((sum, { entries }) => sum + entries.length, 0),
    ...{ id: `${buffer}-${sequence}`, key: null },
    attempts: 0,
    firstTriedAt: null,
  }
}

export class ChunkedOutputRun implements AsyncDisposable {
  readonly output: ChunkedOutput
  /** Its data folder; removed at the end. */
  readonly folder: string
  readonly context: ReturnType<typeof testContext>
  readonly #definition: ChunkedOutputDefinition
  readonly #config: object
  readonly #timers: { readonly pending: number }

  constructor(
    definition: ChunkedOutputDefinition,
    config: object,
    { folder, time }: RunChunkedOutputOptions & { readonly folder: string },
  ) {
    const timers = time ?? new CountedTimers()
    this.folder = folder
    this.context = testContext({ dataDir: folder, clock: time ?? systemClock, timers })
    this.#definition = definition
    this.#config = config
    this.#timers = timers
    this.output = definition.create(config, this.context)
  }

  get log() {
    return this.context.logger
  }

  metric(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return metricValue(this.context.registry, name, labels)
  }

  /** Without a signal, it is waited for as long as the test runs. */
  deliver(chunk: Chunk, signal = new AbortController().signal): Promise<ChunkAnswer> {
    return this.output.deliverChunk(chunk, signal)
  }

  stop(limitMs = STOP_LIMIT_MS): Promise<void> {
    return this.output.stop(AbortSignal.timeout(limitMs))
  }

  /** Stops the output and checks what holds for every output. */
  async stopAndCheckCompliance(): Promise<void> {
    const unstarted = this.#definition.create(this.#config, this.context)
    await unstarted.stop(AbortSignal.timeout(STOP_LIMIT_MS))
    await this.stop()
    await this.stop()
    assert.equal(this.#timers.pending, 0, 'timers are left after stop')
    await until('no connection is left after stop', () => (this.metric('connections') ?? 0) === 0)
    const late = await this.deliver(chunkOf([{ tag: 'late', entries: new Uint8Array(), count: 0 }]))
    assert.equal(late.kind, 'retry', 'a chunk was taken after stop')
    await this[Symbol.asyncDispose]()
  }

  /** Ends everything at once, for a test that failed half-way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.output.stop(AbortSignal.abort())
    await rm(this.folder, { recursive: true, force: true })
  }
}
