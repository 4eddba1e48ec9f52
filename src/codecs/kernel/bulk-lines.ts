/**
 * Events to bodies of bulk requests by the kernel (assembly/bulk-lines.ts). The twin, which encodes
 * what the kernel leaves alone and all where there is no kernel: ../bulk/bulk-lines.ts.
 */
import { BulkLines, type BulkRun, createBulkEncoder as createTwin } from '../bulk/bulk-lines.ts'
import type { BulkAction, BulkEncoder, BulkEvents, BulkFormat, LineStarts } from '../bulk/format.ts'
import { EVENTS_MAX } from '../bulk/ids.ts'
import type { ByteWriter } from '../byte-writer.ts'
import { BulkTemplate } from './bulk-template.ts'
import { type Kernel, sharedKernel, SOURCE_BYTES } from './kernel.ts'

const COUNT_MAX = 0x7fff_ffff
const DEPTH_MAX = 0x7fff
/** What `putBulkLines` answers when an entry is for the twin, or its lines too long. */
const UNUSUAL = 1
const FULL = 2
/** How many lines begin in one call at most. */
const STARTS_MAX = 4096

/** Encodes with `kernel`, or with the twin alone where it is null. */
export function createBulkEncoder(
  format: BulkFormat,
  kernel: Kernel | null = sharedKernel,
): BulkEncoder {
  if (kernel === null || !BulkTemplate.canDo(format)) return createTwin(format)
  const encoder = new KernelBulkLines(format, kernel)
  return (events, action, body, starts) => encoder.encode(events, action, body, starts)
}

class KernelBulkLines {
  readonly #kernel: Kernel
  readonly #twin: BulkLines
  readonly #template: BulkTemplate
  readonly #lineStarts: Uint32Array

  constructor(format: BulkFormat, kernel: Kernel) {
    this.#kernel = kernel
    this.#twin = new BulkLines(format)
    this.#template = new BulkTemplate(format, this.#twin, kernel)
    const at = kernel.functions.bulkStarts()
    this.#lineStarts = new Uint32Array(kernel.memory.buffer, at, STARTS_MAX)
  }

  encode(events: BulkEvents, action: BulkAction, body: ByteWriter, starts: LineStarts): void {
    const { entries, firstEvent } = events
    const run = this.#twin.run(events, action)
    const isUsed = this.#template.use(run)
    let place = firstEvent
    for (let offset = 0; offset < entries.length;) {
      // Places whose ids are longer are for the twin, and entries larger than the kernel's source.
      const whole = isUsed && place < EVENTS_MAX - SOURCE_BYTES ? this.#load(entries, offset) : 0
      const before = starts.length
      if (whole === 0) {
        starts.push(body.length)
        offset = this.#twin.encode(run, entries, offset, place, body)
      } else {
        this.#encodeLoaded({ run, entries, offset, whole, place }, body, starts)
        offset += whole
      }
      place += starts.length - before
    }
  }

  /** Lays entries from `offset` on into the source; returns how many bytes whole ones take. */
  #load(entries: Uint8Array, offset: number): number {
    const { memory, source, functions } = this.#kernel
    const length = Math.min(entries.length - offset, SOURCE_BYTES)
    const isAll = length === entries.length - offset
    memory.set(isAll && offset === 0 ? entries : entries.subarray(offset, offset + length), source)
    this.#kernel.sourceOwner = this
    if (isAll) return length
    functions.checkEntries(source, source + length, DEPTH_MAX, COUNT_MAX)
    return this.#kernel.stoppedAt - source
  }

  #encodeLoaded(loaded: LoadedEntries, body: ByteWriter, starts: LineStarts): void {
    const kernel = this.#kernel
    const { memory, source, target, targetEnd, functions } = kernel
    const { run, entries, offset, whole } = loaded
    const end = source + whole
    let place = loaded.place
    let position = source
    while (position < end) {
      const status = functions.putBulkLines(position, end, target, targetEnd, place)
      const { count } = kernel
      if (count > 0) {
        this.#putStarts(count, body.length, starts)
        body.append(memory.subarray(target, kernel.targetUsed))
      }
      place += count
      position = kernel.stoppedAt
      const isForTwin = status === UNUSUAL || (status === FULL && count === 0)
      if (!isForTwin) continue
      const from = offset + position - source
      starts.push(body.length)
      position += this.#twin.encode(run, entries, from, place, body) - from
      place++
    }
  }

  #putStarts(count: number, bodyLength: number, starts: LineStarts): void {
    starts.reserve(count)
    const { offsets, length } = starts
    for (let index = 0; index < count; index++) {
      offsets[length + index] = bodyLength + this.#lineStarts[index]!
    }
    starts.length += count
  }
}

/** Entries in the source, `whole` bytes of `entries` from `offset` on; the first is at `place`. */
interface LoadedEntries {
  readonly run: BulkRun
  readonly entries: Uint8Array
  readonly offset: number
  readonly whole: number
  readonly place: number
}
