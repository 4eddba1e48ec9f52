/** What the `gelf` input counts beside its listeners. */
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'

export interface GelfMetrics {
  readonly chunkedMessages: Gauge
  readonly chunkBytes: Gauge
  readonly duplicateChunks: Counter
  readonly requests: Counter
  /** Messages kept as text. */
  parseFailed(reason: string): Counter
  /** Messages by udp of which nothing can be kept. */
  dropped(reason: string): Counter
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
        'Messages that could not be read and are kept as text.',
        { reason },
      ),
    dropped: (reason) =>
      metrics.counter(
        'messages_dropped_total',
        'Messages by udp that were not complete in time or could not be decompressed.',
        { reason },
      ),
  }
}
