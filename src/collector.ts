/**
 * Wires a validated configuration into inputs, pipeline and outputs, and takes them through start
 * and stop. Data flows input → pipeline → output, so what receives is started first and stopped
 * last. What it shows of itself: src/collector-view.ts.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CollectorState } from './collector-view.ts'
import type { Config, FilterStep, MatchStep, Registry } from './config/model.ts'
import { DataFolder } from './data-folder.ts'
import type { HttpServer } from './http/server.ts'
import type { RootLogger } from './log.ts'
import { systemClock, systemTimers } from './pipeline/clock.ts'
import type { ComponentContext, Input, Output } from './pipeline/component.ts'
import { Ledger } from './pipeline/ledger.ts'
import { MetricsRegistry } from './pipeline/metrics.ts'
import { type FilterStep as PipelineFilter, Pipeline, type Step } from './pipeline/pipeline.ts'
import { compileTagPattern } from './pipeline/tag-pattern.ts'
import { registry as builtIn } from './registry.ts'

export interface CollectorOptions {
  readonly logger: RootLogger
  /** The file the configuration comes from, or null for the built-in one. */
  readonly configPath: string | null
  readonly registry?: Registry
}

export interface Addresses {
  /** Where each input listens, with the real ports, by the input's name. */
  readonly inputs: Readonly<Record<string, readonly string[]>>
  /** Where the page is served, or null if it is not. */
  readonly http: string | null
}

/** Characters of a filter's pattern in the name of its folder. */
const FOLDER_PATTERN_MAX = 64

type Kind = 'input' | 'filter' | 'output'

export class Collector {
  readonly #config: Config
  readonly #logger: RootLogger
  readonly #registry: Registry
  readonly #metrics = new MetricsRegistry()
  readonly #ledger = new Ledger()
  readonly #inputs = new Map<string, Input>()
  readonly #outputs = new Map<string, Output>()
  readonly #pipeline: Pipeline
  readonly #state: CollectorState
  readonly #dataFolder: DataFolder
  /** The filters of the configuration by the names they got. */
  readonly #filterNames = new Map<FilterStep, string>()
  /** Folders below `data_dir/filters` that filters were given. */
  readonly #stateFolders = new Set<string>()
  #http: HttpServer | null = null
  #started: Promise<void> | null = null
  #stopped: Promise<void> | null = null

