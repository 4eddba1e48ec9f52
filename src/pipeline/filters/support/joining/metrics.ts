/** What `join_parts` counts, beside the ledger. */
import type { MemoryAccount } from '../../../memory-budget.ts'
import type { Counter, Gauge, Metrics } from '../../../metrics.ts'

/** Why a line was passed on before it was complete. */
export type Cause = 'timeout' | 'closed' | 'stop' | 'memory' | 'reload'

export class JoinMetrics {
  readonly joined: Counter
  readonly truncated: Counter
  readonly incomplete: Readonly<Record<Cause, Counter>>
  readonly openLines: Gauge
  readonly #heldBytes: Gauge
  readonly #memory: MemoryAccount

  constructor(metrics: Metrics, memory: MemoryAccount) {
    const incomplete = (cause: Cause) =>
      metrics.counter('incomplete_lines_total', 'Lines passed on incomplete.', { cause })
    this.joined = metrics.counter('joined_lines_total', 'Lines joined from all their parts.')
    this.truncated = metrics.counter('truncated_lines_total', 'Lines cut at joined_max.')
    this.incomplete = {
      timeout: incomplete('timeout'),
      closed: incomplete('closed'),
      stop: incomplete('stop'),
      memory: incomplete('memory'),
      reload: incomplete('reload'),
    }
    this.openLines = metrics.gauge('open_lines', 'Lines that wait for parts.')
    this.#heldBytes = metrics.gauge('held_bytes', 'Memory of lines that wait for parts or leave.')
    this.#memory = memory
  }

  /** Of lines that wait for parts and of those on their way out. */
  get heldBytes(): number {
    return this.#heldBytes.value
  }

  hold(bytes: number): void {
    this.#heldBytes.add(bytes)
    this.#memory.add(bytes)
  }
}
