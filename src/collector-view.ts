/** What the collector shows of itself over HTTP: the view that src/http/view.ts asks for. */
import { version } from './package.ts'
import type { Config, FilterStep, Options, Registry, Step } from './config/model.ts'
import { maskSecrets } from './config/secrets.ts'
import type { CollectorView, ComponentView, Readiness } from './http/view.ts'
import type { Filter, Input, Output } from './pipeline/component.ts'
import type { Ledger } from './pipeline/ledger.ts'
import type { MetricsRegistry } from './pipeline/metrics.ts'

export interface CollectorParts {
  readonly config: Config
  readonly configPath: string | null
  readonly registry: Registry
  readonly filterNames: ReadonlyMap<FilterStep, string>
  readonly inputs: ReadonlyMap<string, Input>
  /** By the names of `filterNames`. */
  readonly filters: ReadonlyMap<string, Filter>
  readonly outputs: ReadonlyMap<string, Output>
  readonly ledger: Ledger
  readonly metrics: MetricsRegistry
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

export class CollectorState implements CollectorView {
  phase: 'starting' | 'running' | 'stopping' = 'starting'
  wasRunning = false
  readonly #parts: CollectorParts

  constructor(parts: CollectorParts) {
    this.#parts = parts
  }

  get version(): string {
    return version()
  }

  get startedAt(): number {
    return this.#parts.startedAt
  }

  get configPath(): string | null {
    return this.#parts.configPath
  }

  get dataDir(): string {
    return this.#parts.config.data_dir
  }

  components(): ComponentView[] {
    const masked = maskSecrets(this.#parts.config, this.#parts.registry)
    return [...this.#inputViews(masked), ...this.#filterViews(masked), ...this.#outputViews(masked)]
  }

  ledger() {
    return this.#parts.ledger.snapshot()
  }

  metrics() {
    return this.#parts.metrics.snapshot()
  }

  readiness(): Readiness {
    const reasons = this.phase === 'running' ? [] : [`the collector is ${this.phase}`]
    const { filters, outputs } = this.#parts
    for (const [name, { problem }] of filters)
      if (problem !== null) reasons.push(`filter ${name}: ${problem}`)
    for (const [name, { problem }] of outputs)
      if (problem !== null) reasons.push(`output ${name}: ${problem}`)
    return { ready: reasons.length === 0, reasons }
  }

  #inputViews({ inputs }: Config): ComponentView[] {
    return Object.entries(inputs).map(([name, { type, label, options }]) => ({
      kind: 'input',
      name,
      type,
      label: label ?? null,
      config: options,
      addresses: this.#parts.inputs.get(name)?.addresses ?? [],
      problem: null,
    }))
  }

  #outputViews({ outputs }: Config): ComponentView[] {
    return Object.entries(outputs).map(([name, { type, options }]) => ({
      kind: 'output',
      name,
      type,
      label: null,
      config: options,
      addresses: [],
      problem: this.#parts.outputs.get(name)?.problem ?? null,
    }))
  }

  #filterViews({ pipeline, labels }: Config): ComponentView[] {
    const { config } = this.#parts
    const ofLabels = Object.entries(labels).flatMap(([label, steps]) =>
      this.#stepViews(steps, config.labels[label] ?? [], label),
    )
    return [...this.#stepViews(pipeline, config.pipeline, null), ...ofLabels]
  }

  /** The masked steps stand in the same order as those that were named. */
  #stepViews(masked: readonly Step[], named: readonly Step[], label: string | null) {
    return masked.flatMap((step, index): ComponentView[] => {
      const original = named[index]
      if ('match' in step || !original || 'match' in original) return []
      const name = this.#parts.filterNames.get(original) ?? step.type
      const config: Options = { filter: step.filter, ...step.options }
      const problem = this.#parts.filters.get(name)?.problem ?? null
      return [{ kind: 'filter', name, type: step.type, label, config, addresses: [], problem }]
    })
  }
}
