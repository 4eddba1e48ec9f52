/**
 * A buffer on disk: batches are appended to segment files and answered once they are there, handed
 * out in their order by reading them back, and forgotten when they are finished.
 *
 *     append ─▶ gathered ─▶ one write at a time ─▶ segment ─▶ take ─▶ finish ─▶ progress, deletion
 *                                    │
 *                                    └─▶ the sync that `fsync` asks for ─▶ answer
 *
 * Format, and what is safe when: docs/specs/buffer-files.md.
 */
import type { Batch, Outcome } from '../../batch.ts'
import type { Cancel } from '../../clock.ts'
import type { BatchLimit, BatchStore, Damage, StoredBatch } from '../batch-store.ts'
import type { DiskStoreOptions } from './options.ts'
import { Progress } from './progress.ts'
import { ProgressFile } from './progress-file.ts'
import { Reader } from './reader.ts'
import { Recovery } from './recovery.ts'
import { type Segment, Segments } from './segments.ts'
import { Writer } from './writer.ts'

export type { DiskStoreOptions, Fsync } from './options.ts'

/** After a kill, what was finished in this time comes again. */
const PROGRESS_EVERY_MS = 100
const PROGRESS_AGAIN_MS = 5000
const READ_AGAIN_MS = 1000
/** Somebody may remove the files while nothing is written. */
const LOOK_EVERY_MS = 1000

export class DiskStore implements BatchStore {
  readonly isDurable = true
  onAvailable: () => void = () => undefined
  onDamaged: BatchStore['onDamaged'] = () => undefined
  readonly #options: DiskStoreOptions
  readonly #isSafe: boolean
  readonly #segments: Segments
  readonly #progressFile: ProgressFile
  readonly #writer: Writer
  readonly #reader: Reader
  #progress = new Progress({ sequence: 0, events: 0 })
  #isStarted = false
  #isStopping = false
  #isProgressNoted = true
  /** Up to where what was written is noted, as safely as `fsync` says; whether that is due. */
  #writtenNoted = 0
  #isWrittenDue = false
  #noting: Promise<void> | null = null
  #cancelProgress: Cancel | null = null
  #cancelRead: Cancel | null = null
  #cancelLook: Cancel | null = null
  /** Settles when the look that is under way is over. */
  #looking: Promise<void> = Promise.resolve()
  /** What was lost at the stop with files that could not be put back. */
  lostEvents = 0

  constructor(options: DiskStoreOptions) {
    const { folder, access, logger } = options
    this.#options = options
    this.#isSafe = options.fsync !== 'never'
    const segments = new Segments({ ...options, isSafe: this.#isSafe })
    this.#segments = segments
    this.#progressFile = new ProgressFile(folder, access)
    this.#writer = new Writer({
      ...{ options, segments },
      hasRoom: () => this.bytes < options.maxBytes,
      reserve: (below) => this.#reserve(below),
      onWritten: () => this.onAvailable(),
    })
    const end = () => this.#writer.end
    const onLost = (damage: Damage, below: number) => this.#lost(damage, below)
    this.#reader = new Reader({ segments, logger, end, onLost }, this.#progress)
  }

  /** Of all its batches. Known from the start on; the same after a restart. */
  get id(): string {
    return this.#progress.id
  }

  get bytes(): number {
    return this.#segments.unreadBytes + this.#reader.heldBytes
  }

  get events(): number {
    return this.#reader.events
  }

  get oldestAt(): number | null {
    return this.#reader.oldestAt
  }

  get nextSequence(): number {
    return this.#writer.nextSequence
  }

  get problem(): string | null {
    return this.#writer.problem ?? this.#reader.problem
  }

  /** Rejects for files of another version, which it leaves as they are. */
  async start(): Promise<void> {
    try {
      await this.#segments.openAll()
      await this.#recover()
    } catch (error) {
      await this.#segments.close()
      throw error
    }
    this.#isStarted = true
    this.#cancelLook = this.#options.timers.every(LOOK_EVERY_MS, () => void this.#look())
    const { bytes, events } = this
    const message = 'found in the buffer, to be delivered now'
    if (events > 0) this.#options.logger.info({ events, bytes }, message)
    // Even if all of it turns out to be finished, reading it makes room.
    if (bytes > 0) this.onAvailable()
  }

  append(batch: Batch): Promise<Outcome> {
    return this.#writer.append(batch)
  }

  async take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const taken = await this.#reader.take(limit)
    // Of what was passed over nothing is kept.
    this.#writer.wake()
    if (this.#reader.problem !== null) this.#readLater()
    return taken
  }

