/**
 * Takes the lines of one file and writes them, one slice at a time: what comes while a write is
 * under way is gathered and goes with the next, which starts at once when the former ends.
 *
 * A failed write is tried again from the byte at which it stopped: nothing is lost and nothing
 * is written twice. Lack of memory for encoding is a failure like any other. The file is only ever
 * exchanged (rotated, reopened) between two lines.
 */
import type { ByteWriter } from '../../../codecs/byte-writer.ts'
import type { Outcome } from '../../../pipeline/batch.ts'
import { doublingDelayMs } from '../../../pipeline/delivery/backoff.ts'
import { BatchQueue, type Lines } from '../../support/batch-queue.ts'
import { ActiveFile } from './active-file.ts'
import { errorCode } from '../file-system.ts'
import type { Closable } from './open-files.ts'
import type { Shared } from '../output-context.ts'
import type { Worker } from './work-queue.ts'

const NEWLINE = 0x0a
const RETRY = { firstMs: 100, maxMs: 5000 }
const GUARD_WAIT_MS = 1000
/** After these a descriptor is not to be trusted; the file is opened again. */
const BROKEN = new Set(['EBADF', 'EIO', 'ENODEV', 'ENXIO', 'ESTALE'])

export class FileWriter implements Closable, Worker {
  readonly #shared: Shared
  readonly #active: ActiveFile
  readonly #queue: BatchQueue
  /** What is being written; null between slices, and as long as none of it is in a file. */
  #slice: ByteWriter | null = null
  /** From the first thing to do to the last; it may be waiting for its turn, or between tries. */
  #isBusy = false
  #isAtWork = false
  #failures = 0
  #pendingBytes = 0
  #idle: PromiseWithResolvers<void> | null = null
  #eviction: Promise<void> | null = null
  #mustCare = false
  #mustRetire = false
  #isAbandoned = false
  /** How far the slice is written, and how far it may go in this file. */
  #offset = 0
  #end = 0
  /** Where to go back to, in the slice and in the file, when a sync fails. */
  #syncedOffset = 0
  #syncedSize = 0
  #syncedGeneration = -1

  constructor(path: string, shared: Shared) {
    this.#shared = shared
    this.#active = new ActiveFile(path, this, shared)
    this.#queue = new BatchQueue(shared.settings.encoder.encode, shared.around.logger)
  }

  get path(): string {
    return this.#active.path
  }

  /** Where the symlink to the file goes, if there is to be one. */
  get link(): string | undefined {
    return this.#active.link
  }

  set link(link: string | undefined) {
    this.#active.link = link
  }

  get isIdle(): boolean {
    return !this.#isBusy
  }

  get isAtWork(): boolean {
    return this.#isAtWork
  }

  /** Settles when the entries are written; never rejects. */
  append(lines: Lines): Promise<Outcome> {
    const outcome = this.#queue.add(lines)
    this.#countPending()
    this.#askForTurn()
    return outcome
  }

