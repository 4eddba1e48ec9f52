/** Gathers a body that can only be read as a whole, up to a bound. */
import { CodecError } from '../codec-error.ts'

export class WholeBody {
  heldBytes = 0
  readonly #bytesMax: number
  #parts: Uint8Array[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  push(bytes: Uint8Array): CodecError | null {
    this.heldBytes += bytes.length
    if (this.heldBytes > this.#bytesMax) return this.#failTooLarge()
    this.#parts.push(bytes)
    return null
  }

  /** All of it; lets go of it. */
  take(): Uint8Array {
    const parts = this.#parts
    this.#parts = []
    this.heldBytes = 0
    return parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts))
  }

  #failTooLarge(): CodecError {
    return new CodecError({
      reason: 'body_max',
      offset: this.#bytesMax,
      found: 'a body that goes on',
      expected: `at most ${this.#bytesMax} bytes, or NDJSON, which may have any length`,
    })
  }
}
