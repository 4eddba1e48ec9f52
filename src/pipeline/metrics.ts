/**
 * Counters and gauges as plain numbers; src/http/ turns a snapshot into Prometheus text.
 * Update them per batch, not per record. A counter's name ends in `_total`, a unit comes last
 * (`_bytes`, `_seconds`). Ask for a counter once, at `create`, and keep it.
 */
export type Labels = Readonly<Record<string, string>>

export interface Counter {
  add(amount: number): void
  readonly value: number
}

export interface Gauge {
  set(value: number): void
  add(amount: number): void
  readonly value: number
}

export interface Metrics {
  counter(name: string, help: string, labels?: Labels): Counter
  gauge(name: string, help: string, labels?: Labels): Gauge
}

export interface Sample {
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'gauge'
  readonly labels: Labels
  readonly value: number
}

class Series implements Counter, Gauge {
  value = 0

  add(amount: number): void {
    this.value += amount
  }

  set(value: number): void {
    this.value = value
  }
}

interface Registered extends Omit<Sample, 'value'> {
  readonly series: Series
}

/** All series of one process. The same name and labels give the same series. */
export class MetricsRegistry {
  readonly #registered = new Map<string, Registered>()

  /** A view whose names start with `prefix` and whose series carry `labels`. */
  scope(prefix: string, labels: Labels): Metrics {
    const make = (kind: Sample['kind'], name: string, help: string, own: Labels = {}) =>
      this.#series({ kind, name: prefix + name, help, labels: { ...labels, ...own } })
    return {
      counter: (name, help, own) => make('counter', name, help, own),
      gauge: (name, help, own) => make('gauge', name, help, own),
    }
  }

  snapshot(): Sample[] {
    return [...this.#registered.values()].map(({ series, ...rest }) => ({
      ...rest,
      value: series.value,
    }))
  }

  #series(description: Omit<Sample, 'value'>): Series {
    const key = `${description.name} ${JSON.stringify(description.labels)}`
    const known = this.#registered.get(key)
    if (known) return known.series
    const series = new Series()
    this.#registered.set(key, { ...description, series })
    return series
  }
}
