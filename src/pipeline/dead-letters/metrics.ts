/** What the store shows of itself at /metrics. */
import type { Counter, Gauge, Metrics } from '../metrics.ts'

export type DropReason = 'max_bytes' | 'max_age' | 'operator' | 'deleted'

export class DeadLetterMetrics {
  readonly #metrics: Metrics
  readonly #events: Gauge
  readonly #bytes: Gauge
  readonly repeated: Counter
  readonly replayed: Counter

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    this.#events = metrics.gauge('dead_letters_events', 'Dead letters that are kept.')
    this.#bytes = metrics.gauge('dead_letters_bytes', 'Bytes of the files with dead letters.')
    this.repeated = metrics.counter(
      'dead_letters_repeated_total',
      'Events that came a second time after a kill, and were kept already.',
    )
    this.replayed = metrics.counter('dead_letters_replayed_total', 'Dead letters that were taken.')
  }

  show({ events, bytes }: { readonly events: number; readonly bytes: number }): void {
    this.#events.set(events)
    this.#bytes.set(bytes)
  }

  added(output: string, cause: string, events: number): void {
    this.#metrics
      .counter('dead_letters_added_total', 'Events that became dead letters.', { output, cause })
      .add(events)
  }

  dropped(reason: DropReason, events: number): void {
    this.#metrics
      .counter(
        'dead_letters_dropped_total',
        'Dead letters that were thrown away, or deleted with their file by somebody.',
        { reason },
      )
      .add(events)
  }
}
