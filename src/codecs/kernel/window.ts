/** Bytes of one array in the kernel's source. */
import { SOURCE_BYTES } from './kernel.ts'
import { SourceWindow } from './source-window.ts'

/** With less than this left of a window, the next one is worth loading. */
const SHORT_BYTES = SOURCE_BYTES / 2

const NOTHING = new Uint8Array(0)

export class KernelWindow extends SourceWindow {
  #bytes: Uint8Array = NOTHING

  override reset(): void {
    super.reset()
    this.#bytes = NOTHING
  }

  /** Sees to it that the bytes from `position` on are there: all up to `end`, or a good part. */
  open(bytes: Uint8Array, position: number, end: number): void {
    const isThere =
      bytes === this.#bytes &&
      this.isLoaded &&
      position >= this.start &&
      (this.end >= end || this.end - position > SHORT_BYTES)
    if (isThere) return
    this.put(bytes, position, Math.min(end, position + SOURCE_BYTES))
    this.#bytes = bytes
  }
}
