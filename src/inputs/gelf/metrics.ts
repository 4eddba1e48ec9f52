/** What the `gelf` input counts beside its listeners. */
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'

export interface GelfMetrics {
  readonly chunkedMessages: Gauge
  readonly chunkBytes: Gauge
  readonly duplicateChunks: Counter
  readonly requests: Counter
  /** Messages kept as they came. */
  parseFailed(reason: string): Counter
}

export function gelfMetrics(metrics: Metrics): GelfMetrics {
  return {
    chunkedMessages: metrics.gauge(
      'chunked_messages',
      'Messages by udp of which chunks are missing.',
    ),
    chunkBytes: metrics.gauge('chunk_bytes', 'Memory of the chunks of such messages.'),
    duplicateChunks: metrics.counter('duplicate_chunks_total', 'Chunks that came once more.'),
    requests: metrics.counter('requests_total', 'HTTP requests that were answered well.'),
    parseFailed: (reason) =>
      metrics.counter(
        'parse_failed_total',
        'Messages that could not be put together, decompressed or read, and are kept as they came.',
        { reason },
      ),
  }
}
