/** A stream of lines as batches: one connection, or a pipe. */
import type { Decoded, Source, StreamDecoder } from './decoded.ts'
import type { LineMaker, SenderLines } from './line-options.ts'

/** Lines become longer by the head of an entry and the name of their field. */
const GROWTH = 1.5

export class LineStream implements StreamDecoder {
  /** Whatever comes, it is a line. */
  readonly error = null
  readonly #maker: LineMaker
  readonly #lines: SenderLines

  constructor(maker: LineMaker, source: Source) {
    this.#maker = maker
    this.#lines = maker.of(source)
  }

  get pendingBytes(): number {
    return this.#lines.body.heldBytes
  }

  push(bytes: Uint8Array): Decoded[] {
    const { body, collector } = this.#lines
    collector.begin((bytes.length + body.heldBytes) * GROWTH, this.#maker.arrival())
    body.push(bytes, collector)
    return this.#take()
  }

  end(): Decoded[] {
    const { body, collector } = this.#lines
    collector.begin(body.heldBytes * GROWTH, this.#maker.arrival())
    body.end(collector)
    return this.#take()
  }

  #take(): Decoded[] {
    const { tag, collector } = this.#lines
    const { count, failedCount } = collector
    const entries = collector.finish()
    if (count === 0) return []
    this.#maker.parseFailed.add(failedCount)
    return [{ tag, entries, count, lease: collector.lease }]
  }
}