  /** Rotates or reopens the file if it is time to, though nothing is written. */
  care(): void {
    if (!this.#active.needsCare) return
    this.#mustCare = true
    this.#askForTurn()
  }

  /** Sees to a file that nobody writes: cuts a torn line off, rotates it if its time is over. */
  retire(): Promise<void> {
    this.#mustRetire = true
    this.#askForTurn()
    return this.drain()
  }

  reopen(): void {
    this.#active.requestReopen()
    this.care()
  }

  /** Settles when nothing is in hand any more. */
  drain(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve()
    this.#idle ??= Promise.withResolvers<void>()
    return this.#idle.promise
  }

  /** Answers `retry` to all that is in hand, even if the system never comes back. */
  abandon(): void {
    this.#isAbandoned = true
    if (this.#queue.isEmpty) return
    this.#giveUp()
    this.#shared.around.logger.warn(
      { path: this.path },
      'gave up writing to a file: what was in hand was not acknowledged, its last line may be torn',
    )
  }

  close(): Promise<void> {
    return this.#active.close()
  }

  evict(): Promise<void> {
    if (!this.#isBusy) this.#shared.noteEvicted(this.path, this)
    if (this.#slice === null) this.#shared.noteWhole(this.path, this.#active.size)
    this.#eviction = this.#active.close().finally(() => (this.#eviction = null))
    return this.#eviction
  }

  /** Called by the work queue; never rejects. */
  async work(): Promise<void> {
    this.#isAtWork = true
    await this.#eviction
    const isDone = await this.#writeAll()
    if (isDone && !this.#isAbandoned) await this.#care()
    this.#isAtWork = false
    if (!isDone) void this.#comeBack()
    else if (this.#hasWork()) this.#shared.workQueue.add(this)
    else this.#rest()
  }

  #askForTurn(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#shared.workQueue.add(this)
  }

  #hasWork(): boolean {
    return !this.#isAbandoned && (!this.#queue.isEmpty || this.#mustCare || this.#mustRetire)
  }

  #rest(): void {
    this.#isBusy = false
    if (!this.#active.isOpen) this.#shared.noteEvicted(this.path, this)
    this.#idle?.resolve()
    this.#idle = null
  }

  /** After a failure; until then it is in nobody's way. */
  async #comeBack(): Promise<void> {
    const { patience, workQueue } = this.#shared
    await patience.pause(doublingDelayMs(this.#failures, RETRY))
    if (patience.isOver) {
      this.#giveUp()
      this.#rest()
    } else workQueue.add(this)
  }

  #countPending(): void {
    this.#shared.around.metrics.pendingBytes.add(this.#queue.bytes - this.#pendingBytes)
    this.#pendingBytes = this.#queue.bytes
  }

  #giveUp(): void {
    this.#queue.giveUp()
    this.#countPending()
  }

  async #care(): Promise<void> {
    const { isOpen, needsRetirement } = this.#active
    const mustRetire = isOpen ? needsRetirement : this.#mustRetire
    this.#mustRetire = false
    this.#mustCare = false
    try {
      if (mustRetire) await this.#active.retire()
      else if (this.#active.needsCare) await this.#active.prepare()
    } catch (error) {
      this.#shared.around.logger.warn(
        { path: this.path, error },
        'cannot rotate or reopen a file: tried again with the next line',
      )
    }
  }

  /** False when something failed, so that it is to be tried again. */
  async #writeAll(): Promise<boolean> {
    while (!this.#queue.isEmpty && !this.#isAbandoned) {
      try {
        await this.#writeSlice()
      } catch (error) {
        await this.#fail(error)
        return false
      }
    }
    return true
  }

