/**
 * Appends batches to the newest segment, those that came together with one write. A write or sync
 * that failed is not trusted: the segment ends before it, and all of the group is written again to
 * a new one.
 */
import type { Batch, Outcome } from '../../batch.ts'
import type { Cancel } from '../../clock.ts'
import { untilDeadline } from '../../deadline.ts'
import { doublingDelayMs } from '../../delivery/backoff.ts'
import { BLOCK_HEAD_BYTES, encodeBlockHead } from './block.ts'
import { encodeFrames, FORMAT_VERSIONS, SEGMENT_HEAD_BYTES } from './frame.ts'
import { Gathering, type Group } from './gathering.ts'
import type { DiskStoreOptions } from './options.ts'
import { pack } from './packing.ts'
import type { Position } from './progress.ts'
import type { Segment, Segments } from './segments.ts'

const REMOVED = 'its files were removed while in use; they are put back out of what is still open'
const RETRY = { firstMs: 100, maxMs: 5000 }
/** Numbers that are reserved at a time; more than go into a few segments. */
const RESERVED = 2 ** 20

export interface WriterParts {
  readonly options: DiskStoreOptions
  readonly segments: Segments
  readonly hasRoom: () => boolean
  /** Notes for good that numbers below this one may be in use. */
  readonly reserve: (below: number) => Promise<void>
  readonly onWritten: () => void
}

