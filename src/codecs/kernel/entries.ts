/**
 * The usual forms of entries by the kernel (assembly/entries.ts). What it stops before is for the
 * twins: ../forward/frames.ts and ../forward/entries.ts.
 */
import { type Kernel } from './kernel.ts'
import { KernelWindow } from './window.ts'

/** Longer tags are for the twin. */
export const TAG_BYTES_MAX = 255
const COUNT_MAX = 0x7fff_ffff
/** Status of `readMessages`: the next frame is as usual, but for its tag. */
const OTHER_TAG = 2

export class KernelEntries {
  /** How many entries the last call has read. */
  count = 0
  /** Whether `messages` has stopped before a frame with another tag. */
  stoppedAtTag = false
  readonly #kernel: Kernel
  readonly #window: KernelWindow
  readonly #depthMax: number

  constructor(kernel: Kernel, depthMax: number) {
    this.#kernel = kernel
    this.#window = new KernelWindow(kernel)
    this.#depthMax = depthMax
  }

  /** To be called before the bytes of an array change. */
  reset(): void {
    this.#window.reset()
  }

  /** What the last `messages` or `convert` has made; valid until the next call of anything. */
  get made(): Uint8Array {
    return this.#kernel.memory.subarray(this.#kernel.target, this.#kernel.targetUsed)
  }

  /** Reads Message frames of one tag between `start` and `end`; returns where it stopped. */
  messages(bytes: Uint8Array, start: number, end: number, tag: Uint8Array): number {
    const { memory, aside, target, targetEnd, functions } = this.#kernel
    memory.set(tag, aside)
    this.#window.open(bytes, start, end)
    const from = start + this.#window.shift
    const to = this.#windowEnd(end)
    const depthMax = this.#depthMax
    const { length } = tag
    const status = functions.readMessages(from, to, target, targetEnd, aside, length, depthMax)
    this.stoppedAtTag = status === OTHER_TAG
    return this.#stopped()
  }

  /** Passes over canonical entries between `start` and `end`; returns where it stopped. */
  canonical(bytes: Uint8Array, start: number, end: number, countMax = COUNT_MAX): number {
    this.#window.open(bytes, start, end)
    const { shift } = this.#window
    this.#kernel.functions.checkEntries(
      start + shift,
      this.#windowEnd(end),
      this.#depthMax,
      countMax,
    )
    return this.#stopped()
  }

  /** Makes usual entries between `start` and `end` canonical; returns where it stopped. */
  convert(bytes: Uint8Array, start: number, end: number): number {
    const { target, targetEnd, functions } = this.#kernel
    this.#window.open(bytes, start, end)
    const from = start + this.#window.shift
    const to = this.#windowEnd(end)
    functions.convertEntries(from, to, target, targetEnd, this.#depthMax, COUNT_MAX)
    return this.#stopped()
  }

  /** What lies across the end of the window looks as if it was not whole: the twin takes it. */
  #windowEnd(end: number): number {
    return Math.min(end, this.#window.end) + this.#window.shift
  }

  #stopped(): number {
    this.count = this.#kernel.count
    return this.#kernel.stoppedAt - this.#window.shift
  }
}
