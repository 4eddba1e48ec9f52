/**
 * Bytes of incomplete messages over all connections of an input. Holding connections back would
 * not help, because only more bytes complete a message, so the one that goes over the limit ends.
 */
import type { Gauge, Metrics } from '../../pipeline/metrics.ts'

export class PendingFrames {
  readonly #bytesMax: number
  readonly #gauge: Gauge
  #bytes = 0

  constructor(bytesMax: number, metrics: Metrics) {
    this.#bytesMax = bytesMax
    this.#gauge = metrics.gauge('pending_frame_bytes', 'Bytes of incomplete messages.')
  }

  /** Notes that a connection holds that many bytes more (or less); false if that is too many. */
  change(bytes: number): boolean {
    if (bytes === 0) return true
    this.#bytes += bytes
    this.#gauge.add(bytes)
    return bytes < 0 || this.#bytes <= this.#bytesMax
  }
}
