/**
 * A configuration at work: built into an assembly, started, exchanged for the next by a reload,
 * stopped. Data flows input → pipeline → output, so what receives is started first and stopped
 * last. What it shows of itself: view.ts.
 */
import { join } from 'node:path'
import { assemble, type Assembly, type Surroundings } from './assembly.ts'
import type { Changes } from './changes.ts'
import { CollectorState } from './view.ts'
import type { Config, Registry } from '../config/model.ts'
import { sizeInBytes } from '../config/units.ts'
import { DataFolder } from './data-folder.ts'
import { boundsOf, createDeadLetters, createDeadLetterStore } from './dead-letters.ts'
import { Changeover } from './changeover.ts'
import { HttpService } from './http-service.ts'
import type { CollectorView, ComponentView } from '../http/view.ts'
import type { InheritedSockets } from '../listening/inherited.ts'
import { SocketPool } from '../listening/pool.ts'
import type { RootLogger } from '../log.ts'
import { LedgerHistory } from '../pipeline/ledger-history.ts'
import type { BufferState } from '../pipeline/buffers/output-buffer.ts'
import { systemClock, systemTimers } from '../pipeline/clock.ts'
import type { DeadLetters } from '../pipeline/dead-letters/dead-letters.ts'
import type { DeadLetterStore } from '../pipeline/dead-letters/store.ts'
import { fileAccess } from '../pipeline/files/file-access.ts'
import { Gate } from '../pipeline/gate.ts'
import { Ledger } from '../pipeline/ledger.ts'
import { MemoryBudget } from '../pipeline/memory-budget.ts'
import { MetricsRegistry } from '../pipeline/metrics.ts'
import { Taps } from '../pipeline/taps/taps.ts'
import { registry as builtIn } from '../registry.ts'
import type { AnyPart } from './parts.ts'
import { startInputs, startPipeline, StoppingError } from './transition.ts'

export interface CollectorOptions {
  readonly logger: RootLogger
  /** The file the configuration comes from, or null for the built-in one. */
  readonly configPath: string | null
  readonly registry?: Registry
  /** Listening sockets that the process was started with. */
  readonly inherited?: InheritedSockets | undefined
}

export interface Addresses {
  /** Where each input listens, with the real ports, by the input's name. */
  readonly inputs: Readonly<Record<string, readonly string[]>>
  /** Where the page is served, or null if it is not. */
  readonly http: string | null
}

export class Collector {
  /** For those who want to see what passes. */
  readonly taps = new Taps(systemClock)
  readonly #around: Surroundings
  readonly #sockets: SocketPool
  readonly #inherited: InheritedSockets | undefined
  readonly #state: CollectorState
  readonly #dataFolder: DataFolder
  readonly #deadLetterStore: DeadLetterStore
  readonly #deadLetters: DeadLetters
  readonly #history: LedgerHistory
  readonly #http: HttpService
  readonly #changeover: Changeover
  #assembly: Assembly
  #started: Promise<void> | null = null
  #reloaded: Promise<unknown> = Promise.resolve()
  #stopped: Promise<void> | null = null
  readonly #finished = Promise.withResolvers<string>()
  /** Aborted when a stop begins, and when its time is over. */
  readonly #stopping = new AbortController()
  readonly #overtime = new AbortController()

