/**
 * The steps between inputs and outputs. Read from top to bottom: each filter whose pattern fits a
 * tag changes its batches, the first match that fits takes them. A match may lead to labels, which
 * are lists of steps of their own. What happens to a batch is in sink.ts, stage.ts and
 * filter-sink.ts; what is counted in ledger.ts.
 */
import type { Batch, Outcome } from './batch.ts'
import type { Filter, InputContext } from './component.ts'
import { type FailedSink, LabelForFailed } from './failed-sink.ts'
import type { FailurePort } from './failure-port.ts'
import { FilterSink, type FilterPort, type FilterSinkOptions } from './filter-sink.ts'
import type { Ledger } from './ledger.ts'
import type { Logger } from './logger.ts'
import {
  CopySink,
  type NamedOutput,
  NoMatchSink,
  OutputSink,
  type Sink,
  tagForLog,
} from './sink.ts'
import { type Branch, Stage } from './stage.ts'
import { TapSink } from './taps/tap-sink.ts'
import type { Taps } from './taps/taps.ts'
import type { TagPattern } from './tag-pattern.ts'

export interface FilterStep {
  readonly kind: 'filter'
  readonly matches: TagPattern
  /** Unique among the filters of the pipeline. */
  readonly name: string
  /**
   * Called once, by the pipeline's constructor. Or the filter of an earlier pipeline, running and
   * with all it holds, which is led here by `takeOver`.
   */
  readonly create: ((port: FilterPort) => Filter) | FilterSink
  /** Where what it answers as failed goes: a label without the `@`, or the dead letters. */
  readonly failed?: string | FailedSink | undefined
}

export interface MatchStep {
  readonly kind: 'match'
  readonly matches: TagPattern
  readonly outputs: readonly NamedOutput[]
  /** Names without the `@`. */
  readonly labels: readonly string[]
}

export type Step = FilterStep | MatchStep

export interface PipelineOptions {
  readonly steps: readonly Step[]
  /** Sub-pipelines by their name without the `@`. */
  readonly labels: Readonly<Record<string, readonly Step[]>>
  /** Where what outputs do not get goes on, those of an earlier pipeline included. */
  readonly failures?: readonly FailureWay[]
  readonly ledger: Ledger
  readonly logger: Logger
  /** Who looks at what passes; absent where nobody can. */
  readonly taps?: Taps | undefined
  /** Tags whose way is remembered, per place where ways part. */
  readonly cachedTagsMax?: number
}

export type FailureWay = Pick<MatchStep, 'outputs' | 'labels'> & { readonly port: FailurePort }

type FilterWays = Pick<FilterSinkOptions, 'next' | 'failed'>

/** What the pipeline adds to an input's context. */
export type InputPort = Pick<InputContext, 'deliver' | 'drop' | 'lose' | 'closed'>

const CACHED_TAGS_MAX = 10_000

export class Pipeline {
  readonly #options: PipelineOptions
  readonly #main: Stage
  readonly #labels: ReadonlyMap<string, Stage>
  /** In the order of the flow: who emits comes before those it emits to. */
  readonly #filters: readonly FilterSink[]
  /** Those of an earlier pipeline, with the steps that will be behind them. */
  readonly #takenOver: ReadonlyMap<FilterSink, FilterWays>
  readonly #failures: ReadonlyMap<FailurePort, Sink>

  /** Throws an Error for labels that are unknown or lead in a circle, and for repeated names. */
  constructor(options: PipelineOptions) {
    const builder = new PipelineBuilder(options)
    this.#options = options
    this.#labels = builder.buildLabels()
    this.#main = builder.buildMain()
    this.#filters = builder.filtersInOrder()
    this.#takenOver = builder.takenOver
    this.#failures = builder.buildFailures()
  }

  /** In the order of the flow. */
  get filters(): readonly FilterSink[] {
    return this.#filters
  }

