/** One batch on its way through the filter: what stays in it, what is taken out, what comes in. */
import { ByteWriter } from '../../../../codecs/byte-writer.ts'
import type { Batch } from '../../../batch.ts'
import type { Line, Part } from './line.ts'

/** Numbers calls of `process`, to tell their parts from those of earlier ones. */
let lastCall = 0

export class BatchWork {
  readonly call = ++lastCall
  readonly batch: Batch
  /** Parts of this batch that wait for others. */
  readonly waiting = new Map<Line, Part[]>()
  /** Lines that this batch completes. */
  readonly joined: Line[] = []
  /** Events of earlier batches in them. */
  released = 0
  readonly #writer = new ByteWriter(0)
  /** Entries taken out, those joined included. */
  #taken = 0
  /** Lines of earlier batches put in front of an entry. */
  #inserted = 0
  /** What is written reaches to here. */
  #position = 0

  constructor(batch: Batch) {
    this.batch = batch
  }

  get isUntouched(): boolean {
    return this.#taken === 0 && this.#inserted === 0
  }

  get waitingEvents(): number {
    let count = 0
    for (const parts of this.waiting.values()) count += parts.length
    return count
  }

  /** Takes the entry from `start` to `end` out. */
  takeOut(start: number, end: number): void {
    if (this.isUntouched) this.#writer.reserve(this.batch.entries.length)
    this.#writer.append(this.batch.entries.subarray(this.#position, start))
    this.#position = end
    this.#taken++
  }

  /** Puts the joined line in front of the entry that starts at `start`. */
  joinBefore(start: number, line: Line): void {
    if (this.isUntouched) this.#writer.reserve(this.batch.entries.length)
    this.#writer.append(this.batch.entries.subarray(this.#position, start))
    this.#position = start
    this.#inserted++
    this.join(line)
  }

  wait(line: Line, part: Part): void {
    const parts = this.waiting.get(line)
    if (parts) parts.push(part)
    else this.waiting.set(line, [part])
  }

  /** Puts the joined line where its last part has been taken out. */
  join(line: Line): void {
    this.waiting.delete(line)
    this.joined.push(line)
    this.released += line.heldEvents
    line.write(this.#writer)
  }

  /** What goes on, or null. */
  rest(): Batch | null {
    const count = this.batch.count - this.#taken + this.joined.length
    if (count === 0) return null
    this.#writer.append(this.batch.entries.subarray(this.#position))
    return { ...this.batch, entries: this.#writer.written(), count }
  }
}
