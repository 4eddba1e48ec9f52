/**
 * Prometheus text (exposition format 0.0.4) of the collector's series, through prom-client.
 * Series of components carry `kind`, `name` and `type`; tags are left out, because senders choose
 * them and each would be a series for ever (`/api/ledger` has them).
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Sample } from '../pipeline/metrics.ts'
import type { CollectorView, EventCounts } from './view.ts'

export const METRIC_PREFIX = 'logboom_'

/** What the ledger's counts mean, by the name they have there. */
export const LEDGER_HELP: Readonly<Record<string, string>> = {
  received: 'Events that came in.',
  copied: 'Additional copies made because a route leads to several outputs.',
  filtered: 'Events removed or merged by a filter.',
  delivered: 'Events taken by an output.',
  retried: 'Events answered with retry, which their sender sends again.',
  rejected: 'Events an output can never take.',
  dropped: 'Events thrown away, each with a reason in the log.',
  in_flight: 'Events inside the pipeline at the moment.',
}

/** The process's own figures, under the names other Node.js programs use for them. */
const processRegistry = new Registry()
let processIsObserved = false

/**
 * The whole page. The first call starts observing the process, event-loop delay included; there
 * is one process, so that happens once however many servers there are.
 */
export async function prometheusText(view: CollectorView): Promise<string> {
  observeProcess()
  const registry = new Registry()
  registerSamples(registry, [...view.metrics().map(prefixed), ...ownSamples(view)])
  return `${await registry.metrics()}\n${await processRegistry.metrics()}`
}

/** Starts what has to run before the first scrape to have something to show. */
export function observeProcess(): void {
  if (processIsObserved) return
  processIsObserved = true
  collectDefaultMetrics({ register: processRegistry, eventLoopMonitoringPrecision: 20 })
}

function prefixed(sample: Sample): Sample {
  return { ...sample, name: METRIC_PREFIX + sample.name }
}

function ownSamples(view: CollectorView): Sample[] {
  const ledger = view.ledger()
  const build: Sample = {
    name: `${METRIC_PREFIX}build_info`,
    help: 'Always 1; the label says which version runs.',
    kind: 'gauge',
    labels: { version: view.version },
    value: 1,
  }
  const ready: Sample = {
    name: `${METRIC_PREFIX}ready`,
    help: '1 when /readyz answers 200.',
    kind: 'gauge',
    labels: {},
    value: view.readiness().ready ? 1 : 0,
  }
  return [
    build,
    ready,
    ...ledgerSamples('input', ledger.inputs),
    ...ledgerSamples('filter', ledger.filters),
    ...ledgerSamples('output', ledger.outputs),
    ...ledgerSamples('total', { total: ledger.total }),
  ]
}

function ledgerSamples(kind: string, counts: Readonly<Record<string, EventCounts>>): Sample[] {
  return Object.entries(counts).flatMap(([name, fates]) =>
    Object.entries(fates)
      .filter(([, value]) => typeof value === 'number')
      .map(([fate, value]) => ledgerSample({ kind, name }, fate, value)),
  )
}

function ledgerSample(labels: Sample['labels'], fate: string, value: number): Sample {
  const isGauge = fate === 'in_flight' || fate === 'held'
  return {
    name: `${METRIC_PREFIX}events_${fate}${isGauge ? '' : '_total'}`,
    help: LEDGER_HELP[fate] ?? `Events counted as ${fate} in the ledger.`,
    kind: isGauge ? 'gauge' : 'counter',
    labels,
    value,
  }
}

/** prom-client wants all label names of a metric up front, so series are grouped by name first. */
function registerSamples(registry: Registry, samples: readonly Sample[]): void {
  for (const [name, group] of Map.groupBy(samples, (sample) => sample.name)) {
    const labelNames = [...new Set(group.flatMap((sample) => Object.keys(sample.labels)))]
    const { help, kind } = group[0]!
    const options = { name, help, labelNames, registers: [registry] }
    if (kind === 'counter') {
      const counter = new Counter(options)
      for (const sample of group) counter.inc({ ...sample.labels }, sample.value)
    } else {
      const gauge = new Gauge(options)
      for (const sample of group) gauge.set({ ...sample.labels }, sample.value)
    }
  }
}
