/**
 * Prometheus text (exposition format 0.0.4) of the collector's series, through prom-client.
 * Series of components carry their kind with their name (`input="docker"`) and their type. Tags are
 * left out: senders choose them, and each would be a series for ever (`/api/ledger` has them).
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { LedgerSnapshot, Row, Rows } from '../pipeline/ledger-counts.ts'
import type { Labels, Sample } from '../pipeline/metrics.ts'
import { systemClock } from '../pipeline/clock.ts'
import { bufferSamples, orphanSamples } from './buffers.ts'
import type { CollectorView } from './view.ts'

export const METRIC_PREFIX = 'logboom_'

/** What the ledger's counts mean (src/pipeline/ledger.ts), by the names they have there. */
export const LEDGER_HELP: Readonly<Record<string, string>> = {
  received: 'Events that came in.',
  restored: 'Held events found on disk at start.',
  copied: 'Additional copies made, as for routes to several outputs.',
  filtered: 'Events consumed by a filter; three parts joined to one event are two.',
  held: 'Events a filter holds back at the moment.',
  delivered: 'Events taken by an output.',
  retried: 'Events handed back, which their sender sends again if it can.',
  lost: 'Events handed back whose sender could not send them again.',
  rejected: 'Events an output can never take.',
  dropped: 'Events thrown away for a reason.',
  in_flight: 'Events on their way at the moment.',
}

/** Counts that go up and down. */
const GAUGES = ['held', 'in_flight']

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
  const buffers = bufferSamples(view.buffers(), systemClock.now())
  const samples = [...view.metrics(), ...buffers, ...orphanSamples(view.orphanBuffers)].map(
    prefixed,
  )
  registerSamples(registry, [...samples, ...ownSamples(view)])
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
    ...totalSamples(ledger.total),
    ...dropSamples(ledger.drop_reasons),
  ]
}

function ledgerSamples(kind: 'input' | 'filter' | 'output', rows: Rows): Sample[] {
  return Object.entries(rows).flatMap(([name, row]) =>
    Object.entries(row).map(([fate, value]) =>
      ledgerSample(`${kind}_events`, fate, value, { [kind]: name }),
    ),
  )
}

/** Without `retried`, which shrinks when a sender turns out not to send again; outputs have it. */
function totalSamples(total: Row): Sample[] {
  return Object.entries(total)
    .filter(([fate]) => fate !== 'retried')
    .map(([fate, value]) => ledgerSample('events', fate, value, {}))
}

function dropSamples(reasons: LedgerSnapshot['drop_reasons']): Sample[] {
  const places = [...Object.entries(reasons.inputs), ['pipeline', reasons.pipeline] as const]
  return places.flatMap(([place, row]) =>
    Object.entries(row).map(([reason, value]) => ({
      name: `${METRIC_PREFIX}drop_reasons_total`,
      help: 'Events dropped or lost, by the input (or the pipeline) and the reason.',
      kind: 'counter',
      labels: { place, reason },
      value,
    })),
  )
}

function ledgerSample(start: string, fate: string, value: number, labels: Labels): Sample {
  const isGauge = GAUGES.includes(fate)
  return {
    name: `${METRIC_PREFIX}${start}_${fate}${isGauge ? '' : '_total'}`,
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
