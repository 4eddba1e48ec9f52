/**
 * Runs one test of a configuration: the real pipeline and filters between inputs that open nothing
 * and outputs that keep what they get. Buffers are left out, since what they do is time and disk.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { assemble, type Assembly } from '../collector/assembly.ts'
import type { Config, Registry } from '../config/model.ts'
import { durationInMs, sizeInBytes } from '../config/units.ts'
import { SocketPool } from '../listening/pool.ts'
import type { RootLogger } from '../log.ts'
import type { Batch } from '../pipeline/batch.ts'
import { defineOutput, type InputContext } from '../pipeline/component.ts'
import { fileAccess } from '../pipeline/files/file-access.ts'
import { Gate } from '../pipeline/gate.ts'
import { Ledger } from '../pipeline/ledger.ts'
import { MemoryBudget } from '../pipeline/memory-budget.ts'
import { MetricsRegistry } from '../pipeline/metrics.ts'
import { startPipeline } from '../collector/transition.ts'
import { decodeEvents, DEFAULT_TIME, encodeEvent, type TrialEvent } from './event.ts'
import { ManualTime } from './manual-time.ts'
import type { Sent, Trial } from './trial-file.ts'

export interface TrialOptions {
  readonly config: Config
  readonly registry: Registry
  readonly logger: RootLogger
}

/** By output, in the order in which it got them. */
export type Outcome = ReadonlyMap<string, readonly TrialEvent[]>

const STOP_MS = 5000
/** Turns of the event loop that writes of filters to disk may take after time has passed. */
const TURNS = 50

/** Rejects if an input is named that is not there. */
export async function runTrial(trial: Trial, options: TrialOptions): Promise<Outcome> {
  const dataDir = await mkdtemp(join(tmpdir(), 'logboom-test-'))
  try {
    return await new Run(options, dataDir).run(trial)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

class Run {
  readonly #inputs = new Map<string, InputContext>()
  readonly #outcome = new Map<string, TrialEvent[]>()
  readonly #time = new ManualTime(Date.parse(DEFAULT_TIME))
  readonly #assembly: Assembly

  constructor({ config, registry, logger }: TrialOptions, dataDir: string) {
    const metrics = new MetricsRegistry()
    const outputs = Object.entries(config.outputs).map(([name, { type, options }]) => {
      this.#outcome.set(name, [])
      return [name, { type, options }] as const
    })
    const trialConfig = { ...config, data_dir: dataDir, outputs: Object.fromEntries(outputs) }
    this.#assembly = assemble(trialConfig, {
      registry: this.#standIns(registry),
      logger,
      metrics,
      memory: new MemoryBudget(sizeInBytes(config.memory_max), metrics.scope('', {})),
      ledger: new Ledger(),
      gate: new Gate(),
      sockets: new SocketPool({ logger, inherited: undefined }),
      files: fileAccess,
      deadLetters: () => ({ add: () => Promise.resolve() }),
      clock: this.#time,
      timers: this.#time,
    })
  }

  async run({ send }: Trial): Promise<Outcome> {
    const { filters, pipeline } = this.#assembly
    await startPipeline(this.#assembly)
    pipeline.takeOver()
    for (const sent of send) await this.#send(sent)
    for (const { component } of filters) await component.flush?.()
    await pipeline.stop(AbortSignal.timeout(STOP_MS))
    return this.#outcome
  }

  async #send({ input, tag, time = DEFAULT_TIME, record, wait }: Sent): Promise<void> {
    if (wait !== undefined) {
      this.#time.pass(durationInMs(wait))
      for (let turn = 0; turn < TURNS; turn++) await setImmediate()
      return
    }
    const name = input ?? [...this.#inputs.keys()][0]
    const context = name === undefined ? undefined : this.#inputs.get(name)
    if (!context) {
      const expected = [...this.#inputs.keys()].join(', ')
      throw new Error(`no input is named "${name}"; expected one of: ${expected}`)
    }
    await context.deliver({ tag: tag!, entries: encodeEvent(time, record), count: 1 })
  }

  #standIns(registry: Registry): Registry {
    const idle = { start: async () => {}, stop: async () => {} }
    return {
      inputs: registry.inputs.map((definition) => ({
        ...definition,
        create: (_options: unknown, context: InputContext) => {
          this.#inputs.set(context.name, context)
          return { ...idle, addresses: [] }
        },
      })),
      filters: registry.filters,
      outputs: registry.outputs.map(({ type, summary, configSchema }) =>
        defineOutput({
          type,
          summary,
          configSchema,
          create: (_options, { name }) => ({
            ...idle,
            problem: null,
            deliver: (batch) => this.#keep(name, batch),
          }),
        }),
      ),
    }
  }

  #keep(name: string, { tag, entries }: Batch): Promise<'delivered'> {
    this.#outcome.get(name)?.push(...decodeEvents(tag, entries))
    return Promise.resolve('delivered')
  }
}
