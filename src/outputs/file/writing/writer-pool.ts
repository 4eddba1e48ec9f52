/** Byte arrays for encoded lines, used again, so that thousands of idle files hold no memory. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'

const POOLED_MAX = 32
const POOLED_BYTES_MAX = 1024 * 1024

export class WriterPool {
  readonly #free: ByteWriter[] = []

  take(): ByteWriter {
    return this.#free.pop() ?? new ByteWriter()
  }

  give(writer: ByteWriter): void {
    if (this.#free.length >= POOLED_MAX || writer.bytes.length > POOLED_BYTES_MAX) return
    writer.clear()
    this.#free.push(writer)
  }
}
