/**
 * The usual GELF messages by the kernel (assembly/gelf.ts). What it stops before is for the twin:
 * ../gelf/message.ts.
 */
import { type Kernel, SOURCE_BYTES } from './kernel.ts'
import { KernelWindow } from './window.ts'

/** Longer keys are for the twin. */
const KEY_BYTES_MAX = 31
const STRIPS = 1
const NUL_ENDS = 2
const NEWLINE_ENDS = 4
const END_ENDS = 8

export interface KernelGelfOptions {
  readonly strips: boolean
  readonly messageKey: Uint8Array
  readonly tagMaxBytes: number
  /** What may end a message, beside the end of the bytes that `datagram` is given. */
  readonly nulEnds: boolean
  readonly newlineEnds: boolean
}

export class KernelGelf {
  /** How many entries the last call has made. */
  count = 0
  readonly #kernel: Kernel
  readonly #window: KernelWindow
  readonly #options: KernelGelfOptions
  readonly #flags: number

  /** Null if it cannot be of use: a message must fit into the kernel, however large it may be. */
  static create(
    kernel: Kernel | null,
    options: KernelGelfOptions,
    messageMaxBytes: number,
  ): KernelGelf | null {
    const fits = messageMaxBytes >= SOURCE_BYTES && options.messageKey.length <= KEY_BYTES_MAX
    return kernel && fits ? new KernelGelf(kernel, options) : null
  }

  private constructor(kernel: Kernel, options: KernelGelfOptions) {
    this.#kernel = kernel
    this.#window = new KernelWindow(kernel)
    this.#options = options
    const { strips, nulEnds, newlineEnds } = options
    this.#flags =
      (strips ? STRIPS : 0) | (nulEnds ? NUL_ENDS : 0) | (newlineEnds ? NEWLINE_ENDS : 0)
  }

  /** What the last call has made; valid until the next call of anything. */
  get made(): Uint8Array {
    return this.#kernel.memory.subarray(this.#kernel.target, this.#kernel.targetUsed)
  }

  /** `_tag` of all messages of the last call; valid as long. Empty if they had none. */
  get tag(): Uint8Array {
    const { functions, memory } = this.#kernel
    const start = functions.gelfTag()
    return memory.subarray(start, start + functions.gelfTagLength())
  }

  /** Reads messages of one `_tag`, each with its delimiter; returns where it stopped. */
  messages(bytes: Uint8Array, start: number, end: number): number {
    return this.#read(bytes, start, end, this.#flags)
  }

  /** Reads the one message between `start` and `end`; returns whether it could. */
  datagram(bytes: Uint8Array, start: number, end: number): boolean {
    // Another array may have the same place in memory.
    this.#window.reset()
    return this.#read(bytes, start, end, this.#flags | END_ENDS) === end && this.count === 1
  }

  #read(bytes: Uint8Array, start: number, end: number, flags: number): number {
    const { memory, aside, target, targetEnd, functions } = this.#kernel
    const { messageKey, tagMaxBytes } = this.#options
    memory.set(messageKey, aside)
    this.#window.open(bytes, start, end)
    const { shift } = this.#window
    const from = start + shift
    const to = Math.min(end, this.#window.end) + shift
    const { length } = messageKey
    functions.readGelf(from, to, target, targetEnd, aside, length, flags, tagMaxBytes)
    this.count = this.#kernel.count
    return this.#kernel.stoppedAt - shift
  }
}
