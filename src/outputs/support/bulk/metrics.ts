/** What the output shows of itself beside the pace (pace.ts). */
import type { Counter, Metrics } from '../../../pipeline/metrics.ts'
import { FATE_NAMES } from './fates.ts'

export interface BulkMetrics {
  /** By fate. */
  readonly documents: readonly Counter[]
  readonly bodyBytes: Counter
  readonly sentBytes: Counter
  readonly seconds: Counter
  requests(result: string): Counter
}

export function bulkMetrics(metrics: Metrics): BulkMetrics {
  return {
    documents: FATE_NAMES.map((outcome) =>
      metrics.counter(
        'documents_total',
        'Documents by what became of them: stored, failure_store (in that of the data stream), ' +
          'duplicate (stored by an attempt before), repaired, rejected; and, each time they are ' +
          'to be sent again, retry and held (until somebody sets something right).',
        { outcome },
      ),
    ),
    bodyBytes: metrics.counter('body_bytes_total', 'Bytes of bodies before compression.'),
    sentBytes: metrics.counter('sent_bytes_total', 'Bytes of bodies as they were sent.'),
    seconds: metrics.counter('request_seconds_total', 'Time of all requests, until their answers.'),
    requests: (result) =>
      metrics.counter('requests_total', 'Bulk requests, by what came of them.', { result }),
  }
}
