/**
 * What one configuration is built into: inputs, pipeline and outputs, created but not started. From
 * the assembly that runs it takes over every component whose configuration is the same.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { createBuffer } from './buffering.ts'
import type { BufferedConfig } from '../config/buffer-schema.ts'
import type {
  Config,
  FilterStep,
  InputConfig,
  MatchStep,
  OutputConfig,
  Registry,
} from '../config/model.ts'
import type { RootLogger } from '../log.ts'
import type { FilterPart, InputPart, Kind, OutputPart } from './parts.ts'
import type { OutputBuffer } from '../pipeline/buffers/output-buffer.ts'
import { type Clock, systemClock, systemTimers, type Timers } from '../pipeline/clock.ts'
import { newStoreId } from '../pipeline/buffers/store-id.ts'
import {
  type ChunkedOutput,
  type ComponentContext,
  DEAD_LETTER,
  type Filter,
  type Output,
} from '../pipeline/component.ts'
import { ConditionalFilter } from '../pipeline/conditional-filter.ts'
import { compileCondition } from '../pipeline/conditions/condition.ts'
import { FilterLetters } from '../pipeline/dead-letters/filter-letters.ts'
import type { DeadLetterSink } from '../pipeline/delivery/dead-letter.ts'
import { Secondary } from '../pipeline/delivery/secondary.ts'
import type { FileAccess } from '../pipeline/files/file-access.ts'
import type { FailedSink } from '../pipeline/failed-sink.ts'
import { FailurePort } from '../pipeline/failure-port.ts'
import type { FilterSink } from '../pipeline/filter-sink.ts'
import { type Gate, GatedPort } from '../pipeline/gate.ts'
import type { Ledger } from '../pipeline/ledger.ts'
import type { ListeningSockets } from '../pipeline/listening.ts'
import type { MemoryBudget } from '../pipeline/memory-budget.ts'
import type { MetricsRegistry } from '../pipeline/metrics.ts'
import {
  type FailureWay,
  type FilterStep as PipelineFilter,
  Pipeline,
  type Step,
} from '../pipeline/pipeline.ts'
import type { NamedOutput } from '../pipeline/sink.ts'
import type { Taps } from '../pipeline/taps/taps.ts'
import { compileTagPattern } from '../pipeline/tag-pattern.ts'

/** What outlives an assembly. */
export interface Surroundings {
  readonly registry: Registry
  readonly logger: RootLogger
  readonly metrics: MetricsRegistry
  readonly memory: MemoryBudget
  readonly ledger: Ledger
  readonly gate: Gate
  readonly sockets: ListeningSockets
  /** Those in `data_dir`. */
  readonly files: FileAccess
  /** Where what the output of that name does not get is kept. */
  readonly deadLetters: (output: string) => DeadLetterSink
  /** Who looks at what passes; absent where nobody can. */
  readonly taps?: Taps
  /** Those of the system, unless a test stands in for them. */
  readonly clock?: Clock
  readonly timers?: Timers
}

export interface Assembly {
  readonly config: Config
  readonly inputs: readonly InputPart[]
  /** In the order of the flow: who emits comes before those it emits to. */
  readonly filters: readonly FilterPart[]
  readonly outputs: readonly OutputPart[]
  readonly pipeline: Pipeline
  /** What the filters of the configuration's steps are called. */
  readonly filterNames: ReadonlyMap<FilterStep, string>
}

/** Characters of a filter's pattern in the name of its folder. */
const FOLDER_PATTERN_MAX = 64

/** `config` must have been validated. Throws if a component cannot be created; nothing is open. */
export function assemble(config: Config, around: Surroundings, running?: Assembly): Assembly {
  return new Assembler(config, around, running).assemble()
}

class Assembler {
  readonly #config: Config
  readonly #around: Surroundings
  readonly #running: Assembly | undefined
  readonly #outputs = new Map<string, OutputPart>()
  /** Filters of the running assembly that no step has taken over yet. */
  readonly #free: FilterPart[]
  /** By step, what its filter is called and where it keeps its state. */
  readonly #filters = new Map<FilterStep, Pick<FilterPart, 'name' | 'folder'>>()

  constructor(config: Config, around: Surroundings, running: Assembly | undefined) {
    this.#config = config
    this.#around = around
    this.#running = running
    this.#free = (running?.filters ?? []).filter(({ isRunning }) => isRunning)
  }

