/** Bytes of one array in the kernel's source, which is smaller than some arrays. */
import { type Kernel, SOURCE_BYTES } from './kernel.ts'

/** With less than this left of a window, the next one is worth loading. */
const SHORT_BYTES = SOURCE_BYTES / 2

const NOTHING = new Uint8Array(0)

export class KernelWindow {
  readonly #kernel: Kernel
  #bytes: Uint8Array = NOTHING
  #start = 0
  #end = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Add it to a position of the array for an offset of the kernel, and take it away again. */
  get shift(): number {
    return this.#kernel.source - this.#start
  }

  /** Up to where in the array the kernel has its bytes. */
  get end(): number {
    return this.#end
  }

  /** To be called before the bytes of an array change: what is loaded is of no use any more. */
  reset(): void {
    this.#bytes = NOTHING
    this.#start = this.#end = 0
  }

  /** Sees to it that the bytes from `position` on are there: all up to `end`, or a good part. */
  open(bytes: Uint8Array, position: number, end: number): void {
    const isLoaded =
      bytes === this.#bytes &&
      this === this.#kernel.sourceOwner &&
      position >= this.#start &&
      (this.#end >= end || this.#end - position > SHORT_BYTES)
    if (!isLoaded) this.#load(bytes, position, end)
  }

  #load(bytes: Uint8Array, position: number, end: number): void {
    const to = Math.min(end, position + SOURCE_BYTES)
    this.#kernel.memory.set(bytes.subarray(position, to), this.#kernel.source)
    this.#kernel.sourceOwner = this
    this.#bytes = bytes
    this.#start = position
    this.#end = to
  }
}
