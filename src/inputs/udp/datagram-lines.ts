/** Datagrams of lines as batches: those of one turn of the event loop, one batch per tag. */
import type { DatagramDecoder, Decoded } from '../support/decoded.ts'
import type { LineMaker, SenderLines } from '../support/line-options.ts'

const BATCH_BYTES = 16 * 1024

export class DatagramLines implements DatagramDecoder {
  readonly #maker: LineMaker
  /** By sender, or all together where nobody asks who it was. */
  readonly #lines = new Map<string, SenderLines>()
  #last: SenderLines | null = null
  #lastAddress = ''

  constructor(maker: LineMaker) {
    this.#maker = maker
  }

  /** The end of a datagram is the end of a line, with a delimiter or without. */
  push(bytes: Uint8Array, address: string): void {
    const { body, collector } = this.#linesOf(address)
    body.push(bytes, collector)
    body.end(collector)
  }

  take(): Decoded[] {
    const batches: Decoded[] = []
    for (const { tag, collector } of this.#lines.values()) {
      const { count, failedCount } = collector
      const entries = collector.finish()
      this.#maker.parseFailed.add(failedCount)
      if (count > 0) batches.push({ tag, entries, count, lease: collector.lease })
    }
    this.#lines.clear()
    this.#last = null
    return batches
  }

  #linesOf(address: string): SenderLines {
    if (this.#last !== null && this.#lastAddress === address) return this.#last
    const key = this.#maker.needsSource ? address : ''
    let lines = this.#lines.get(key)
    if (!lines) {
      lines = this.#maker.of({ address, hostname: '' })
      lines.collector.begin(BATCH_BYTES, this.#maker.arrival())
      this.#lines.set(key, lines)
    }
    this.#last = lines
    this.#lastAddress = address
    return lines
  }
}