export class Writer {
  problem: string | null = null
  /** Where the batches end that are in the segments. */
  end: Position = { sequence: 0, events: 0 }
  readonly #parts: WriterParts
  readonly #gathering: Gathering
  #reserved = 0
  /** Numbers behind the end that what failed may have used. */
  #skipped = 0
  #active: Segment | null = null
  /** Answered, but not synced as it is to be. */
  readonly #unsynced = new Set<Segment>()
  #writing: Promise<void> | null = null
  /** Taken out of those gathered and not answered. */
  #current: Group | null = null
  /** Whether the disk has something to do. */
  #isBusy = false
  #isStopping = false
  /** The deadline has passed: nothing more is begun. */
  #isLate = false
  /** And a write was under way: another store may have the files from now on. */
  #isOver = false
  /** Files of it are gone: nothing is written before they are put back. */
  #isRemoved = false
  #failures = 0
  #wake: () => void = () => undefined
  #cancelSync: Cancel | null = null

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#gathering = new Gathering(parts.options.maxBytes)
  }

  get nextSequence(): number {
    return this.end.sequence + this.#skipped
  }

  start(end: Position): void {
    this.end = end
    this.#reserved = end.sequence
  }

  append(batch: Batch): Promise<Outcome> {
    if (this.#isStopping) return Promise.resolve('retry')
    const answer = this.#gathering.add(batch, this.#parts.options.clock.now())
    this.#writing ??= this.#writeAll()
    return answer
  }

  /** Puts back files that somebody has removed. */
  putBack(): void {
    this.#noteRemoved()
    this.#writing ??= this.#writeAll()
  }

  /** There may be room now. */
  wake(): void {
    this.#wake()
  }

  /**
   * Writes what was gathered, also if the buffer is full: given back, it is lost where the sender
   * has it no more, and it is no more than the inputs let in. False if a write is still under way
   * at the deadline: nothing may be assumed of its file. Its batches are given back too, for
   * whoever comes next may not know of them.
   */
  async stop(deadline: AbortSignal): Promise<boolean> {
    this.#isStopping = true
    this.#isLate = deadline.aborted
    this.#wake()
    await untilDeadline(deadline, this.ended)
    this.#gathering.giveUp()
    this.#current?.answer('retry')
    this.#isLate = true
    this.#isOver = this.#isBusy
    if (this.#isOver) return false
    await this.ended
    this.#cancelSync?.()
    await this.#sync()
    return true
  }

  /** Whether something is being written just now. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Whether nothing more goes to any segment there is. */
  get hasLeftAll(): boolean {
    return this.#active === null && !this.#isBusy
  }

  /** Nothing more goes to the newest segment. */
  leaveSegment(): void {
    this.#active = null
  }

  /** Settles when no write is under way. */
  get ended(): Promise<void> {
    return this.#writing ?? Promise.resolve()
  }

  async #writeAll(): Promise<void> {
    // At the end of this turn of the loop, so that all its reads share one write.
    await turn()
    for (;;) {
      if (this.#isRemoved) await this.#insist(() => this.#putBackAll())
      const group = this.#gathering.next()
      if (!group) break
      this.#current = group
      await this.#waitForRoom()
      const isWritten = await this.#insist(() => this.#tryGroup(group))
      // A power cut may bring it back all the same.
      if (!isWritten) this.#skipped += group.batches.length
      this.#current = null
      group.answer(isWritten ? 'delivered' : 'retry')
      if (isWritten) this.#parts.onWritten()
      if (this.#isStopping && !isWritten) this.#gathering.giveUp()
    }
    this.#writing = null
  }

  /** Waits while the buffer is full, but not when the store is stopped. */
  async #waitForRoom(): Promise<void> {
    while (!this.#isStopping && !this.#parts.hasRoom())
      await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** However often it takes; false if the store is stopped before. */
  async #insist(attempt: () => Promise<void>): Promise<boolean> {
    while (!this.#isLate) {
      this.#isBusy = true
      try {
        await attempt()
        this.problem = null
        this.#failures = 0
        return true
      } catch (error) {
        if (!this.#isOver) await this.#fail(error)
      } finally {
        this.#isBusy = false
      }
      if (this.#isStopping) return false
      await this.#pause()
    }
    return false
  }

  async #tryGroup({ batches, bytes }: Group): Promise<void> {
    if (this.#isRemoved) await this.#putBackAll()
    await this.#reserve(batches.length)
    const segment = await this.#segmentToAppend()
    this.#refuseIfOver()
    // Copied: a write that outlasts a stop goes on when the senders have their memory back.
    const { frames, end } = encodeFrames(batches, this.end)
    const { length } = frames
    const stored = await this.#stored(segment, frames)
    // Asked beside the write, so that it costs no time. What cannot be asked is taken to be there.
    const isLinked = segment.file.isLinked().catch(() => true)
    await this.#write(segment, stored.pieces)
    if (!(await isLinked)) this.#refuseRemoved()
    // All in one turn, for the reader goes by them.
    const { packedLength } = stored
    const { recent } = this.#parts.segments
    recent.add(segment.order, { offset: segment.size, bytes: frames, packedLength })
    segment.size += packedLength ?? length
    this.#parts.segments.wrote(segment, Math.floor((bytes * (packedLength ?? length)) / length))
    this.end = end
    this.#syncLater(segment)
  }

  /** What goes into the file for some frames. */
  async #stored({ size: place }: Segment, frames: Buffer) {
    const { compression } = this.#parts.options
    if (compression === null) return { pieces: [frames], packedLength: null }
    const { method, body } = await pack(frames, compression)
    this.#refuseIfOver()
    const { sequence: firstSequence, events: eventsBefore } = this.end
    const plainLength = frames.length
    const head = encodeBlockHead({ method, plainLength, place, firstSequence, eventsBefore }, body)
    return { pieces: [head, body], packedLength: BLOCK_HEAD_BYTES + body.length }
  }

  async #write({ file, size }: Segment, pieces: readonly Uint8Array[]): Promise<void> {
    await file.write(pieces, size)
    if (this.#parts.options.fsync === 'always') await file.datasync()
  }

  #noteRemoved(): void {
    this.#isRemoved = true
    this.problem ??= `cannot write the buffer: ${REMOVED}`
  }

  #refuseRemoved(): never {
    this.#noteRemoved()
    throw new Error(REMOVED)
  }

  /** With the note of what is delivered, which is gone as well. */
  async #putBackAll(): Promise<void> {
    const { segments, options, reserve } = this.#parts
    const files = await segments.putBack(() => this.#refuseIfOver())
    this.#refuseIfOver()
    await reserve(this.#reserved)
    this.#isRemoved = false
    const { folder, logger } = options
    if (files > 0) logger.warn({ folder, files }, 'put back files of a buffer that were removed')
  }

  async #reserve(count: number): Promise<void> {
    const end = this.end.sequence + count
    if (end <= this.#reserved) return
    await this.#parts.segments.makeFolder()
    this.#refuseIfOver()
    await this.#parts.reserve(end + RESERVED)
    this.#reserved = end + RESERVED
    this.#refuseIfOver()
  }

  #refuseIfOver(): void {
    if (this.#isOver) throw new Error('the buffer was stopped')
  }

  async #segmentToAppend(): Promise<Segment> {
    const { segments, options } = this.#parts
    if (this.#active && this.#active.size >= options.segmentBytes) {
      await this.#sync()
      this.#active = null
    }
    if (this.#active) return this.#active
    if ((await segments.removed()).length > 0) this.#refuseRemoved()
    const { sequence: firstSequence, events: eventsBefore } = this.end
    const version = FORMAT_VERSIONS[options.compression === null ? 'frames' : 'blocks']
    return (this.#active ??= await segments.create({ version, firstSequence, eventsBefore }))
  }

  async #fail(error: unknown): Promise<void> {
    const { folder, logger } = this.#parts.options
    this.#failures++
    this.problem = `cannot write the buffer: ${(error as Error).message}`
    logger.error({ folder, error }, 'cannot write the buffer; tried again, and sources wait')
    const failed = this.#active
    this.#active = null
    if (failed?.size === SEGMENT_HEAD_BYTES) await this.#parts.segments.drop(failed)
    else if (failed) await this.#cutOff(failed)
  }

  /** What is behind its last good frame may be there or not; it must not come back later. */
  async #cutOff(segment: Segment): Promise<void> {
    const { fsync, logger } = this.#parts.options
    try {
      await segment.file.truncate(segment.size)
      if (fsync !== 'never') await segment.file.datasync()
    } catch (error) {
      const { path } = segment
      logger.error({ path, error }, 'cannot cut off what failed to be written to a buffer')
      return
    }
    this.#unsynced.delete(segment)
  }

  async #pause(): Promise<void> {
    const wait = doublingDelayMs(this.#failures, RETRY)
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.options.timers.after(wait, resolve)
      this.#wake = () => {
        if (!this.#isStopping) return
        cancel()
        resolve()
      }
    })
  }

  #syncLater(segment: Segment): void {
    const { fsync, timers } = this.#parts.options
    if (typeof fsync !== 'object') return
    this.#unsynced.add(segment)
    this.#cancelSync ??= timers.after(fsync.everyMs, () => {
      this.#cancelSync = null
      void this.#sync()
    })
  }

  /** What it is about was answered already, so all that can be done is to say so. */
  async #sync(): Promise<void> {
    for (const segment of [...this.#unsynced]) {
      this.#unsynced.delete(segment)
      try {
        await segment.file.datasync()
      } catch (error) {
        const message = 'cannot sync a buffer file: a power cut now may lose what is in it'
        this.#parts.options.logger.error({ path: segment.path, error }, message)
        if (this.#active === segment) this.#active = null
      }
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
