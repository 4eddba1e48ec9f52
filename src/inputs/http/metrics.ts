/** What the `http` input counts beside its listeners and refusals (../support/http-listener.ts). */
import type { Counter, Metrics } from '../../pipeline/metrics.ts'

export interface HttpMetrics {
  readonly receivedBytes: Counter
  readonly parseFailed: Counter
  /** POSTs answered. */
  answers(status: number): Counter
}

export function httpMetrics(metrics: Metrics): HttpMetrics {
  return {
    receivedBytes: metrics.counter('received_bytes_total', 'Bytes read from bodies, decompressed.'),
    parseFailed: metrics.counter('parse_failed_total', 'Lines kept as they came.'),
    answers: (status) =>
      metrics.counter('requests_total', 'Requests answered.', { status: String(status) }),
  }
}