  /** Creates the components; nothing is opened yet. `config` must have been validated. */
  constructor(config: Config, { logger, configPath, registry = builtIn }: CollectorOptions) {
    this.#config = config
    this.#logger = logger
    this.#registry = registry
    this.#dataFolder = new DataFolder(config.data_dir, logger)
    this.#createOutputs()
    this.#pipeline = this.#createPipeline()
    this.#createInputs()
    this.#state = new CollectorState({
      config,
      configPath,
      registry,
      filterNames: this.#filterNames,
      inputs: this.#inputs,
      filters: new Map(this.#pipeline.filters.map(({ name, filter }) => [name, filter])),
      outputs: this.#outputs,
      ledger: this.#ledger,
      metrics: this.#metrics,
      startedAt: systemClock.now(),
    })
  }

  /** Empty before `start`. */
  get addresses(): Addresses {
    const entries = [...this.#inputs].map(([name, input]) => [name, input.addresses] as const)
    return { inputs: Object.fromEntries(entries), http: this.#http?.address ?? null }
  }

  /** Rejects when something cannot be opened; call `stop` then as well. */
  start(): Promise<void> {
    this.#started ??= this.#startInOrder()
    return this.#started
  }

  /** Takes in what has arrived, delivers it and closes everything; the second call waits too. */
  stop(deadline: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stopInOrder(deadline)
    return this.#stopped
  }

  /** Opens the files of the outputs again by name. */
  reopen(): void {
    for (const output of this.#outputs.values()) output.reopen?.()
  }

  /** The folder first: nothing of another process's may be touched. */
  async #startInOrder(): Promise<void> {
    await this.#dataFolder.take()
    await this.#reportOrphans()
    for (const output of this.#outputs.values()) await output.start()
    await this.#pipeline.start()
    for (const input of this.#inputs.values()) await input.start()
    await this.#startHttp()
    this.#state.phase = 'running'
    this.#state.wasRunning = true
  }

  /** The page is served last: loading it takes longer than everything else together. */
  async #startHttp(): Promise<void> {
    const { enabled, listen } = this.#config.http
    if (!enabled) return
    const { startHttp } = await import('./http/server.ts')
    const logger = this.#logger.child({ component: 'http' })
    this.#http = await startHttp({ listen, view: this.#state, logger })
  }

  async #stopInOrder(deadline: AbortSignal): Promise<void> {
    this.#state.phase = 'stopping'
    // What is still being opened could not be closed; why a start failed is its caller's to say.
    await this.#started?.catch(() => undefined)
    await this.#stopAll('input', this.#inputs, deadline)
    await this.#pipeline.stop(deadline)
    await this.#stopAll('output', this.#outputs, deadline)
    await this.#http?.close()
    await this.#dataFolder.release()
    if (this.#state.wasRunning) this.#reportTotals()
  }

  async #reportOrphans(): Promise<void> {
    for (const path of await this.#dataFolder.orphans('filters', this.#stateFolders)) {
      const message = 'left alone what a filter kept that is not in the configuration any more'
      this.#logger.warn({ path }, message)
    }
  }

  /** One that fails does not keep the others from finishing. */
  async #stopAll(kind: Kind, components: Map<string, Input | Output>, deadline: AbortSignal) {
    const stops = [...components].map(async ([name, component]) => {
      try {
        await component.stop(deadline)
      } catch (error) {
        this.#logger.error({ [kind]: name, error }, `cannot stop an ${kind} in order`)
      }
    })
    await Promise.all(stops)
  }

  #reportTotals(): void {
    const { total, balanced } = this.#ledger.snapshot()
    this.#logger.info({ ...total }, 'events in all')
    const left = total['in_flight'] ?? 0
    if (left > 0) this.#logger.warn({ events: left }, 'events were still on their way at the end')
    if (!balanced) this.#logger.error({ ...total }, 'BUG: the ledger does not balance')
  }

  #createOutputs(): void {
    for (const [name, { type, options }] of Object.entries(this.#config.outputs)) {
      const definition = find(this.#registry.outputs, 'output', type)
      const context = this.#context('output', name, type)
      this.#outputs.set(name, definition.create(options, context))
    }
  }

  #createInputs(): void {
    for (const [name, { type, label, options }] of Object.entries(this.#config.inputs)) {
      const definition = find(this.#registry.inputs, 'input', type)
      const port = this.#pipeline.forInput(name, label)
      const context = { ...this.#context('input', name, type), ...port }
      this.#inputs.set(name, definition.create(options, context))
    }
  }

  #createPipeline(): Pipeline {
    const { pipeline, labels } = this.#config
    const toSteps = (steps: Config['pipeline']): Step[] =>
      steps.map((step) => ('match' in step ? this.#matchStep(step) : this.#filterStep(step)))
    return new Pipeline({
      steps: toSteps(pipeline),
      labels: Object.fromEntries(
        Object.entries(labels).map(([name, steps]) => [name, toSteps(steps)]),
      ),
      ledger: this.#ledger,
      logger: this.#logger.child({ component: 'pipeline' }),
    })
  }

  #matchStep({ match, to }: MatchStep): Step {
    const outputs = to.filter((name) => !name.startsWith('@'))
    return {
      kind: 'match',
      matches: compileTagPattern(match),
      outputs: outputs.map((name) => ({ name, output: this.#output(name) })),
      labels: to.filter((name) => name.startsWith('@')).map((name) => name.slice(1)),
    }
  }

  #filterStep(step: FilterStep): PipelineFilter {
    const definition = find(this.#registry.filters, 'filter', step.type)
    const name = this.#nameFilter(step)
    const folder = this.#filterFolder(step)
    const context = { ...this.#context('filter', name, step.type), dataDir: folder }
    return {
      kind: 'filter',
      matches: compileTagPattern(step.filter),
      name,
      create: (port) => definition.create(step.options, { ...context, ...port }),
    }
  }

  /** Filters have no names in the configuration: `join_parts`, `join_parts_2`, … */
  #nameFilter(step: FilterStep): string {
    const earlier = [...this.#filterNames.keys()].filter(({ type }) => type === step.type).length
    const name = earlier === 0 ? step.type : `${step.type}_${earlier + 1}`
    this.#filterNames.set(step, name)
    return name
  }

  /**
   * By pattern, not by position: what a filter keeps must not go to another by an edit. The name is
   * good for any file system, however long the pattern; what can be read of it is for people.
   */
  #filterFolder({ type, filter }: FilterStep): string {
    const hash = createHash('sha256').update(filter).digest('hex').slice(0, 12)
    const readable = filter.replaceAll(/[^\w.]+/g, '_').slice(0, FOLDER_PATTERN_MAX)
    const base = `${type}-${readable}-${hash}`
    let folder = base
    for (let count = 2; this.#stateFolders.has(folder); count++) folder = `${base}-${count}`
    this.#stateFolders.add(folder)
    return join(this.#config.data_dir, 'filters', folder)
  }

  #output(name: string): Output {
    const output = this.#outputs.get(name)
    if (!output) throw new Error(`BUG: no output ${name}; the loader should have said so`)
    return output
  }

  #context(kind: Kind, name: string, type: string): ComponentContext {
    return {
      name,
      dataDir: join(this.#config.data_dir, `${kind}s`, name),
      clock: systemClock,
      timers: systemTimers,
      logger: this.#logger.child({ [kind]: name }),
      metrics: this.#metrics.scope(`${kind}_`, { [kind]: name, type }),
    }
  }
}

function find<Definition extends { readonly type: string }>(
  definitions: readonly Definition[],
  kind: Kind,
  type: string,
): Definition {
  const definition = definitions.find((candidate) => candidate.type === type)
  if (!definition) throw new Error(`BUG: no ${kind} type ${type}; the loader should have said so`)
  return definition
}
