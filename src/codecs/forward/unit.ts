/** What comes out of a forward connection; made by forward/frames.ts. */
import type { Lease } from '../lease.ts'

export type ForwardFormat = 'msgpack' | 'json' | 'unknown'

export type ForwardUnit = EntriesUnit | CompressedUnit | RefusedUnit

interface UnitBase {
  readonly tag: string
  /**
   * The chunk ids to acknowledge, in order, once the unit has been taken; none when the sender
   * wants no acknowledgement. They are bytes: senders compare them with theirs to the last one.
   */
  readonly chunks: readonly Uint8Array[]
  /** Bytes that the unit took on the wire. */
  readonly wireBytes: number
  /** Of the memory that its bytes are in, to be released when they are not needed any more. */
  readonly lease: Lease | null
}

/** A run of canonical entries (entry.ts); `count` may be 0 when chunks wait or all were dropped. */
export interface EntriesUnit extends UnitBase {
  readonly kind: 'entries'
  readonly entries: Uint8Array
  readonly count: number
  /** Events that were dropped, by reason; null when there were none. */
  readonly invalid: ReadonlyMap<string, number> | null
}

/** A packed payload to decompress; then `ForwardDecoder.decodePayload` makes an EntriesUnit. */
export interface CompressedUnit extends UnitBase {
  readonly kind: 'compressed'
  readonly codec: 'gzip' | 'zstd'
  readonly payload: Uint8Array
}

/** A frame whose content is no log, or cannot be read. It is to be acknowledged and counted. */
export interface RefusedUnit extends UnitBase {
  readonly kind: 'refused'
  readonly reason:
    | 'fluent_signal_metrics'
    | 'fluent_signal_traces'
    | 'fluent_signal_unknown'
    | 'unknown_compression'
  readonly count: number
}
