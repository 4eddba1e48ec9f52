/**
 * A buffer on disk: batches are appended to segment files and answered once they are there, handed
 * out in their order by reading them back, and forgotten when they are finished.
 *
 *     append ─▶ gathered ─▶ one write at a time ─▶ segment ─▶ take ─▶ finish ─▶ progress, deletion
 *                                    │
 *                                    └─▶ the sync that `fsync` asks for ─▶ answer
 *
 * A write or sync that failed is not trusted: the segment ends before it, and all of the group is
 * written again to a new one. Format: docs/specs/buffer-files.md.
 */
import { join } from 'node:path'
import type { Batch, Outcome } from '../../batch.ts'
import type { Cancel, Clock, Timers } from '../../clock.ts'
import { untilDeadline } from '../../deadline.ts'
import type { Logger } from '../../logger.ts'
import type { BatchLimit, BatchStore, StoredBatch } from '../batch-store.ts'
import type { FileAccess } from './file-access.ts'
import { encodeFrameHead, SEGMENT_HEAD_BYTES } from './frame.ts'
import { Gathering, type Group } from './gathering.ts'
import { Progress } from './progress.ts'
import { Reader } from './reader.ts'
import { Recovery } from './recovery.ts'
import { type Segment, Segments } from './segments.ts'

/** When appended bytes are made to survive a power cut: at once, by a timer, or by the system. */
export type Fsync = 'always' | 'never' | { readonly everyMs: number }

export interface DiskStoreOptions {
  readonly folder: string
  readonly fsync: Fsync
  /** Of entries; with more, `append` waits until some is finished. */
  readonly maxBytes: number
  /** At which a segment is not appended to any more. */
  readonly segmentBytes: number
  readonly access: FileAccess
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
}

/** After a kill, what was finished in this time comes again. */
const PROGRESS_EVERY_MS = 100
const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 5000
const PROGRESS_FILE = 'progress'

export class DiskStore implements BatchStore {
  readonly isDurable = true
  bytes = 0
  events = 0
  problem: string | null = null
  onAvailable: () => void = () => undefined
  readonly #options: DiskStoreOptions
  readonly #segments: Segments
  readonly #gathering = new Gathering()
  readonly #reader: Reader
  #progress = new Progress()
  #active: Segment | null = null
  #nextSequence = 0
  #nextEvents = 0
  #writing: Promise<void> | null = null
  #isStopping = false
  #failures = 0
  #wake: () => void = () => undefined
  #isProgressNoted = true
  #noting: Promise<void> | null = null
  #cancelProgress: Cancel | null = null
  #cancelSync: Cancel | null = null

  constructor(options: DiskStoreOptions) {
    this.#options = options
    this.#segments = new Segments(options)
    this.#reader = new Reader(this.#segments, options.logger, (events) => this.#forget(events))
  }

  get oldestAt(): number | null {
    return this.#reader.oldestAt
  }

  /** Rejects for files of another version, which it leaves as they are. */
  async start(): Promise<void> {
    try {
      await this.#segments.openAll()
      this.#progress = await this.#readProgress()
    } catch (error) {
      await this.#segments.close()
      throw error
    }
    await this.#recover()
  }

  get nextSequence(): number {
    return this.#nextSequence
  }

  append(batch: Batch): Promise<Outcome> {
    if (this.#isStopping) return Promise.resolve('retry')
    const answer = this.#gathering.add(batch, this.#options.clock.now())
    this.#writing ??= this.#writeAll()
    return answer
  }

  take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    return this.#reader.take(limit)
  }

  finish(batch: StoredBatch): void {
    // Its memory may be given back now.
    const { length } = batch.entries
    if (!this.#reader.finish(batch)) return
    this.events -= batch.count
    // How many bytes a damaged range has cost is not known; at the end it is.
    this.bytes = this.events === 0 ? 0 : this.bytes - length
    this.#progress.finish(batch.sequence)
    this.#isProgressNoted = false
    this.#wake()
    // After a stop the files may be another store's.
    if (this.#isStopping) return
    this.#cancelProgress ??= this.#options.timers.after(PROGRESS_EVERY_MS, () => {
      this.#cancelProgress = null
      void this.#noteProgress()
    })
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true
    this.#wake()
    await untilDeadline(deadline, this.#writing ?? Promise.resolve())
    this.#gathering.giveUp()
    this.#cancelProgress?.()
    this.#cancelSync?.()
    await this.#sync()
    // What was finished while one was written is not in that one.
    await this.#noting
    await this.#noteProgress()
    if (this.events === 0) await this.#forgetAll()
    await this.#segments.close()
  }

  async #recover(): Promise<void> {
    const { logger } = this.#options
    const recovered = await new Recovery(this.#segments, this.#progress, logger).run()
    this.bytes = recovered.bytes
    this.events = recovered.events
    this.#nextSequence = recovered.nextSequence
    this.#nextEvents = recovered.nextEvents
    this.#reader.start(this.#progress)
    await this.#segments.deleteBelow(this.#progress.from)
    const { bytes, events } = this
    if (events > 0) logger.info({ events, bytes }, 'found in the buffer, to be delivered now')
    if (events > 0) this.onAvailable()
  }

  async #readProgress(): Promise<Progress> {
    const { folder, access, logger } = this.#options
    const path = join(folder, PROGRESS_FILE)
    const oldest = this.#segments.all[0]?.firstSequence ?? 0
    if (!(await access.list(folder)).includes(PROGRESS_FILE)) return new Progress(oldest)
    const file = await access.open(path, 'existing')
    try {
      const progress = Progress.decode(await file.read(0, await access.size(path)))
      if (progress) return progress
    } catch (cause) {
      throw new Error(`cannot read buffer file ${path}: ${(cause as Error).message}`, { cause })
    } finally {
      await file.close()
    }
    const message = 'damaged: what was delivered of these buffer files is delivered once more'
    logger.warn({ path }, message)
    return new Progress(oldest)
  }

