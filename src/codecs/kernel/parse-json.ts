/**
 * Entries with JSON in one of their fields, parsed by the kernel (assembly/parse-json.ts). What it
 * stops before is for the twin: ../formats/entry-parser.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { type Kernel, SOURCE_BYTES } from './kernel.ts'

/** Longer names are for the twin. */
const NAME_BYTES_MAX = 31
const DEPTH_MAX = 0x7fff
const COUNT_MAX = 0x7fff_ffff
const UNUSUAL = 1
const FULL = 3

export class KernelParseJson {
  /** How many entries the last call has parsed. */
  parsed = 0
  readonly #kernel: Kernel
  readonly #field: Uint8Array
  /** Which bytes of the entries are in the kernel's source. */
  #start = 0
  #end = 0

  /** Null if the kernel cannot be of use. */
  static create(kernel: Kernel | null, field: string): KernelParseJson | null {
    const name = new TextEncoder().encode(field)
    const fits = name.length > 0 && name.length <= NAME_BYTES_MAX
    return kernel && fits ? new KernelParseJson(kernel, name) : null
  }

  private constructor(kernel: Kernel, field: Uint8Array) {
    this.#kernel = kernel
    this.#field = field
  }

  /** To be called before the entries of another array come. */
  reset(): void {
    this.#start = this.#end = 0
  }

  /**
   * Appends what becomes of the entries from `offset` on; returns the offset of the first that is
   * for the twin, or where they end.
   */
  parse(entries: Uint8Array, offset: number, writer: ByteWriter): number {
    this.parsed = 0
    let position = offset
    while (position < entries.length) {
      if (position >= this.#end || this.#kernel.sourceOwner !== this) this.#load(entries, position)
      // An entry that is larger than the source.
      if (this.#end <= position) return position
      const stopped = this.#parseLoaded(position, writer)
      if (stopped < this.#end) return stopped
      position = stopped
    }
    return position
  }

  #parseLoaded(offset: number, writer: ByteWriter): number {
    const kernel = this.#kernel
    const { memory, source, target, targetEnd, aside, functions } = kernel
    const { length } = this.#field
    memory.set(this.#field, aside)
    const shift = source - this.#start
    let position = offset + shift
    const end = this.#end + shift
    while (position < end) {
      const status = functions.parseJson(position, end, target, targetEnd, aside, length)
      const isNothing = kernel.targetUsed === target
      if (!isNothing) writer.append(memory.subarray(target, kernel.targetUsed))
      this.parsed += functions.parsedCount()
      position = kernel.stoppedAt
      if (status === UNUSUAL || (status === FULL && isNothing)) break
    }
    return position - shift
  }

  /** As many whole entries as fit. */
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
