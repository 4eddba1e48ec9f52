/** What the sessions of one stream input have in common. */
import { sizeInBytes } from '../../config/units.ts'
import type { InputContext } from '../../pipeline/component.ts'
import type { Counter, Metrics } from '../../pipeline/metrics.ts'
import { hostnameCache, type HostnameCache } from './hostname-cache.ts'
import { InFlight } from './in-flight.ts'
import { limitHits } from './limit-hits.ts'
import { PendingFrames } from './pending-frames.ts'
import { connectionErrors } from './stream-listener.ts'

export interface StreamShare {
  readonly context: InputContext
  readonly inFlight: InFlight
  readonly pendingFrames: PendingFrames
  /** Null if names of clients are not asked for. */
  readonly hostnames: HostnameCache | null
  readonly connectionInFlightMaxBytes: number
  readonly metrics: StreamMetrics
}

export interface StreamShareConfig {
  readonly in_flight_max: string
  readonly connection_in_flight_max: string
  readonly pending_max: string
  readonly source_hostname_key?: string
}

export interface StreamMetrics {
  readonly receivedBytes: Counter
  limitHits(limit: string): Counter
  /** Connections closed because of what came over them. */
  errors(reason: string): Counter
}

export function streamShare(config: StreamShareConfig, context: InputContext): StreamShare {
  const { metrics, memory } = context
  return {
    context,
    inFlight: new InFlight(sizeInBytes(config.in_flight_max), metrics, memory),
    pendingFrames: new PendingFrames(sizeInBytes(config.pending_max), metrics, memory),
    hostnames: config.source_hostname_key === undefined ? null : hostnameCache(context),
    connectionInFlightMaxBytes: sizeInBytes(config.connection_in_flight_max),
    metrics: streamMetrics(metrics),
  }
}

function streamMetrics(metrics: Metrics): StreamMetrics {
  for (const limit of ['pending_max', 'frame_timeout', 'idle_timeout']) limitHits(metrics, limit)
  return {
    receivedBytes: metrics.counter('received_bytes_total', 'Bytes read from connections.'),
    limitHits: (limit) => limitHits(metrics, limit),
    errors: (reason) => connectionErrors(metrics, reason),
  }
}
