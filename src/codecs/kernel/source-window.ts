/** Part of one array in the kernel's source, which is smaller than some arrays. */
import type { Kernel } from './kernel.ts'

export class SourceWindow {
  /** Up to where in the array the kernel has it. */
  end = 0
  protected start = 0
  protected readonly kernel: Kernel

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  /** Add it to a position of the array for an offset of the kernel, and take it away again. */
  get shift(): number {
    return this.kernel.source - this.start
  }

  /** To be called before the array changes or another comes: what is loaded is of no use then. */
  reset(): void {
    this.start = this.end = 0
  }

  protected get isLoaded(): boolean {
    return this.kernel.sourceOwner === this
  }

  /** Puts what is from `start` to `end` into the source. */
  protected put(bytes: Uint8Array, start: number, end: number): void {
    this.kernel.memory.set(bytes.subarray(start, end), this.kernel.source)
    this.kernel.sourceOwner = this
    this.start = start
    this.end = end
  }
}
