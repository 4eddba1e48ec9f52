/** What the `forward` output counts. */
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'
import type { ErrorKind } from './server-error.ts'

export interface ForwardMetrics {
  readonly connections: Gauge
  readonly connects: Counter
  readonly sentBytes: Counter
  readonly acknowledgements: Counter
  /** Events. */
  readonly resent: Counter
  /** Connections that failed, or could not be made. */
  errors(kind: ErrorKind): Counter
}

export function forwardMetrics(metrics: Metrics): ForwardMetrics {
  return {
    connections: metrics.gauge('connections', 'Open connections to servers.'),
    connects: metrics.counter('connects_total', 'Connections made.'),
    sentBytes: metrics.counter('sent_bytes_total', 'Bytes of messages given to connections.'),
    acknowledgements: metrics.counter('acknowledgements_total', 'Messages acknowledged.'),
    resent: metrics.counter(
      'resent_events_total',
      'Events sent again at once since the server had closed a connection it had nothing to do ' +
        'with: it may have some of them twice.',
    ),
    errors: (reason) =>
      metrics.counter('errors_total', 'Connections that failed or could not be made.', { reason }),
  }
}
