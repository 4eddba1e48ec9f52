/**
 * Lines of Docker's json-file driver to entries by the kernel (assembly/docker-lines.ts), as far as
 * they are as usual. What it stops before is for the twin: ../formats/docker.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import type { PlainLinesMade } from '../lines/plain-lines.ts'
import { ASIDE_BYTES, type Kernel, sharedKernel } from './kernel.ts'
import { KernelWindow } from './window.ts'

const FULL = 3

export class KernelDockerLines {
  readonly #kernel: Kernel | null
  readonly #window: KernelWindow | null

  constructor(kernel: Kernel | null = sharedKernel) {
    this.#kernel = kernel
    this.#window = kernel && new KernelWindow(kernel)
  }

  /** To be called before the bytes of an array change. */
  reset(): void {
    this.#window?.reset()
  }

  /**
   * Appends an entry for each usual line from `start` on: its time, `prefix` (a map's header,
   * fields and the key of the text), its text without the line end, and the field `stream`. Stops
   * before the first other line, or one that is not whole.
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    prefix: Uint8Array,
    writer: ByteWriter,
  ): PlainLinesMade {
    const kernel = this.#kernel
    const window = this.#window
    let count = 0
    let position = start
    if (kernel === null || window === null || prefix.length > ASIDE_BYTES)
      return { count, used: position }
    const { memory, aside, target, targetEnd, functions } = kernel
    memory.set(prefix, aside)
    while (position < end) {
      window.open(bytes, position, end)
      const from = position + window.shift
      const to = Math.min(end, window.end) + window.shift
      const status = functions.putDockerLines(from, to, target, targetEnd, aside, prefix.length)
      if (kernel.count > 0) writer.append(memory.subarray(target, kernel.targetUsed))
      count += kernel.count
      position = kernel.stoppedAt - window.shift
      const isOver = status !== FULL && window.end >= end
      if (isOver || kernel.count === 0) break
    }
    return { count, used: position }
  }
}
