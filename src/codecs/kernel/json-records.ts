/**
 * JSON objects one after the other, read by the kernel (assembly/json-records.ts). What it stops
 * before is for the twins: ../records/line-body.ts, ../records/json-body.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import type { LineFormat } from '../formats/format.ts'
import { JsonFormat } from '../formats/json.ts'
import { TimedFormat } from '../formats/timed.ts'
import { ASIDE_BYTES, type Kernel } from './kernel.ts'
import type { TimeReader } from '../time/time-reader.ts'
import { BY_SIZE, timeWayOf } from './time-ways.ts'
import { KernelWindow } from './window.ts'

/** What is between two objects. */
const SEPARATORS = { line: 0, comma: 1, space: 2 } as const
export type Separator = keyof typeof SEPARATORS

const DONE = 0
const FULL = 3
/** Levels that the kernel takes; with fewer allowed it is of no use. */
const DEPTH_MAX = 33

/** Objects between `start` and `end`; longer lines, where there are lines, are for the twin. */
export interface UsualRun {
  readonly start: number
  readonly end: number
  readonly separator: Separator
  readonly lineMaxBytes: number
}

export interface KernelJsonOptions {
  /** Added to every record, as a map's fields; a record that has one of them is for the twin. */
  readonly fields: Uint8Array
  readonly fieldCount: number
  /** The field that a time is taken out of; null for none but the format's. */
  readonly timeKey: Uint8Array | null
  /** How it is written; null or absent for one of the usual ways, whatever its unit. */
  readonly timeReader?: TimeReader | null
}

export class KernelJsonRecords {
  /** How many entries the last call has made. */
  count = 0
  /** Whether the last call has stopped behind an object, not before one. */
  isBehind = false
  readonly #kernel: Kernel
  readonly #window: KernelWindow
  readonly #texts: Uint8Array
  readonly #timeLength: number
  readonly #fieldsLength: number
  readonly #fieldCount: number
  readonly #way: number
  readonly #keepsTime: boolean

  /** Null if the kernel cannot be of use. */
  static create(
    kernel: Kernel | null,
    format: LineFormat,
    options: KernelJsonOptions,
  ): KernelJsonRecords | null {
    const timed = format instanceof TimedFormat ? format : null
    const json = timed?.inner ?? format
    if (kernel === null || !(json instanceof JsonFormat) || json.depthMax < DEPTH_MAX) return null
    // Two fields that say a time are for the twin.
    if (timed !== null && options.timeKey !== null) return null
    const key = timed === null ? options.timeKey : Buffer.from(timed.field)
    const reader = timed?.reader ?? (options.timeKey && options.timeReader)
    const way = reader ? timeWayOf(reader) : BY_SIZE
    const fits = (key?.length ?? 0) + options.fields.length <= ASIDE_BYTES
    if (way === undefined || !fits) return null
    return new KernelJsonRecords(kernel, options, { key, way, keeps: timed?.keep ?? false })
  }

  private constructor(
    kernel: Kernel,
    { fields, fieldCount }: KernelJsonOptions,
    time: { readonly key: Uint8Array | null; readonly way: number; readonly keeps: boolean },
  ) {
    const key = time.key ?? new Uint8Array(0)
    this.#kernel = kernel
    this.#window = new KernelWindow(kernel)
    this.#texts = Buffer.concat([key, fields])
    this.#timeLength = key.length
    this.#fieldsLength = fields.length
    this.#fieldCount = fieldCount
    this.#way = time.way
    this.#keepsTime = time.keeps
  }

  /** To be called before the bytes of another array come, and when they may be gone. */
  reset(): void {
    this.#window.reset()
  }

  /** The time of what says none. */
  begin(seconds: number, nanoseconds: number): void {
    const { memory, aside, functions } = this.#kernel
    memory.set(this.#texts, aside)
    functions.startRecords(
      aside,
      this.#timeLength,
      this.#fieldsLength,
      this.#fieldCount,
      this.#way,
      this.#keepsTime ? 1 : 0,
      seconds,
      nanoseconds,
    )
  }

  /**
   * Appends the entries of the objects from `start` on, right behind `begin`; returns where it
   * stopped. Unless in lines, the first one has to begin there.
   */
  read(bytes: Uint8Array, run: UsualRun, writer: ByteWriter): number {
    const { start, end, lineMaxBytes } = run
    const separator = SEPARATORS[run.separator]
    const { memory, target, targetEnd, functions } = this.#kernel
    const window = this.#window
    let position = start
    this.count = 0
    this.isBehind = false
    while (position < end) {
      window.open(bytes, position, end)
      const { shift } = window
      const to = Math.min(end, window.end) + shift
      const from = position + shift
      const status = functions.readRecords(from, to, target, targetEnd, separator, lineMaxBytes)
      const stoppedAt = this.#kernel.stoppedAt - shift
      if (this.#kernel.targetUsed > target)
        writer.append(memory.subarray(target, this.#kernel.targetUsed))
      this.count += this.#kernel.count
      const isStuck = stoppedAt === position
      position = stoppedAt
      this.isBehind = status === DONE && run.separator !== 'line'
      // Beyond the window there may be more of what it has stopped before.
      if (isStuck || this.isBehind || (status !== FULL && window.end >= end)) break
    }
    return position
  }
}
