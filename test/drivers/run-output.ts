/**
 * Runs one output for a test: reads its options from YAML, gives it a folder of its own, starts
 * it and hands it batches. At the end it checks what every output must do.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import { systemClock } from '../../src/pipeline/clock.ts'
import type { Output, OutputDefinition } from '../../src/pipeline/component.ts'
import { batchOf } from '../support/entries.ts'
import {
  CountedTimers,
  metricValue,
  testContext,
  type ManualTime,
  type TestComponentContext,
} from './context.ts'
import { validConfig } from './valid-config.ts'

export interface RunOutputOptions {
  /** Time moved by hand, in place of real time. */
  readonly time?: ManualTime
}

const STOP_LIMIT_MS = 10_000

/** Starts an output; `yaml` holds its options, without its type. `<folder>` is the run's folder. */
export async function runOutput<Schema extends TSchema>(
  definition: OutputDefinition<Schema>,
  yaml = '',
  options: RunOutputOptions = {},
): Promise<OutputRun> {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-output-'))
  const erased = definition as unknown as OutputDefinition
  try {
    const config = validConfig(erased, yaml.replaceAll('<folder>', folder))
    const run = new OutputRun(erased, config, { ...options, folder })
    await run.output.start()
    return run
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

export class OutputRun implements AsyncDisposable {
  readonly output: Output
  /** Removed at the end. */
  readonly folder: string
  readonly #definition: OutputDefinition
  readonly #config: object
  readonly #context: TestComponentContext
  readonly #timers: { readonly pending: number }

  constructor(
    definition: OutputDefinition,
    config: object,
    { folder, time }: RunOutputOptions & { readonly folder: string },
  ) {
    const timers = time ?? new CountedTimers()
    this.folder = folder
    this.#definition = definition
    this.#config = config
    this.#context = testContext({ dataDir: folder, clock: time ?? systemClock, timers })
    this.#timers = timers
    this.output = definition.create(config, this.#context)
  }

  get log() {
    return this.#context.logger
  }

  metric(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return metricValue(this.#context.registry, name, labels)
  }

  deliver(tag: string, ...records: object[]): Promise<Outcome> {
    return this.output.deliver(batchOf(tag, ...records))
  }

  deliverBatch(batch: Batch): Promise<Outcome> {
    return this.output.deliver(batch)
  }

  /** As a stop signal does; the deadline fires after `limitMs`. */
  stop(limitMs = STOP_LIMIT_MS): Promise<void> {
    return this.output.stop(AbortSignal.timeout(limitMs))
  }

  /** Stops the output and checks what holds for every output. */
  async stopAndCheckCompliance(): Promise<void> {
    // Another instance that never got to start, as after the failed start of a neighbour.
    const unstarted = this.#definition.create(this.#config, this.#context)
    await unstarted.stop(AbortSignal.timeout(STOP_LIMIT_MS))
    await this.stop()
    await this.stop()
    assert.equal(this.#timers.pending, 0, 'timers are left after stop')
    await this[Symbol.asyncDispose]()
  }

  /** Ends everything at once, for a test that failed half-way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.output.stop(AbortSignal.abort())
    await rm(this.folder, { recursive: true, force: true })
  }
}
