/** What the connections of one `forward` input have in common. */
import type { ForwardDecoderOptions } from '../../codecs/forward/decoder.ts'
import { durationInMs, sizeInBytes } from '../../config/units.ts'
import type { InputContext } from '../../pipeline/component.ts'
import { hostnameCache, type HostnameCache } from '../support/hostname-cache.ts'
import { Decompressor } from './decompression.ts'
import { Authenticator } from './handshake.ts'
import { InFlight } from '../support/in-flight.ts'
import { forwardMetrics, type ForwardMetrics } from './metrics.ts'
import { PendingFrames } from '../support/pending-frames.ts'
import type { ForwardConfig } from './schema.ts'

export interface SessionShare {
  readonly context: InputContext
  readonly metrics: ForwardMetrics
  readonly inFlight: InFlight
  readonly pendingFrames: PendingFrames
  readonly decompressor: Decompressor
  /** Null if clients need not prove anything. */
  readonly authenticator: Authenticator | null
  /** Null if names of clients are not asked for. */
  readonly hostnames: HostnameCache | null
  readonly options: SessionOptions
}

export interface SessionOptions {
  readonly decoder: Omit<ForwardDecoderOptions, 'appendFields' | 'now'>
  /** Replaces the tag of every unit, unless null. */
  readonly tag: string | null
  /** Put before every tag, with its dot; or empty. */
  readonly tagPrefix: string
  readonly sourceAddressKey: string | null
  readonly sourceHostnameKey: string | null
  readonly denyKeepalive: boolean
  readonly tagMaxBytes: number
  readonly connectionInFlightMaxBytes: number
  readonly handshakeTimeoutMs: number
}

export function shareOf(config: ForwardConfig, context: InputContext): SessionShare {
  const { metrics, memory } = context
  const { security, source_hostname_key, deny_keepalive } = config
  return {
    context,
    metrics: forwardMetrics(metrics),
    inFlight: new InFlight(sizeInBytes(config.in_flight_max), metrics, memory),
    pendingFrames: new PendingFrames(sizeInBytes(config.pending_max), metrics, memory),
    decompressor: new Decompressor(sizeInBytes(config.decompressed_max)),
    authenticator: security ? new Authenticator(security, !deny_keepalive) : null,
    hostnames: source_hostname_key === undefined ? null : hostnameCache(context),
    options: optionsOf(config),
  }
}

function optionsOf(config: ForwardConfig): SessionOptions {
  return {
    decoder: {
      frameMaxBytes: sizeInBytes(config.frame_max),
      depthMax: config.depth_max,
      metadataKey: config.metadata_key ?? '',
    },
    tag: config.tag ?? null,
    tagPrefix: config.add_tag_prefix === undefined ? '' : `${config.add_tag_prefix}.`,
    sourceAddressKey: config.source_address_key ?? null,
    sourceHostnameKey: config.source_hostname_key ?? null,
    denyKeepalive: config.deny_keepalive,
    tagMaxBytes: sizeInBytes(config.tag_max),
    connectionInFlightMaxBytes: sizeInBytes(config.connection_in_flight_max),
    handshakeTimeoutMs: durationInMs(config.handshake_timeout),
  }
}
