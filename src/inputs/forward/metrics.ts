/** What the `forward` input counts beside its listeners. */
import type { Counter, Metrics } from '../../pipeline/metrics.ts'
import { limitHits } from '../support/limit-hits.ts'
import { connectionErrors } from '../support/stream-listener.ts'

const LIMITS = [
  'frame_max',
  'tag_max',
  'decompressed_max',
  'depth_max',
  'pending_max',
  'frame_timeout',
  'connection_in_flight_max',
  'handshake_timeout',
  'idle_timeout',
] as const

export type Limit = (typeof LIMITS)[number]

export interface ForwardMetrics {
  readonly receivedBytes: Counter
  readonly acknowledgements: Counter
  readonly heartbeats: Counter
  readonly limitHits: Readonly<Record<Limit, Counter>>
  /** Connections closed because of what came over them. */
  errors(reason: string): Counter
}

export function forwardMetrics(metrics: Metrics): ForwardMetrics {
  const hits = LIMITS.map((limit) => [limit, limitHits(metrics, limit)] as const)
  return {
    receivedBytes: metrics.counter('received_bytes_total', 'Bytes read from connections.'),
    acknowledgements: metrics.counter('acknowledgements_total', 'Requests acknowledged.'),
    heartbeats: metrics.counter('heartbeats_total', 'UDP heartbeats answered.'),
    limitHits: Object.fromEntries(hits) as Record<Limit, Counter>,
    errors: (reason) => connectionErrors(metrics, reason),
  }
}
