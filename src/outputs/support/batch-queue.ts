/**
 * Batches on their way into one file or stream. They wait as they came, so a target that has to
 * wait itself (for a descriptor, for a disk, for its reader) costs no memory but theirs, and are
 * encoded a slice at a time, just before it is written. Batches that come before the next slice
 * begins share their answer, as long as they are not more than a slice: it is given once the last
 * line of the last of them is written. So a batch of one line costs no promise of its own.
 */
import { isMemoryShortage, type ByteWriter } from '../../codecs/byte-writer.ts'
import type { EntryEncoder } from '../../codecs/lines/entry-encoder.ts'
import { entryEnd } from '../../codecs/record.ts'
import type { Batch, Outcome } from '../../pipeline/batch.ts'
import type { Logger } from '../../pipeline/logger.ts'
import { tagForLog } from '../../pipeline/sink.ts'
import { SLICE_BYTES } from './buffer-pool.ts'

/** What a line has more than its entry and its tag: names of time and tag, quotes, escapes. */
const LINE_EXTRA_BYTES = 96
/** Answered batches that are let go of together. */
const COMPACT_MIN = 1024

/** A batch, or a part of it. */
export type Lines = Pick<Batch, 'tag' | 'entries' | 'count'>

interface Waiting extends Lines {
  /** Of the entries, when they came. */
  readonly length: number
  readonly group: Group
}

/** Batches that are answered together. */
interface Group extends PromiseWithResolvers<Outcome> {
  /** Those that are not written yet. */
  waiting: number
  /** About what will be written of all of them. */
  expectedBytes: number
  /** `retry` if one of them is to come again, so that nothing is lost; then `rejected`. */
  outcome: Outcome
}

/** A place between two entries: those before `offset` of the batch at `index` are done. */
interface Place {
  index: number
  offset: number
  /** How many entries that is. */
  taken: number
}

export class BatchQueue {
  readonly #encode: EntryEncoder
  readonly #logger: Logger
  #batches: (Waiting | null)[] = []
  /** Up to where all is written, and up to where the slice at hand goes. */
  readonly #written: Place = { index: 0, offset: 0, taken: 0 }
  readonly #encoded: Place = { index: 0, offset: 0, taken: 0 }
  /** About what will be written of the batches that are not answered. */
  #expectedBytes = 0
  #bytes = 0
  /** What the next batch belongs to; null when that begins one. */
  #group: Group | null = null

