/**
 * Entries with JSON in one of their fields, parsed by the kernel (assembly/parse-json.ts). What it
 * stops before is for the twin: ../formats/entry-parser.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import type { EntryParserOptions } from '../formats/entry-parser.ts'
import { JsonFormat } from '../formats/json.ts'
import { TimedFormat } from '../formats/timed.ts'
import { EntryWindow } from './entry-window.ts'
import { ASIDE_BYTES, type Kernel } from './kernel.ts'
import { timeWayOf } from './time-ways.ts'

/** Longer names are for the twin. */
const NAME_BYTES_MAX = 31
const UNUSUAL = 1
const FULL = 3
const KEEPS_ORIGINAL = 1
const KEEPS_TIME = 2
const KEEPS_TIME_FIELD = 4

export class KernelParseJson {
  /** How many entries the last call has parsed. */
  parsed = 0
  readonly #kernel: Kernel
  readonly #window: EntryWindow
  readonly #texts: Uint8Array
  /** What `startParsing` gets. */
  readonly #lengths: readonly [number, number, number, number]
  readonly #way: number
  readonly #flags: number

  /** Null if the kernel cannot be of use. */
  static create(kernel: Kernel | null, options: EntryParserOptions): KernelParseJson | null {
    const way = wayOf(options)
    const names = [options.field, ...(options.target === null ? [] : [options.target])]
    const fits = names.every((name) => isShort(name)) && textsOf(options).length <= ASIDE_BYTES
    return kernel && fits && way !== undefined ? new KernelParseJson(kernel, options, way) : null
  }

  private constructor(kernel: Kernel, options: EntryParserOptions, way: number) {
    const { format, keepOriginal, keepTime } = options
    const keepsField = format instanceof TimedFormat && format.keep
    const [field, target, prefix, time] = partsOf(options)
    this.#kernel = kernel
    this.#window = new EntryWindow(kernel)
    this.#texts = textsOf(options)
    this.#lengths = [field.length, target.length, prefix.length, time.length]
    this.#way = way
    this.#flags =
      (keepOriginal ? KEEPS_ORIGINAL : 0) |
      (keepTime ? KEEPS_TIME : 0) |
      (keepsField ? KEEPS_TIME_FIELD : 0)
  }

  /** To be called before the entries of another array come. */
  reset(): void {
    this.#window.reset()
  }

  /**
   * Appends what becomes of the entries from `offset` on; returns the offset of the first that is
   * for the twin, or where they end.
   */
  parse(entries: Uint8Array, offset: number, writer: ByteWriter): number {
    this.parsed = 0
    let position = offset
    while (position < entries.length) {
      // An entry that is larger than the source.
      if (!this.#window.open(entries, position)) return position
      const stopped = this.#parseLoaded(position, writer)
      if (stopped < this.#window.end) return stopped
      position = stopped
    }
    return position
  }

  #parseLoaded(offset: number, writer: ByteWriter): number {
    const kernel = this.#kernel
    const { memory, target, targetEnd, aside, functions } = kernel
    memory.set(this.#texts, aside)
    functions.startParsing(aside, ...this.#lengths, this.#way, this.#flags)
    const { shift } = this.#window
    let position = offset + shift
    const end = this.#window.end + shift
    while (position < end) {
      const status = functions.parseJson(position, end, target, targetEnd)
      const isNothing = kernel.targetUsed === target
      if (!isNothing) writer.append(memory.subarray(target, kernel.targetUsed))
      this.parsed += functions.parsedCount()
      position = kernel.stoppedAt
      if (status === UNUSUAL || (status === FULL && isNothing)) break
    }
    return position - shift
  }
}

/** 0 for JSON without a time, undefined for what the kernel cannot read. */
function wayOf({ format }: EntryParserOptions): number | undefined {
  if (format instanceof JsonFormat) return 0
  if (!(format instanceof TimedFormat) || !(format.inner instanceof JsonFormat)) return undefined
  return isShort(format.field) ? timeWayOf(format.reader) : undefined
}

function isShort(name: string): boolean {
  const { length } = Buffer.from(name)
  return length > 0 && length <= NAME_BYTES_MAX
}

/** Field, target as a short str, prefix, name of the time. */
function partsOf({ field, target, prefix, format }: EntryParserOptions) {
  const name = Buffer.from(target ?? '')
  const time = format instanceof TimedFormat ? format.field : ''
  return [
    Buffer.from(field),
    target === null ? name : Buffer.concat([Buffer.from([0xa0 | name.length]), name]),
    Buffer.from(prefix),
    Buffer.from(time),
  ] as const
}

function textsOf(options: EntryParserOptions): Uint8Array {
  return Buffer.concat(partsOf(options))
}