  async #writeSlice(): Promise<void> {
    // Whoever waits for the disk or for its file has no slice: there may be thousands.
    if (this.#slice === null) {
      if (!(await this.#waitForDisk())) return this.#giveUp()
      await this.#active.prepare()
    }
    const slice = (this.#slice ??= this.#nextSlice())
    await this.#writeRest(slice.written())
    if (this.#offset < slice.length) return this.#giveUp()
    if (this.#failures > 0) this.#shared.troubles.end(this)
    this.#failures = 0
    this.#queue.settle('delivered')
    this.#countPending()
    this.#letGoOfSlice()
  }

  #nextSlice(): ByteWriter {
    const { pool } = this.#shared
    const slice = pool.take(this.#queue.sliceBytes)
    try {
      this.#queue.encodeSlice(slice)
    } catch (error) {
      pool.give(slice)
      throw error
    }
    this.#offset = 0
    this.#end = 0
    this.#active.forgetLostSync()
    return slice
  }

  #letGoOfSlice(): void {
    if (this.#slice) this.#shared.pool.give(this.#slice)
    this.#slice = null
  }

  async #fail(error: unknown): Promise<void> {
    this.#failures++
    this.#shared.troubles.begin(this, this.path, error)
    if (BROKEN.has(errorCode(error))) await this.#active.close()
    // Nothing of it is written: it may as well be encoded again.
    if (this.#offset === 0 && !this.#active.hasLostSync) this.#letGoOfSlice()
  }

  /** Writes to the end; stops early only when there is no time left to wait for the disk. */
  async #writeRest(bytes: Uint8Array): Promise<void> {
    if (this.#active.hasLostSync) await this.#goBack()
    while (this.#offset < bytes.length) {
      if (!(await this.#waitForDisk())) return
      if (this.#isBetweenLines(bytes)) this.#end = await this.#nextEnd(bytes)
      else if (!this.#active.isOpen && !(await this.#active.reopenSame())) {
        this.#beginLineAgain(bytes)
        continue
      }
      const length = this.#end - this.#offset
      this.#offset += await this.#active.write(bytes, this.#offset, length)
    }
    this.#shared.openFiles.touch(this)
    if (this.#shared.settings.isSynced) await this.#active.datasync()
  }

  async #waitForDisk(): Promise<boolean> {
    const { guard, patience } = this.#shared
    if (guard.isDue) await guard.check()
    while (guard.problem !== null) {
      await patience.pause(GUARD_WAIT_MS)
      if (patience.isOver) return false
      if (guard.isDue) await guard.check()
    }
    return true
  }

  /** Where the file may be exchanged for another; without lines, only between two slices. */
  #isBetweenLines(bytes: Uint8Array): boolean {
    if (this.#offset === 0) return true
    return this.#shared.settings.encoder.lineBased && bytes[this.#offset - 1] === NEWLINE
  }

  /** Makes the file ready and says how far to write into it: whole lines, as many as fit. */
  async #nextEnd(bytes: Uint8Array): Promise<number> {
    await this.#active.prepare()
    if (bytes.length - this.#offset > this.#active.room && this.#active.size > 0) {
      if (this.#linesWithin(bytes, this.#active.room) === 0) await this.#active.rotate()
    }
    this.#rememberSynced()
    const { room } = this.#active
    if (bytes.length - this.#offset <= room) return bytes.length
    if (!this.#shared.settings.encoder.lineBased) return bytes.length
    const lines = this.#linesWithin(bytes, room)
    // A line larger than a whole file gets a file of its own.
    return lines > 0 ? this.#offset + lines : bytes.indexOf(NEWLINE, this.#offset) + 1
  }

  /** Bytes of whole lines from here that take no more than `room`. */
  #linesWithin(bytes: Uint8Array, room: number): number {
    if (room <= 0 || !this.#shared.settings.encoder.lineBased) return 0
    return Math.max(0, bytes.lastIndexOf(NEWLINE, this.#offset + room - 1) + 1 - this.#offset)
  }

  /** The file with the beginning of the line is out of reach; only that beginning is lost. */
  #beginLineAgain(bytes: Uint8Array): void {
    const { lineBased } = this.#shared.settings.encoder
    this.#offset = lineBased ? bytes.lastIndexOf(NEWLINE, this.#offset - 1) + 1 : 0
    this.#shared.around.logger.warn(
      { path: this.path },
      'a file went away in the middle of a write: what it was about is written again to a new one',
    )
  }

  /** What came before is safe: an earlier write saw to it, or a rotation. */
  #rememberSynced(): void {
    if (this.#offset > 0 && this.#syncedGeneration === this.#active.generation) return
    this.#syncedOffset = this.#offset
    this.#syncedSize = this.#active.size
    this.#syncedGeneration = this.#active.generation
  }

  /**
   * A failed sync may have dropped any of the bytes, and a second one would not say so. They are
   * cut off and written again.
   */
  async #goBack(): Promise<void> {
    const isThere = this.#active.isOpen || (await this.#active.reopenSame())
    if (isThere && this.#active.generation === this.#syncedGeneration)
      await this.#active.truncate(this.#syncedSize)
    this.#offset = this.#syncedOffset
    this.#active.forgetLostSync()
  }
}
