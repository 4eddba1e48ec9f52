/** What of a buffer is counted for Prometheus. */
import type { Counter, Gauge, Metrics } from '../metrics.ts'
import type { BatchStore, Damage } from './batch-store.ts'

export class BufferMetrics {
  readonly #bytes: Gauge
  readonly #events: Gauge
  readonly #retries: Counter
  readonly #dropped: Counter
  readonly #damaged: Counter
  readonly #damagedBytes: Counter
  readonly #keysOpen: Gauge
  readonly #closedEarly: Counter

  constructor(metrics: Metrics) {
    this.#bytes = metrics.gauge('buffer_bytes', 'Bytes of entries that wait in the buffer.')
    this.#events = metrics.gauge('buffer_events', 'Events that wait in the buffer.')
    this.#retries = metrics.counter(
      'buffer_retries_total',
      'Events that the output did not take and that are sent again, for each attempt.',
    )
    this.#dropped = metrics.counter(
      'buffer_dropped_total',
      'Events thrown away because the buffer was full and `when_full` says so.',
    )
    this.#damaged = metrics.counter(
      'buffer_damaged_total',
      'Events lost because the files of the buffer were damaged or missing, as far as known.',
    )
    this.#damagedBytes = metrics.counter(
      'buffer_damaged_bytes_total',
      'Bytes of buffer files that were damaged and had events, nobody knows how many.',
    )
    this.#keysOpen = metrics.gauge(
      'buffer_chunk_keys_open',
      'Values of the chunk keys of which events wait to be sent.',
    )
    this.#closedEarly = metrics.counter(
      'buffer_chunks_closed_early_total',
      'Chunks sent before they were full or due, to make room for other values of their keys.',
    )
  }

  get retries(): number {
    return this.#retries.value
  }

  get damaged(): number {
    return this.#damaged.value
  }

  get damagedBytes(): number {
    return this.#damagedBytes.value
  }

  show({ bytes, events }: Pick<BatchStore, 'bytes' | 'events'>, keysOpen: number): void {
    this.#bytes.set(bytes)
    this.#events.set(events)
    this.#keysOpen.set(keysOpen)
  }

  closedEarly(): void {
    this.#closedEarly.add(1)
  }

  retried(events: number): void {
    this.#retries.add(events)
  }

  lostToDamage({ events, bytes }: Damage): void {
    if (!Number.isNaN(events)) this.#damaged.add(events)
    this.#damagedBytes.add(bytes)
  }

  dropped(events: number): void {
    this.#dropped.add(events)
  }
}