  constructor(encode: EntryEncoder, logger: Logger) {
    this.#encode = encode
    this.#logger = logger
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  /** Bytes of the batches that are not answered. */
  get bytes(): number {
    return this.#bytes
  }

  /** About how much the next slice will need; at most a little more than SLICE_BYTES. */
  get sliceBytes(): number {
    return Math.min(SLICE_BYTES, this.#expectedBytes)
  }

  /** Settles when the batch is written or given up; never rejects. */
  add({ tag, entries, count }: Lines): Promise<Outcome> {
    const { length } = entries
    if (length === 0) return Promise.resolve('delivered')
    const expected = expectedBytes(tag, length, count)
    this.#bytes += length
    this.#expectedBytes += expected
    const group = this.#groupFor(expected)
    this.#batches.push({ tag, entries, count, length, group })
    return group.promise
  }

  /**
   * Appends the next slice: whole lines, from where the last `settle` came to. Throws what is a
   * memory shortage if there is not enough for a single piece; nothing has changed then.
   */
  encodeSlice(slice: ByteWriter): void {
    this.#group = null
    const at = Object.assign(this.#encoded, this.#written)
    for (; at.index < this.#batches.length; enter(at, at.index + 1)) {
      const batch = this.#batches[at.index]
      while (batch && at.offset < batch.length) {
        if (!this.#encodePiece(batch, at, slice)) return
      }
    }
  }

  /** The slice is written (`delivered`), or will never be: all batches that end in it are told. */
  settle(outcome: Outcome): void {
    for (let index = this.#written.index; index < this.#encoded.index; index++)
      this.#answer(index, outcome)
    Object.assign(this.#written, this.#encoded)
    this.#forgetAnswered()
  }

  /** Answers `retry` to everything. */
  giveUp(): void {
    this.#group = null
    for (let index = 0; index < this.#batches.length; index++) this.#answer(index, 'retry')
    enter(this.#encoded, this.#batches.length)
    Object.assign(this.#written, this.#encoded)
    this.#forgetAnswered()
  }

  #groupFor(bytes: number): Group {
    const open = this.#group
    const hasRoom = open !== null && open.expectedBytes + bytes <= SLICE_BYTES
    const group = hasRoom ? open : newGroup()
    group.waiting++
    group.expectedBytes += bytes
    return (this.#group = group)
  }

  /** False when the slice is as long as it should be. */
  #encodePiece(batch: Waiting, at: Place, slice: ByteWriter): boolean {
    const { tag, entries, length } = batch
    const { offset, taken } = at
    const lengthBefore = slice.length
    advance(batch, at, SLICE_BYTES - lengthBefore, lengthBefore === 0)
    if (at.offset === offset) return false
    const isWhole = offset === 0 && at.offset === length
    try {
      if (entries.length !== length) throw new Error('its memory was given back too early')
      this.#encode(tag, isWhole ? entries : entries.subarray(offset, at.offset), slice)
      return true
    } catch (error) {
      slice.length = lengthBefore
      if (!isMemoryShortage(error)) {
        this.#reject(at.index, error)
        at.offset = length
        return true
      }
      at.offset = offset
      at.taken = taken
      if (lengthBefore === 0) throw error
      return false
    }
  }

  #reject(index: number, error: unknown): void {
    const tag = tagForLog(this.#batches[index]!.tag)
    this.#logger.error(
      { tag, error },
      'BUG: cannot encode a batch: rejected, as are those answered with it',
    )
    this.#answer(index, 'rejected')
  }

  #answer(index: number, outcome: Outcome): void {
    const batch = this.#batches[index]
    if (!batch) return
    this.#batches[index] = null
    this.#bytes -= batch.length
    this.#expectedBytes -= expectedBytes(batch.tag, batch.length, batch.count)
    answer(batch.group, outcome)
  }

  #forgetAnswered(): void {
    const { index } = this.#written
    if (index === this.#batches.length) this.#batches = []
    else if (index < COMPACT_MIN || index * 2 < this.#batches.length) return
    else this.#batches.splice(0, index)
    this.#written.index = 0
    this.#encoded.index -= index
  }
}

function newGroup(): Group {
  const group = { waiting: 0, expectedBytes: 0, outcome: 'delivered' } as const
  return { ...Promise.withResolvers<Outcome>(), ...group }
}

function answer(group: Group, outcome: Outcome): void {
  if (outcome === 'retry' || group.outcome === 'delivered') group.outcome = outcome
  group.waiting--
  if (group.waiting === 0) group.resolve(group.outcome)
}

function enter(place: Place, index: number): void {
  place.index = index
  place.offset = place.taken = 0
}

/** Moves a place over as many entries as have room: all, if they do, without a look at them. */
function advance(batch: Waiting, at: Place, room: number, mustTakeOne: boolean): void {
  const { tag, entries, count, length } = batch
  const start = at.offset
  const isGone = entries.length === 0
  if (isGone || expectedBytes(tag, length - start, count - at.taken) <= room) {
    at.offset = length
    return
  }
  // A slice more than half full is full: the next has room for more of the batch.
  if (!mustTakeOne && room < SLICE_BYTES / 2) return
  let taken = 0
  do {
    at.offset = entryEnd(entries, at.offset)
    taken++
  } while (at.offset < length && expectedBytes(tag, at.offset - start, taken) < room)
  at.taken += taken
}

function expectedBytes(tag: string, entryBytes: number, count: number): number {
  return entryBytes + count * (tag.length + LINE_EXTRA_BYTES)
}
