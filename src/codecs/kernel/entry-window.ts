/** Whole entries of one array in the kernel's source. */
import { SOURCE_BYTES } from './kernel.ts'
import { SourceWindow } from './source-window.ts'

const DEPTH_MAX = 0x7fff
const COUNT_MAX = 0x7fff_ffff

export class EntryWindow extends SourceWindow {
  /** As many whole entries from `position` on as fit; false if not even one does. */
  open(entries: Uint8Array, position: number): boolean {
    if (position >= this.end || !this.isLoaded) this.#load(entries, position)
    return this.end > position
  }

  #load(entries: Uint8Array, offset: number): void {
    this.put(entries, offset, Math.min(entries.length, offset + SOURCE_BYTES))
    if (this.end === entries.length) return
    const { functions, source } = this.kernel
    functions.checkEntries(source, source + this.end - offset, DEPTH_MAX, COUNT_MAX)
    this.end = this.kernel.stoppedAt - source + offset
  }
}