  /** Creates the components; nothing is opened yet. `config` must have been validated. */
  constructor(config: Config, options: CollectorOptions) {
    const { logger, configPath, registry = builtIn, inherited } = options
    this.#inherited = inherited
    this.#sockets = new SocketPool({ logger, inherited })
    const metrics = new MetricsRegistry()
    const memory = new MemoryBudget(sizeInBytes(config.memory_max), metrics.scope('', {}))
    const ledger = new Ledger()
    this.#dataFolder = new DataFolder(config.data_dir, logger)
    const files = this.#dataFolder.guard(fileAccess)
    this.#deadLetterStore = createDeadLetterStore(config, { logger, metrics, files })
    const deadLetters = (output: string) => this.#deadLetterStore.sinkFor(output)
    const [gate, sockets] = [new Gate(), this.#sockets]
    const { taps } = this
    this.#around = {
      registry,
      logger,
      metrics,
      memory,
      ledger,
      gate,
      sockets,
      files,
      deadLetters,
      taps,
    }
    this.#assembly = assemble(config, this.#around)
    this.#history = new LedgerHistory({
      path: join(config.data_dir, 'ledger.json'),
      files,
      ledger,
      bufferedOutputs: () => bufferedOnDisk(this.#assembly),
      logger,
      clock: systemClock,
      timers: systemTimers,
    })
    this.#deadLetters = createDeadLetters(this.#deadLetterStore, {
      ...this.#around,
      assembly: () => this.#assembly,
    })
    this.#state = new CollectorState({
      assembly: this.#assembly,
      configPath,
      registry,
      ledger,
      history: this.#history,
      metrics,
      dataFolder: this.#dataFolder,
      startedAt: systemClock.now(),
    })
    const httpLogger = logger.child({ component: 'http' })
    this.#http = new HttpService({ view: this.#state, logger: httpLogger })
    this.#changeover = new Changeover({
      around: this.#around,
      sockets: this.#sockets,
      http: this.#http,
      stopping: this.#stopping.signal,
      overtime: this.#overtime.signal,
      current: () => this.#assembly,
      committed: (to) => this.#committed(to),
      setProblem: (problem) => (this.#state.problem = problem),
    })
    this.#state.deadLetters = this.#deadLetters
    this.#state.taps = this.taps
  }

  /** The one that is at work. */
  get config(): Config {
    return this.#assembly.config
  }

  /** Inputs, filters and outputs, as they may be shown. */
  get components(): readonly ComponentView[] {
    return this.#state.components()
  }

  /** Empty before `start`. */
  get addresses(): Addresses {
    const { inputs } = this.#assembly
    const entries = inputs.map(({ name, component }) => [name, component.addresses] as const)
    return { inputs: Object.fromEntries(entries), http: this.#http.address }
  }

  /** Resolves with the name of an input that has come to its end: it is time to stop. */
  get finished(): Promise<string> {
    return this.#finished.promise
  }

  /** Lets whoever may see the page have the configuration read again. */
  offerReload(reload: NonNullable<CollectorView['reload']>): void {
    this.#state.reload = reload
  }

  /** Rejects when something cannot be opened; call `stop` then as well. */
  start(): Promise<void> {
    this.#started ??= this.#startInOrder()
    return this.#started
  }

  /**
   * Goes over to another configuration, which must have been validated. Rejects when that cannot
   * be done, and then the one before is at work again. `data_dir` must be the same. To be called
   * once at a time, after `start`.
   */
  reload(config: Config): Promise<Changes> {
    const changes = this.#changeOver(config)
    this.#reloaded = changes.catch(() => undefined)
    return changes
  }

  /** Takes in what has arrived, delivers it and closes everything; the second call waits too. */
  stop(deadline: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stopInOrder(deadline)
    return this.#stopped
  }

  /** Opens the files of the outputs again by name. */
  reopen(): void {
    for (const { component } of this.#assembly.outputs) component.reopen?.()
  }

  /** The folder first: nothing of another process's may be touched. */
  async #startInOrder(): Promise<void> {
    await this.#dataFolder.take()
    this.#dataFolder.watch(systemTimers)
    await this.#history.start()
    await this.#reportOrphans()
    await this.#deadLetterStore.start()
    await startPipeline(this.#assembly)
    this.#assembly.pipeline.takeOver()
    this.#watchEnds(this.#assembly)
    await startInputs(this.#assembly.inputs)
    this.#reportUnusedSockets()
    // Last: loading its packages takes longer than everything else together.
    await this.#http.start(this.config.http)
    this.#state.phase = 'running'
    this.#state.wasRunning = true
  }

  async #changeOver(config: Config): Promise<Changes> {
    if (this.#stopped) throw new StoppingError()
    const changes = await this.#changeover.to(config)
    await this.#reportOrphans()
    return changes
  }

  #reportUnusedSockets(): void {
    const sockets = this.#inherited?.unused ?? []
    if (sockets.length === 0) return
    const message =
      'nobody serves sockets that were passed to this process; expected an input that listens ' +
      'on each address, written the same way'
    this.#around.logger.warn({ sockets }, message)
  }

  #committed(to: Assembly): void {
    this.#assembly = to
    this.#state.assembly = to
    this.#watchEnds(to)
    this.#deadLetterStore.setBounds(boundsOf(to.config))
    this.#around.memory.resize(sizeInBytes(to.config.memory_max))
  }

  #watchEnds({ inputs }: Assembly): void {
    for (const { name, component } of inputs)
      void component.finished
        ?.then(() => this.#deliverRest(name))
        .then(() => this.#finished.resolve(name))
  }

  /** What an input that has ended has brought leaves filters and buffers, however long it takes. */
  async #deliverRest(input: string): Promise<void> {
    const endedAt = systemClock.now()
    for (const { component } of this.#assembly.filters) await component.flush?.()
    // Of the assembly at work: a reload may come meanwhile.
    const waiting = () =>
      this.#assembly.outputs.filter(({ buffer }) => buffer && isLeft(buffer.state, endedAt))
    const names = waiting().map(({ name }) => name)
    if (names.length === 0) return
    const message = 'an input has come to its end; waiting until all of it is delivered'
    this.#around.logger.info({ input, outputs: names }, message)
    while (waiting().length > 0 && !this.#stopping.signal.aborted)
      await new Promise<void>((resolve) => void systemTimers.after(LOOK_EVERY_MS, resolve))
  }

  async #stopInOrder(deadline: AbortSignal): Promise<void> {
    this.#state.phase = 'stopping'
    if (deadline.aborted) this.#overtime.abort()
    deadline.addEventListener('abort', () => this.#overtime.abort())
    this.#stopping.abort()
    // What is still being opened could not be closed; why a start failed is its caller's to say.
    await this.#started?.catch(() => undefined)
    await this.#reloaded
    const { inputs, pipeline, outputs } = this.#assembly
    for (const { buffer } of outputs) buffer?.prepareStop()
    await Promise.all([this.#deadLetters.stop(deadline), this.#stopAll(inputs, deadline)])
    await pipeline.stop(deadline)
    await this.#stopAll(outputs, deadline)
    await this.#deadLetters.close(deadline)
    await this.#http.close()
    await this.#history.stop()
    await this.#dataFolder.release()
    if (this.#state.wasRunning) this.#reportTotals()
  }

  async #reportOrphans(): Promise<void> {
    const { filters } = this.#assembly
    const folders = await this.#dataFolder.orphans('filters', new Set(filters.map(folderOf)))
    const known = new Set(this.#assembly.outputs.map(({ name }) => name))
    const buffers = await this.#dataFolder.orphans('buffers', known)
    this.#state.orphanBuffers = buffers
    for (const { name, path, bytes } of [...folders, ...buffers])
      this.#around.logger.warn({ name, path, bytes }, LEFT_ALONE)
  }

  /** One that fails does not keep the others from finishing. */
  async #stopAll(parts: readonly AnyPart[], deadline: AbortSignal) {
    const stops = parts.map(async ({ kind, name, component }) => {
      try {
        await component.stop(deadline)
      } catch (error) {
        this.#around.logger.error({ [kind]: name, error }, `cannot stop an ${kind} in order`)
      }
    })
    await Promise.all(stops)
  }

  #reportTotals(): void {
    const { ledger, logger } = this.#around
    const { total, balanced } = ledger.snapshot()
    logger.info({ ...total }, 'events in all')
    const left = total['in_flight'] ?? 0
    if (left > 0) logger.warn({ events: left }, 'events were still on their way at the end')
    if (!balanced) logger.error({ ...total }, 'BUG: the ledger does not balance')
  }
}

/** How often it is looked whether buffers have delivered what came before an input's end. */
const LOOK_EVERY_MS = 20

const LEFT_ALONE =
  'left alone what was kept for something that is not configured any more; put back what had ' +
  'this name, and it goes on with it'

/** Whether something waits that came before; null is the time of what was not read yet. */
function isLeft({ events, oldestAt }: BufferState, beforeMs: number): boolean {
  return events > 0 && (oldestAt ?? -Infinity) <= beforeMs
}

function folderOf({ folder }: { readonly folder: string }): string {
  return folder
}

/** Names of the outputs whose events outlive the process. */
function bufferedOnDisk({ outputs }: Assembly): string[] {
  return outputs.filter(({ buffer }) => buffer?.isOnDisk).map(({ name }) => name)
}
