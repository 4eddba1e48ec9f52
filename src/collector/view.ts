/** What the collector shows of itself over HTTP: the view that src/http/view.ts asks for. */
import { version } from '../package.ts'
import type { Config, Options, Registry, Step } from '../config/model.ts'
import { maskSecrets } from '../config/secrets.ts'
import type {
  BufferView,
  CollectorView,
  ComponentView,
  OrphanBuffer,
  Readiness,
} from '../http/view.ts'
import type { Assembly } from './assembly.ts'
import type { LedgerHistory } from '../pipeline/ledger-history.ts'
import type { Ledger } from '../pipeline/ledger.ts'
import type { MetricsRegistry } from '../pipeline/metrics.ts'

export interface CollectorParts {
  readonly assembly: Assembly
  readonly configPath: string | null
  readonly registry: Registry
  readonly ledger: Ledger
  readonly history: LedgerHistory
  readonly metrics: MetricsRegistry
  readonly dataFolder: { readonly problem: string | null }
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

export class CollectorState implements CollectorView {
  phase: 'starting' | 'running' | 'stopping' = 'starting'
  wasRunning = false
  /** Changed by a reload. */
  assembly: Assembly
  /** Why events are held back, if a reload went wrong so badly that they are. */
  problem: string | null = null
  orphanBuffers: readonly OrphanBuffer[] = []
  reload: CollectorView['reload'] = null
  deadLetters: CollectorView['deadLetters'] = null
  taps: CollectorView['taps'] = null
  readonly #parts: CollectorParts

  constructor(parts: CollectorParts) {
    this.#parts = parts
    this.assembly = parts.assembly
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
    return this.assembly.config.data_dir
  }

  components(): ComponentView[] {
    const masked = maskSecrets(this.assembly.config, this.#parts.registry)
    return [...this.#inputViews(masked), ...this.#filterViews(masked), ...this.#outputViews(masked)]
  }

  buffers(): BufferView[] {
    return this.assembly.outputs.flatMap(({ name, buffer }) =>
      buffer ? [{ output: name, problem: buffer.problem, ...buffer.state }] : [],
    )
  }

  ledger() {
    return this.#parts.ledger.snapshot()
  }

  ledgerOfAllRuns() {
    return this.#parts.history.allRuns
  }

  metrics() {
    return this.#parts.metrics.snapshot()
  }

  readiness(): Readiness {
    const reasons = this.phase === 'running' ? [] : [`the collector is ${this.phase}`]
    if (this.problem !== null) reasons.push(this.problem)
    const { problem } = this.#parts.dataFolder
    if (problem !== null) reasons.push(problem)
    const { filters, outputs } = this.assembly
    for (const { kind, name, component } of [...filters, ...outputs])
      if (component.problem !== null) reasons.push(`${kind} ${name}: ${component.problem}`)
    return { ready: reasons.length === 0, reasons }
  }

  #inputViews({ inputs }: Config): ComponentView[] {
    return Object.entries(inputs).map(([name, { type, label, options }]) => ({
      kind: 'input',
      name,
      type,
      label: label ?? null,
      config: options,
      addresses: partOf(this.assembly.inputs, name)?.component.addresses ?? [],
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
      problem: partOf(this.assembly.outputs, name)?.component.problem ?? null,
    }))
  }

  #filterViews({ pipeline, labels }: Config): ComponentView[] {
    const { config } = this.assembly
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
      const name = this.assembly.filterNames.get(original) ?? step.type
      const config: Options = { filter: step.filter, ...step.options }
      const problem = partOf(this.assembly.filters, name)?.component.problem ?? null
      return [{ kind: 'filter', name, type: step.type, label, config, addresses: [], problem }]
    })
  }
}

function partOf<Part extends { readonly name: string }>(parts: readonly Part[], name: string) {
  return parts.find((part) => part.name === name)
}
