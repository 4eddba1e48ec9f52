/**
 * Runs one filter inside a real pipeline whose only output keeps what it gets. Time is moved by
 * hand; files go to a folder of their own.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { parse } from 'yaml'
import { validateConfig } from '../../src/config/validate.ts'
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import type { Filter, FilterDefinition, Output } from '../../src/pipeline/component.ts'
import { ConditionalFilter } from '../../src/pipeline/conditional-filter.ts'
import { compileCondition } from '../../src/pipeline/conditions/condition.ts'
import { Ledger } from '../../src/pipeline/ledger.ts'
import { type InputPort, Pipeline } from '../../src/pipeline/pipeline.ts'
import { type DecodedEntry, decodeEntries } from '../support/entries.ts'
import { type KeptLog, ManualTime, metricValue, testContext } from './context.ts'

export interface RunFilterOptions {
  /** A folder that outlives the run, for tests of restarts; without it the run has its own. */
  readonly dataDir?: string
  /** What the output answers, one after the other; then `delivered`. */
  readonly outcomes?: readonly Outcome[]
  /** Its step's `if`. */
  readonly condition?: string
}

export interface FilterRun {
  readonly filter: Filter
  /** What has come out, as batches and as entries. */
  readonly batches: readonly Batch[]
  readonly entries: readonly DecodedEntry[]
  readonly records: readonly DecodedEntry['record'][]
  readonly time: ManualTime
  readonly log: KeptLog
  readonly ledger: Ledger
  readonly input: InputPort
  readonly dataDir: string
  metric(name: string, labels?: Readonly<Record<string, string>>): number | undefined
  /** Moves the time on, then lets what that has started come to an end. */
  advance(milliseconds: number): Promise<void>
  /** Stops the filter and checks what every filter must keep to. */
  stop(deadline?: AbortSignal): Promise<void>
}

export async function runFilter(
  definition: FilterDefinition<TSchema>,
  yaml = '',
  options: RunFilterOptions = {},
): Promise<FilterRun> {
  const validation = validateConfig(definition.configSchema, (parse(yaml) as unknown) ?? {})
  assert.ok(!validation.problems, JSON.stringify(validation.problems))
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'logboom-filter-')))
  const time = new ManualTime()
  const context = testContext({ name: definition.type, dataDir, clock: time, timers: time })
  const output = new CollectingOutput(options.outcomes ?? [])
  const ledger = new Ledger()
  const pipeline = new Pipeline({
    steps: [
      {
        kind: 'filter',
        name: definition.type,
        matches: () => true,
        create: (port) => {
          const filter = definition.create(validation.value, { ...context, ...port })
          const { condition } = options
          return condition === undefined
            ? filter
            : new ConditionalFilter(filter, compileCondition(condition))
        },
      },
      { kind: 'match', matches: () => true, outputs: [{ name: 'kept', output }], labels: [] },
    ],
    labels: {},
    ledger,
    logger: context.logger,
  })
  await pipeline.start()
  const stop = async (deadline = AbortSignal.timeout(5000)) => {
    await pipeline.stop(deadline)
    await pipeline.stop(deadline)
    assert.equal(time.pending, 0, 'a filter must leave no timers')
    const held = metricValue(context.registry, 'memory_held_bytes')
    assert.equal(held ?? 0, 0, 'a filter must close its account of memory')
    assert.ok(ledger.snapshot().balanced, JSON.stringify(ledger.snapshot().total))
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true })
  }
  const entries = () => output.batches.flatMap((batch) => decodeEntries(batch.entries))
  return {
    filter: pipeline.filters[0]!.filter,
    batches: output.batches,
    get entries() {
      return entries()
    },
    get records() {
      return entries().map((entry) => entry.record)
    },
    time,
    log: context.logger,
    ledger,
    input: pipeline.forInput('test'),
    dataDir,
    metric: (name, labels) => metricValue(context.registry, name, labels),
    advance: async (milliseconds) => {
      time.advance(milliseconds)
      await new Promise((resolve) => setImmediate(resolve))
    },
    stop,
  }
}

/** Takes copies, since a batch is only good until its promise settles. */
class CollectingOutput implements Output {
  readonly problem = null
  readonly batches: Batch[] = []
  readonly #outcomes: Outcome[]

  constructor(outcomes: readonly Outcome[]) {
    this.#outcomes = [...outcomes]
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  deliver(batch: Batch): Promise<Outcome> {
    const outcome = this.#outcomes.shift() ?? 'delivered'
    if (outcome === 'delivered') {
      this.batches.push({ ...batch, entries: new Uint8Array(batch.entries) })
    }
    return Promise.resolve(outcome)
  }
}