  async #writeAll(): Promise<void> {
    // At the end of this turn of the loop, so that all its reads share one write.
    await turn()
    for (let group = this.#gathering.next(); group; group = this.#gathering.next()) {
      if (!(await this.#hasRoom()) || !(await this.#writeGroup(group))) {
        group.answer('retry')
        this.#gathering.giveUp()
        break
      }
      group.answer('delivered')
      this.onAvailable()
    }
    this.#writing = null
  }

  /** Waits while the buffer is full; false if the store is stopped meanwhile. */
  async #hasRoom(): Promise<boolean> {
    while (this.bytes >= this.#options.maxBytes) {
      if (this.#isStopping) return false
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return true
  }

  /** However often it takes; false if the store is stopped before. */
  async #writeGroup(group: Group): Promise<boolean> {
    for (;;) {
      try {
        await this.#tryGroup(group)
        this.problem = null
        this.#failures = 0
        return true
      } catch (error) {
        this.#fail(error)
      }
      if (this.#isStopping) return false
      await this.#pause()
    }
  }

  async #tryGroup({ batches }: Group): Promise<void> {
    const segment = await this.#segmentToAppend()
    const pieces: Uint8Array[] = []
    const before = { sequence: this.#nextSequence, events: this.#nextEvents }
    let { sequence, events } = before
    let bytes = 0
    for (const { tag, entries, count, arrivedAt } of batches) {
      const head = { sequence: sequence++, arrivedAt, count, eventsBefore: events }
      pieces.push(encodeFrameHead(head, tag, entries), entries)
      events += count
      bytes += entries.length
    }
    await segment.file.write(pieces, segment.size)
    if (this.#options.fsync === 'always') await segment.file.datasync()
    segment.size += pieces.reduce((sum, { length }) => sum + length, 0)
    this.#nextSequence = sequence
    this.#nextEvents = events
    this.bytes += bytes
    this.events += events - before.events
    this.#syncLater()
  }

  async #segmentToAppend(): Promise<Segment> {
    const active = this.#active
    if (active && active.size < this.#options.segmentBytes) return active
    if (active) await this.#sync()
    this.#active = null
    const head = { firstSequence: this.#nextSequence, eventsBefore: this.#nextEvents }
    return (this.#active = await this.#segments.create(head, this.#options.fsync !== 'never'))
  }

  #fail(error: unknown): void {
    const { folder, logger } = this.#options
    this.#failures++
    this.problem = `cannot write the buffer: ${(error as Error).message}`
    logger.error({ folder, error }, 'cannot write the buffer; tried again, and sources wait')
    const failed = this.#active
    this.#active = null
    // What is behind its last good frame may be there or not; the numbers tell, if it is read.
    failed?.file.truncate(failed.size).catch((cause: unknown) => {
      logger.warn({ path: failed.path, error: cause }, 'cannot cut off what failed to be written')
    })
  }

  async #pause(): Promise<void> {
    const wait = Math.min(RETRY_FIRST_MS * 2 ** (this.#failures - 1), RETRY_MAX_MS)
    await new Promise<void>((resolve) => {
      const cancel = this.#options.timers.after(wait, resolve)
      this.#wake = () => {
        if (!this.#isStopping) return
        cancel()
        resolve()
      }
    })
  }

  #syncLater(): void {
    const { fsync, timers } = this.#options
    if (typeof fsync !== 'object' || this.#cancelSync) return
    this.#cancelSync = timers.after(fsync.everyMs, () => {
      this.#cancelSync = null
      void this.#sync()
    })
  }

  /** What it is about was answered already, so all that can be done is to say so. */
  async #sync(): Promise<void> {
    const segment = this.#active
    if (!segment || this.#options.fsync === 'never' || segment.size === SEGMENT_HEAD_BYTES) return
    try {
      await segment.file.datasync()
    } catch (error) {
      const message = 'cannot sync a buffer file: a power cut now may lose what is in it'
      this.#options.logger.error({ path: segment.path, error }, message)
      this.#active = null
    }
  }

  /** Events that will never be handed out. */
  #forget(events: number): void {
    this.events = Math.max(0, this.events - (Number.isNaN(events) ? 0 : events))
    this.#isProgressNoted = false
  }

  /** All is delivered: the next run may begin anew. */
  async #forgetAll(): Promise<void> {
    const { folder, access } = this.#options
    await this.#segments.deleteAll()
    if ((await access.list(folder)).includes(PROGRESS_FILE))
      await access.remove(join(folder, PROGRESS_FILE))
  }

  /** One at a time. */
  async #noteProgress(): Promise<void> {
    if (this.#isProgressNoted || this.#noting) return
    this.#noting = this.#writeProgress()
    await this.#noting
    this.#noting = null
  }

  async #writeProgress(): Promise<void> {
    const { folder, access, logger } = this.#options
    try {
      this.#isProgressNoted = true
      const { from } = this.#progress
      await access.replace(join(folder, PROGRESS_FILE), this.#progress.encode())
      await this.#segments.deleteBelow(Math.min(from, this.#reader.from))
    } catch (error) {
      this.#isProgressNoted = false
      logger.warn({ folder, error }, 'cannot note what is delivered: after a crash it comes again')
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