  assemble(): Assembly {
    const config = this.#config
    for (const [name, output] of Object.entries(config.outputs))
      this.#outputs.set(name, this.#keptOutput(name, output) ?? this.#createOutput(name, output))
    const pipeline = this.#createPipeline()
    const inputs = Object.entries(config.inputs).map(
      ([name, input]) => this.#keptInput(name, input) ?? this.#createInput(name, input, pipeline),
    )
    const filters = this.#filterParts(pipeline)
    const filterNames = new Map([...this.#filters].map(([step, { name }]) => [step, name]))
    return { config, inputs, filters, outputs: [...this.#outputs.values()], pipeline, filterNames }
  }

  #keptOutput(name: string, config: OutputConfig): OutputPart | undefined {
    const same = (part: OutputPart) =>
      part.name === name && isDeepStrictEqual(part.config, config) && part.isRunning
    return this.#running?.outputs.find(same)
  }

  #createOutput(name: string, config: OutputConfig): OutputPart {
    const { type, options } = config
    const definition = find(this.#around.registry.outputs, 'output', type)
    const context = this.#context('output', name, type)
    const output = definition.create(options, context)
    const failures = failureTarget(config) ? new FailurePort(this.#around.ledger) : undefined
    const buffer = this.#createBuffer(config.buffered, output, context, failures)
    const component = buffer ?? output
    return { kind: 'output', name, config, component, output, buffer, failures, isRunning: false }
  }

  #createBuffer(
    config: BufferedConfig | undefined,
    output: Output | ChunkedOutput,
    context: ComponentContext,
    failures: FailurePort | undefined,
  ): OutputBuffer | undefined {
    const { ledger, files } = this.#around
    const kept = this.#around.deadLetters(context.name)
    const deadLetters = failures ? new Secondary(failures, kept) : kept
    const dataDir = this.#config.data_dir
    return createBuffer({ config, output, context, dataDir, files, deadLetters, ledger })
  }

  /** The label is not the input's: it says where its port leads. */
  #keptInput(name: string, { type, options }: InputConfig): InputPart | undefined {
    const same = (part: InputPart) =>
      part.name === name && isSame(part.config, { type, options }) && part.isRunning
    return this.#running?.inputs.find(same)
  }

  #createInput(name: string, config: InputConfig, pipeline: Pipeline): InputPart {
    const { type, label, options } = config
    const definition = find(this.#around.registry.inputs, 'input', type)
    const port = new GatedPort(this.#around.gate, pipeline.forInput(name, label))
    const context = {
      ...this.#context('input', name, type),
      sockets: this.#around.sockets,
      deliver: port.deliver.bind(port),
      drop: port.drop.bind(port),
      lose: port.lose.bind(port),
      closed: port.closed.bind(port),
    }
    const component = definition.create(options, context)
    return { kind: 'input', name, config, component, port, isRunning: false }
  }

  #createPipeline(): Pipeline {
    const { pipeline, labels } = this.#config
    const steps = [pipeline, ...Object.values(labels)].flat()
    const filters = steps.filter((step): step is FilterStep => !('match' in step))
    const kept = new Map(filters.map((step) => [step, this.#takeFree(step)]))
    for (const [step, part] of kept) if (part) this.#filters.set(step, part)
    for (const [step, part] of kept) if (!part) this.#filters.set(step, this.#nameFilter(step))
    const toSteps = (all: Config['pipeline']): Step[] =>
      all.map((step) =>
        'match' in step ? this.#matchStep(step) : this.#filterStep(step, kept.get(step)?.sink),
      )
    return new Pipeline({
      steps: toSteps(pipeline),
      labels: Object.fromEntries(
        Object.entries(labels).map(([name, list]) => [name, toSteps(list)]),
      ),
      failures: [...this.#outputs.values()].flatMap((part) => this.#failureWay(part)),
      ledger: this.#around.ledger,
      logger: this.#around.logger.child({ component: 'pipeline' }),
      taps: this.#around.taps,
    })
  }

  /** A running filter with the same pattern and options, each for one step. */
  #takeFree(step: FilterStep): FilterPart | undefined {
    const index = this.#free.findIndex(({ config }) => isDeepStrictEqual(config, step))
    return index < 0 ? undefined : this.#free.splice(index, 1)[0]
  }

  #matchStep({ match, to }: MatchStep): Step {
    return { kind: 'match', matches: compileTagPattern(match), ...this.#targets(to) }
  }

  #failureWay({ config, failures }: OutputPart): FailureWay[] {
    const target = failureTarget(config)
    return target && failures ? [{ port: failures, ...this.#targets([target]) }] : []
  }

  #targets(names: readonly string[]): Pick<FailureWay, 'outputs' | 'labels'> {
    const outputs = names.filter((name) => !name.startsWith('@'))
    return {
      outputs: outputs.map((name) => this.#target(name)),
      labels: names.filter((name) => name.startsWith('@')).map((name) => name.slice(1)),
    }
  }

  #filterStep(step: FilterStep, kept: FilterSink | undefined): PipelineFilter {
    const { name, folder } = this.#filters.get(step)!
    const definition = find(this.#around.registry.filters, 'filter', step.type)
    const dataDir = join(this.#config.data_dir, 'filters', folder)
    const context = { ...this.#context('filter', name, step.type), dataDir }
    const failed = kept?.letters ?? this.#failed(definition.failureTarget?.(step.options), context)
    return {
      failed,
      kind: 'filter',
      matches: compileTagPattern(step.filter),
      name,
      create:
        kept ??
        ((port) => withCondition(step, definition.create(step.options, { ...context, ...port }))),
    }
  }

  #failed(target: string | undefined, context: ComponentContext): string | FailedSink | undefined {
    if (target !== DEAD_LETTER) return target?.slice(1)
    const { ledger, deadLetters } = this.#around
    // No output has a name with a colon.
    const sink = deadLetters(`filter:${context.name}`)
    return new FilterLetters({ ...context, sink, ledger, id: newStoreId() })
  }

  #filterParts(pipeline: Pipeline): FilterPart[] {
    const steps = new Map([...this.#filters].map(([step, { name }]) => [name, step]))
    return pipeline.filters.map((sink): FilterPart => {
      const kept = this.#running?.filters.find((part) => part.sink === sink)
      if (kept) return kept
      const config = steps.get(sink.name)!
      const { name, folder } = this.#filters.get(config)!
      const { filter: component } = sink
      return { kind: 'filter', name, config, folder, component, sink, isRunning: false }
    })
  }

  /** Filters have no names in the configuration: `join_parts`, `join_parts_2`, … */
  #nameFilter({ type, filter }: FilterStep): Pick<FilterPart, 'name' | 'folder'> {
    const given = [...this.#filters.values()]
    const name = firstFree(type, '_', new Set(given.map((each) => each.name)))
    const folders = new Set(given.map((each) => each.folder))
    return { name, folder: firstFree(folderName(type, filter), '-', folders) }
  }

  #target(name: string): NamedOutput {
    const part = this.#outputs.get(name)
    if (!part) throw new Error(`BUG: no output ${name}; the loader should have said so`)
    const { buffer, output } = part
    if (buffer) return { name, buffer }
    if ('deliver' in output) return { name, output }
    throw new Error(`BUG: output ${name} has no buffer; the loader should have given it one`)
  }

  #context(kind: Kind, name: string, type: string): ComponentContext {
    const { logger, metrics, memory, clock = systemClock, timers = systemTimers } = this.#around
    return {
      name,
      dataDir: join(this.#config.data_dir, `${kind}s`, name),
      clock,
      timers,
      logger: logger.child({ [kind]: name }),
      metrics: metrics.scope(`${kind}_`, { [kind]: name, type }),
      memory: memory.account(kind === 'input' ? 'input' : 'other', { [kind]: name }),
    }
  }
}

function withCondition({ condition }: FilterStep, filter: Filter): Filter {
  return condition === undefined
    ? filter
    : new ConditionalFilter(filter, compileCondition(condition))
}

function failureTarget({ buffered }: OutputConfig): string | undefined {
  return buffered?.secondary ?? buffered?.on_error
}

function isSame(one: InputConfig, other: InputConfig): boolean {
  return one.type === other.type && isDeepStrictEqual(one.options, other.options)
}

/**
 * By pattern, not by position: what a filter keeps must not go to another by an edit. The name is
 * good for any file system, however long the pattern; what can be read of it is for people.
 */
function folderName(type: string, pattern: string): string {
  const hash = createHash('sha256').update(pattern).digest('hex').slice(0, 12)
  const readable = pattern.replaceAll(/[^\w.]+/g, '_').slice(0, FOLDER_PATTERN_MAX)
  return `${type}-${readable}-${hash}`
}

/** `base`, else with a number behind it. */
function firstFree(base: string, separator: string, taken: ReadonlySet<string>): string {
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}${separator}${count}`
  return name
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
