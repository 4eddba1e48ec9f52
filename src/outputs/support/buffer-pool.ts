/**
 * Memory for slices of encoded lines, used again: at a steady rate none is asked of the system, and
 * what is kept for later has a bound. A slice of a few lines gets little, so that slices of
 * hundreds of files cost little too.
 */
import { ByteWriter } from '../../codecs/byte-writer.ts'

/** How long a slice should be: 1 MiB costs 5 % more per record, 4 MiB hardly less. */
export const SLICE_BYTES = 2 * 1024 * 1024
const SIZES = [4 * 1024, 64 * 1024, SLICE_BYTES] as const
/** What is kept, all sizes together; a writer that has grown beyond the second is not kept. */
const KEPT_BYTES_MAX = 4 * SLICE_BYTES
const KEPT_WRITER_BYTES_MAX = 2 * SLICE_BYTES

export class BufferPool {
  readonly #kept = SIZES.map((): ByteWriter[] => [])
  #keptBytes = 0

  /** An empty writer with room for so many bytes, or for the most that is kept. */
  take(bytes: number): ByteWriter {
    let size = 0
    while (size < SIZES.length - 1 && SIZES[size]! < bytes) size++
    const kept = this.#kept[size]!.pop()
    if (!kept) return new ByteWriter(SIZES[size])
    this.#keptBytes -= kept.bytes.length
    return kept
  }

  /** The writer is not to be used any more. */
  give(writer: ByteWriter): void {
    const bytes = writer.bytes.length
    if (bytes > KEPT_WRITER_BYTES_MAX || this.#keptBytes + bytes > KEPT_BYTES_MAX) return
    let size = SIZES.length - 1
    while (SIZES[size]! > bytes) size--
    writer.clear()
    this.#kept[size]!.push(writer)
    this.#keptBytes += bytes
  }
}