  /**
   * From now on the filters and failure ports of an earlier pipeline belong to this one. To be
   * called for the first one too, once all has started: what an output does not get must not come
   * to one that has not.
   */
  takeOver(): void {
    for (const [port, sink] of this.#failures) port.leadTo(sink)
    for (const [filter, { next, failed }] of this.#takenOver) filter.leadTo(next, failed)
  }

  /** For the input `name`, whose events start at `label` (without the `@`), else at the top. */
  forInput(name: string, label?: string): InputPort {
    const { ledger, logger, taps } = this.#options
    const stage = this.#stageFor(name, label)
    const counts = ledger.input(name)
    return {
      deliver(batch: Batch): Promise<Outcome> {
        const tagCounts = ledger.tag(batch.tag)
        ledger.receive(counts, tagCounts, batch.count)
        if (taps?.isActive) taps.see('input', name, batch)
        return stage.deliver(batch, tagCounts)
      },
      drop: (tag, count, reason) => ledger.refuse(counts, ledger.tag(tag), count, reason),
      lose(tag, count, reason) {
        ledger.lose(counts, ledger.tag(tag), count, reason)
        const fields = { input: name, tag: tagForLog(tag), events: count, reason }
        logger.error(fields, 'events lost: their sender cannot send them again')
      },
      closed: (origin) => this.#closed(origin),
    }
  }

  /** Starts its new filters, those that receive first. Outputs have to be started before. */
  async start(): Promise<void> {
    for (const sink of this.#filters.toReversed())
      if (!this.#takenOver.has(sink)) await sink.filter.start()
  }

  /**
   * Stops the filters, those that emit first. Inputs have to be stopped before, outputs after. A
   * filter that fails to does not keep the others from stopping.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    for (const { name, filter } of this.#filters) {
      try {
        await filter.stop(deadline)
      } catch (error) {
        this.#options.logger.error({ filter: name, error }, 'cannot stop a filter in order')
      }
    }
  }

  #stageFor(input: string, label: string | undefined): Stage {
    if (label === undefined) return this.#main
    const stage = this.#labels.get(label)
    if (stage) return stage
    throw new Error(`cannot start input ${input} at @${label}: ${noSuchLabel(this.#labels.keys())}`)
  }

  #closed(origin: object): void {
    for (const { filter } of this.#filters) filter.closed?.(origin)
  }
}

class PipelineBuilder {
  readonly #options: PipelineOptions
  readonly #noMatch: NoMatchSink
  readonly #outputs = new Map<string, Sink>()
  readonly #labels = new Map<string, Stage>()
  /** Labels being built, outermost first: meeting one of them again is a circle. */
  readonly #path: string[] = []
  readonly #filterNames = new Set<string>()
  readonly takenOver = new Map<FilterSink, FilterWays>()
  /** Per list of steps in the order they were finished, so each comes behind those it leads to. */
  readonly #filters: FilterSink[][] = []

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#noMatch = new NoMatchSink(options)
  }

  buildLabels(): ReadonlyMap<string, Stage> {
    for (const name of Object.keys(this.#options.labels)) this.#label(name)
    return this.#labels
  }

  buildMain(): Stage {
    return this.#list(this.#options.steps)
  }

  buildFailures(): ReadonlyMap<FailurePort, Sink> {
    const { failures = [] } = this.#options
    return new Map(failures.map((way) => [way.port, this.#targets(way)]))
  }

  filtersInOrder(): FilterSink[] {
    return this.#filters.toReversed().flat()
  }

  #label(name: string): Stage {
    const known = this.#labels.get(name)
    if (known) return known
    const { labels } = this.#options
    const steps = Object.hasOwn(labels, name) ? labels[name] : undefined
    if (!steps) throw new Error(`cannot route to @${name}: ${noSuchLabel(Object.keys(labels))}`)
    if (this.#path.includes(name)) this.#refuseCircle(name)
    this.#path.push(name)
    const stage = this.#list(steps)
    this.#path.pop()
    this.#labels.set(name, stage)
    return stage
  }

  #refuseCircle(name: string): never {
    const circle = [...this.#path.slice(this.#path.indexOf(name)), name]
    const way = circle.map((label) => `@${label}`).join(' → ')
    throw new Error(`cannot route to @${name}: ${way} is a circle; expected an output at its end`)
  }

  /** From the last step to the first, since a filter has to know the stage behind it. */
  #list(steps: readonly Step[]): Stage {
    const filters: FilterSink[] = []
    let branches: Branch[] = []
    for (const step of steps.toReversed()) {
      const sink = step.kind === 'match' ? this.#targets(step) : this.#filter(step, branches)
      if (sink instanceof FilterSink) filters.unshift(sink)
      branches = [{ matches: step.matches, sink }, ...branches]
    }
    this.#filters.push(filters)
    return this.#stage(branches)
  }

  #stage(branches: readonly Branch[]): Stage {
    const cachedTagsMax = this.#options.cachedTagsMax ?? CACHED_TAGS_MAX
    return new Stage({ branches, otherwise: this.#noMatch, cachedTagsMax })
  }

  #filter({ name, create, failed: to }: FilterStep, behind: readonly Branch[]): FilterSink {
    if (this.#filterNames.has(name)) {
      throw new Error(
        `cannot add filter ${name}: another has this name; expected a name of its own`,
      )
    }
    this.#filterNames.add(name)
    const next = this.#stage(behind)
    const failed = typeof to === 'string' ? new LabelForFailed(this.#label(to)) : to
    if (!(create instanceof FilterSink))
      return new FilterSink({ name, create, next, failed, context: this.#options })
    this.takenOver.set(create, { next, failed })
    return create
  }

  #targets({ outputs, labels }: Pick<MatchStep, 'outputs' | 'labels'>): Sink {
    const targets = [
      ...outputs.map((output) => this.#output(output)),
      ...labels.map((label) => this.#label(label)),
    ]
    const [only] = targets
    if (!only) throw new Error('cannot add a match without targets; expected an output or label')
    return targets.length === 1 ? only : new CopySink(targets, this.#options.ledger)
  }

  #output(target: NamedOutput): Sink {
    const known = this.#outputs.get(target.name)
    if (known) return known
    const { taps } = this.#options
    const own = target.buffer ?? new OutputSink(target, this.#options)
    const sink = taps ? new TapSink(target.name, own, taps) : own
    this.#outputs.set(target.name, sink)
    return sink
  }
}

function noSuchLabel(names: Iterable<string>): string {
  const known = [...names].map((name) => `@${name}`)
  return `there is no such label; expected ${known.length > 0 ? known.join(', ') : 'an output'}`
}
