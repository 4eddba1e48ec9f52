/** A collector as the HTTP routes see it, with names and reasons that try to break out. */
import type { CollectorView } from '../../src/http/view.ts'

export const HOSTILE = '<script>alert("x")</script>\n\t'

export function exampleView(changes: Partial<CollectorView> = {}): CollectorView {
  return {
    version: '1.2.3',
    startedAt: Date.parse('2026-11-21T08:50:00Z'),
    configPath: '/etc/logboom.yaml',
    dataDir: './data',
    components: () => [
      component({ kind: 'input', name: 'docker', type: 'forward' }),
      component({ kind: 'filter', name: 'join', type: 'join_parts', label: 'docker' }),
      component({ kind: 'output', name: 'files', type: 'file', problem: HOSTILE }),
      component({ kind: 'output', name: HOSTILE, type: 'null' }),
    ],
    ledgerOfAllRuns: () => ({
      since: '2026-11-20T08:00:00.000Z',
      inputs: { docker: { received: 110, dropped: 1 } },
      filters: {},
      outputs: {},
      total: { received: 110, delivered: 110 },
      drop_reasons: { inputs: { docker: { invalid_time: 1 } }, pipeline: {} },
      damaged_bytes: {},
      balanced: true,
    }),
    buffers: () => [],
    orphanBuffers: [],
    ledger: () => ({
      inputs: { docker: { received: 10, dropped: 1 } },
      filters: { join: { filtered: 2 } },
      outputs: { files: { received: 7, delivered: 4, retried: 3, rejected: 0, in_flight: 2 } },
      tags: { [HOSTILE]: { received: 10 } },
      total: { received: 10, delivered: 4, retried: 3, in_flight: 2 },
      drop_reasons: { inputs: { docker: { invalid_time: 1 } }, pipeline: { no_route: 2 } },
      damaged_bytes: {},
      balanced: true,
    }),
    metrics: () => [
      sample({ name: 'input_errors_total', labels: { name: 'docker', reason: 'bad "bytes"\n' } }),
      sample({ name: 'input_errors_total', labels: { name: 'docker' }, value: 4 }),
      sample({ name: 'input_connections', kind: 'gauge', labels: { name: 'docker' }, value: 2 }),
    ],
    reload: null,
    deadLetters: null,
    taps: null,
    readiness: () => ({ ready: true, reasons: [] }),
    ...changes,
  }
}

type Component = ReturnType<CollectorView['components']>[number]
type Sample = ReturnType<CollectorView['metrics']>[number]

function component(of: Pick<Component, 'kind' | 'name' | 'type'> & Partial<Component>): Component {
  const config = { type: of.type, listen: ['tcp://127.0.0.1:24224'], shared_key: '********' }
  const addresses = of.kind === 'input' ? ['tcp://127.0.0.1:24224'] : []
  return { label: null, config, addresses, problem: null, ...of }
}

function sample(of: Pick<Sample, 'name' | 'labels'> & Partial<Sample>): Sample {
  return { help: 'For the test.', kind: 'counter', value: 1, ...of }
}
