/** Entries of the batch at hand whose line cannot be read, for the step's `on_error`. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import type { Batch } from '../../batch.ts'
import type { Failed } from '../../component.ts'

interface Run {
  readonly reason: string
  readonly start: number
  count: number
}

const FIRST_BYTES = 4096

export class FailedLines {
  /** Whoever has noted a reason appends the entry to it. */
  writer = new ByteWriter(0)
  /** Neighbours of the same reason. */
  #runs: Run[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  note(reason: string): void {
    if (this.#count === 0) this.writer = new ByteWriter(FIRST_BYTES)
    this.#count++
    const last = this.#runs.at(-1)
    if (last?.reason === reason) last.count++
    else this.#runs.push({ reason, start: this.writer.length, count: 1 })
  }

  /** Before another batch comes. */
  clear(): void {
    this.#runs = []
    this.#count = 0
  }

  /** As parts of `batch`. */
  of(batch: Batch): readonly Failed[] {
    const runs = this.#runs
    const bytes = this.writer.written()
    return runs.map(({ reason, start, count }, index) => {
      const entries = bytes.subarray(start, runs[index + 1]?.start ?? bytes.length)
      return { reason, batch: { ...batch, entries, count } }
    })
  }
}
