/** Whole entries of one array in the kernel's source, which is smaller than some arrays. */
import { type Kernel, SOURCE_BYTES } from './kernel.ts'

const DEPTH_MAX = 0x7fff
const COUNT_MAX = 0x7fff_ffff

export class EntryWindow {
  readonly #kernel: Kernel
  #start = 0
  #end = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Add it to a position of the array for an offset of the kernel, and take it away again. */
  get shift(): number {
    return this.#kernel.source - this.#start
  }

  /** Up to where in the array the kernel has whole entries. */
  get end(): number {
    return this.#end
  }

  /** To be called before the entries of another array come. */
  reset(): void {
    this.#start = this.#end = 0
  }

  /** As many whole entries from `position` on as fit; false if not even one does. */
  open(entries: Uint8Array, position: number): boolean {
    if (position >= this.#end || this.#kernel.sourceOwner !== this) this.#load(entries, position)
    return this.#end > position
  }

  #load(entries: Uint8Array, offset: number): void {
    const kernel = this.#kernel
    const length = Math.min(entries.length - offset, SOURCE_BYTES)
    kernel.memory.set(entries.subarray(offset, offset + length), kernel.source)
    kernel.sourceOwner = this
    this.#start = offset
    this.#end = offset + length
    if (this.#end === entries.length) return
    const { functions, source } = kernel
    functions.checkEntries(source, source + length, DEPTH_MAX, COUNT_MAX)
    this.#end = kernel.stoppedAt - source + offset
  }
}