  finish(batch: StoredBatch): void {
    if (!this.#reader.finish(batch)) return
    this.#writer.wake()
    this.#noteLater()
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true
    // What was not understood is left as it is.
    if (!this.#isStarted) return
    this.#cancelProgress?.()
    this.#cancelRead?.()
    this.#cancelLook?.()
    await this.#look()
    const isIdle = await this.#writer.stop(deadline)
    // What was finished while one was written is not in that one.
    await this.#noting
    await this.#countLost()
    if (!isIdle) {
      // It must not replace what another store notes.
      await this.#progressFile.ended
      void this.#writer.ended.then(() => this.#segments.close())
      return
    }
    this.#progress.next = this.nextSequence
    if (this.#progress.note > 0) this.#isProgressNoted = false
    await this.#noteProgress()
    await this.#segments.close()
  }

  /**
   * After a stop with nothing left: removes the notes and the folder, unless something is in
   * quarantine. False if a segment could not be deleted: its notes say that it is finished.
   */
  async discard(): Promise<boolean> {
    const { folder, access } = this.#options
    if (await this.#segments.isAnyThere()) return false
    await this.#progressFile.remove()
    await access.removeFolder(folder).catch(ifEmpty)
    return true
  }

  async #recover(): Promise<void> {
    const { logger } = this.#options
    let isLost = false
    const recovery = new Recovery(this.#segments, logger, (damage, below) => {
      isLost = true
      this.onDamaged(damage, below)
    })
    const known = await this.#progressFile.load()
    if (!known && this.#segments.all.length > 0) {
      const message = 'not known, or damaged: what was delivered of a buffer is delivered once more'
      logger.warn({ folder: this.#options.folder }, message)
    }
    this.#progress = known ?? new Progress(await recovery.begin())
    const end = await recovery.end(this.#progress)
    if (this.#isSafe) await recovery.makeSafe()
    this.#writer.start(end)
    this.#reader.start(this.#progress)
    this.#writtenNoted = end.sequence
    if (isLost || (!known && this.#segments.all.length > 0)) this.#noteLater()
  }

  get #isAllFinished(): boolean {
    return this.#progress.from.sequence >= this.#writer.end.sequence
  }

  /** The newest of those that are delivered with nothing behind them; they may fill a disk. */
  get #lastSpare(): Segment | undefined {
    return this.#isAllFinished && this.#writer.hasLeftAll ? this.#segments.all.at(-1) : undefined
  }

  /** Once the write that is under way has failed. */
  get #mayHaveSpare(): boolean {
    return this.#isAllFinished && this.#writer.problem !== null && this.#segments.all.length > 0
  }

  #reserve(below: number): Promise<void> {
    this.#progress.next = below
    this.#progress.written = this.#writer.end
    return this.#progressFile.note(this.#progress, true)
  }

  /** One at a time; never rejects. */
  #look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      if ((await this.#segments.removed()).length > 0) this.#writer.putBack()
      if (!this.#isStopping) this.#noteWritten()
    })
    return this.#looking
  }

  /** Or nobody would miss it if the end of the newest segment got lost. */
  #noteWritten(): void {
    if (this.#writer.end.sequence <= this.#writtenNoted) return
    this.#isWrittenDue = true
    this.#noteLater()
  }

  #lost(damage: Damage, below: number): void {
    this.#noteLater()
    if (damage.events > 0 || damage.bytes > 0) this.onDamaged(damage, below)
  }

  /** With files that are still missing goes what waits in them. */
  async #countLost(): Promise<void> {
    for (const segment of await this.#segments.removed()) {
      const { firstSequence: sequence, eventsBefore: events } = segment
      const next = this.#segments.after(segment)
      const end = next
        ? { sequence: next.firstSequence, events: next.eventsBefore }
        : this.#writer.end
      this.lostEvents += this.#progress.lose({ sequence, events }, end)
    }
  }

  #readLater(): void {
    if (this.#isStopping) return
    this.#cancelRead ??= this.#options.timers.after(READ_AGAIN_MS, () => {
      this.#cancelRead = null
      this.onAvailable()
    })
  }

  #noteLater(wait = PROGRESS_EVERY_MS): void {
    this.#isProgressNoted = false
    // After a stop the files may be another store's.
    if (this.#isStopping || this.#noting) return
    this.#cancelProgress ??= this.#options.timers.after(wait, () => {
      this.#cancelProgress = null
      this.#noting = this.#noteProgress().then((isNoted) => {
        this.#noting = null
        if (!isNoted) this.#noteLater(PROGRESS_AGAIN_MS)
        else if (!this.#isProgressNoted) this.#noteLater()
      })
    })
  }

  /** False if it cannot. */
  async #noteProgress(): Promise<boolean> {
    if (this.#isProgressNoted) return true
    const { folder, logger } = this.#options
    const { sequence: from } = this.#progress.from
    const isDone = this.#isStopping && this.#isAllFinished
    const hasOld = this.#segments.hasBelow(from, this.#reader.order)
    const spare = this.#lastSpare
    try {
      this.#isProgressNoted = true
      const { end } = this.#writer
      this.#progress.written = end
      await this.#segments.makeFolder()
      // Before segments are deleted on its word, it must be there for good.
      const isSafe =
        this.#isSafe && (this.#isStopping || hasOld || spare !== undefined || this.#isWrittenDue)
      await this.#progressFile.note(this.#progress, isSafe)
      if (isSafe || !this.#isSafe) {
        this.#writtenNoted = end.sequence
        this.#isWrittenDue = false
      }
      if (isDone) await this.#segments.deleteAll()
      else if (this.#progressFile.isDiskFull) await this.#makeSpace()
      else if (spare) await this.#segments.deleteTo(spare)
      else if (hasOld) await this.#segments.deleteBelow(from, this.#reader.order)
      // A new segment made the one before old meanwhile: next time, with a safe note.
      else if (this.#segments.hasBelow(from, this.#reader.order) || this.#mayHaveSpare)
        this.#isProgressNoted = false
      return true
    } catch (error) {
      this.#isProgressNoted = false
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') await this.#makeSpace()
      logger.warn({ folder, error }, 'cannot note what is delivered: after a crash it comes again')
      return false
    }
  }

  /**
   * A disk that this buffer has filled gets room by what is delivered, with the newest segment too.
   * Where even the spare file could not take the note, a crash before one lets it seem lost.
   */
  async #makeSpace(): Promise<void> {
    if (!this.#isAllFinished || this.#writer.isBusy)
      return this.#segments.deleteBelow(this.#progress.from.sequence, this.#reader.order)
    this.#writer.leaveSegment()
    await this.#segments.deleteTo(this.#segments.all.at(-1))
  }
}

/** And there; POSIX has two codes for a folder that is not empty. */
function ifEmpty(error: NodeJS.ErrnoException): void {
  if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error
}
