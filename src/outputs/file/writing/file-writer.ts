/**
 * Takes the lines of one file and writes them, one write at a time: what comes while a write is
 * under way is gathered and goes with the next, which starts at once when the former ends. All
 * batches of a write share its promise, so the more sources wait the less each costs.
 *
 * A failed write is tried again from the byte at which it stopped: nothing is lost and nothing
 * is written twice. The file is only ever exchanged (rotated, reopened) between two lines.
 */
import type { ByteWriter } from '../../../codecs/byte-writer.ts'
import type { Outcome } from '../../../pipeline/batch.ts'
import { ActiveFile } from './active-file.ts'
import { errorCode } from '../file-system.ts'
import type { Closable } from './open-files.ts'
import type { Shared } from '../output-context.ts'

const NEWLINE = 0x0a
const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 5000
const GUARD_WAIT_MS = 1000
/** After these a descriptor is not to be trusted; the file is opened again. */
const BROKEN = new Set(['EBADF', 'EIO', 'ENODEV', 'ENXIO', 'ESTALE'])

type Settled = PromiseWithResolvers<Outcome>

export class FileWriter implements Closable {
  readonly #shared: Shared
  readonly #active: ActiveFile
  #filling: ByteWriter | null = null
  #next: Settled | null = null
  #current: Settled | null = null
  #working: Promise<void> | null = null
  #mustCare = false
  #mustRetire = false
  #isAbandoned = false
  /** How far the chunk under way is written, and how far it may go in this file. */
  #offset = 0
  #end = 0
  /** Where to go back to, in the chunk and in the file, when a sync fails. */
  #syncedOffset = 0
  #syncedSize = 0
  #syncedGeneration = -1

  constructor(path: string, shared: Shared) {
    this.#shared = shared
    this.#active = new ActiveFile(path, this, shared)
  }

  get path(): string {
    return this.#active.path
  }

  /** Where the symlink to the file goes, if there is to be one. */
  set link(link: string | undefined) {
    this.#active.link = link
  }

  get isIdle(): boolean {
    return this.#working === null
  }

  /** Settles when the entries are written; never rejects. */
  append(tag: string, entries: Uint8Array): Promise<Outcome> {
    this.#filling ??= this.#shared.pool.take()
    const writer = this.#filling
    const lengthBefore = writer.length
    try {
      this.#shared.settings.encoder.encode(tag, entries, writer)
    } catch (error) {
      writer.length = lengthBefore
      this.#shared.around.logger.error({ tag, error }, 'BUG: cannot encode a batch: it is rejected')
      return Promise.resolve('rejected')
    }
    this.#shared.around.metrics.pendingBytes.add(writer.length - lengthBefore)
    this.#next ??= Promise.withResolvers<Outcome>()
    void this.#startWorking()
    return this.#next.promise
  }

  /** Rotates or reopens the file if it is time to, though nothing is written. */
  care(): void {
    if (!this.#active.needsCare) return
    this.#mustCare = true
    void this.#startWorking()
  }

  /** Sees to a file that nobody writes: cuts a torn line off, rotates it if its time is over. */
  retire(): Promise<void> {
    this.#mustRetire = true
    return this.#startWorking()
  }

  reopen(): void {
    this.#active.requestReopen()
    this.care()
  }

  /** Settles when nothing is in hand any more. */
  async drain(): Promise<void> {
    while (this.#working) await this.#working
  }

  /** Answers `retry` to all that is in hand, even if the system never comes back. */
  abandon(): void {
    this.#isAbandoned = true
    if (!this.#current && !this.#next) return
    this.#current?.resolve('retry')
    this.#next?.resolve('retry')
    this.#shared.around.logger.warn(
      { path: this.path },
      'gave up writing to a file: what was in hand was not acknowledged, its last line may be torn',
    )
  }

  close(): Promise<void> {
    return this.#active.close()
  }

  evict(): Promise<void> {
    this.#shared.noteEvicted(this.path, this)
    return this.#active.close()
  }

  /** Lets all sockets of this turn of the loop have their say before the write starts. */
  #startWorking(): Promise<void> {
    this.#working ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#work())
    return this.#working
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    while (this.#filling && !this.#isAbandoned) {
      const writer = this.#filling
      const settled = this.#next
      this.#filling = null
      this.#next = null
      this.#current = settled
      const outcome = await this.#write(writer.written())
      this.#current = null
      this.#shared.around.metrics.pendingBytes.add(-writer.length)
      this.#shared.pool.give(writer)
      settled?.resolve(outcome)
    }
    if (!this.#isAbandoned) await this.#care()
    this.#working = null
    if ((this.#filling || this.#mustCare) && !this.#isAbandoned) {
      void this.#startWorking()
      return
    }
    if (!this.#active.isOpen) this.#shared.noteEvicted(this.path, this)
    this.#shared.openFiles.noteIdle()
  }

  async #care(): Promise<void> {
    const mustRetire = this.#mustRetire && !this.#active.isOpen
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

  async #write(bytes: Uint8Array): Promise<Outcome> {
    const { troubles, patience } = this.#shared
    this.#offset = 0
    this.#end = 0
    this.#active.forgetLostSync()
    for (let tries = 0; !this.#isAbandoned; tries++) {
      try {
        await this.#writeRest(bytes)
        if (tries > 0) troubles.end(this)
        if (this.#offset === bytes.length) return 'delivered'
        break
      } catch (error) {
        await this.#fail(error)
      }
      await patience.pause(Math.min(RETRY_FIRST_MS * 2 ** tries, RETRY_MAX_MS))
      if (patience.isOver) break
    }
    return 'retry'
  }

  async #fail(error: unknown): Promise<void> {
    this.#shared.troubles.begin(this, this.path, error)
    if (BROKEN.has(errorCode(error))) await this.#active.close()
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

  /** Where the file may be exchanged for another; without lines, only between two chunks. */
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
