/**
 * Hands out what is in the segments, in order, each batch once: from the first that is not
 * finished up to what was written last. What cannot be handed out is lost, and finished with.
 */
import type { Logger } from '../../logger.ts'
import type { BatchLimit, Damage, StoredBatch } from '../batch-store.ts'
import { Ahead } from './ahead.ts'
import { DamageReport } from './damage-report.ts'
import { type Frame, SEGMENT_HEAD_BYTES } from './frame.ts'
import type { Position, Progress } from './progress.ts'
import { type InBlock, ReadBlocks } from './read-blocks.ts'
import { SegmentScan } from './segment-scan.ts'
import type { Segment, Segments } from './segments.ts'

interface ReadBatch extends InBlock, StoredBatch {
  entries: Uint8Array
  /** Of its entries, as they lie on disk. */
  readonly storedBytes: number
}

/** By then, a second each, a disk that was away is back; what still cannot be read is damaged. */
const READ_TRIES = 60

export interface ReaderParts {
  readonly segments: Segments
  readonly logger: Logger
  /** Where the batches end that are in the segments. */
  readonly end: () => Position
  /** Of batches below that number. */
  readonly onLost: (damage: Damage, below: number) => void
}

export class Reader {
  /** Read and not finished; bytes as they lie on disk. */
  heldBytes = 0
  /** As they are. */
  #heldPlainBytes = 0
  heldEvents = 0
  /** Why nothing more can be read at the moment, or null. */
  problem: string | null = null
  readonly #parts: ReaderParts
  readonly #report: DamageReport
  #progress: Progress
  /** What an earlier run has finished behind the place that is read next. */
  #ahead = new Ahead([])
  /** Handed out and not finished, by sequence, oldest first. */
  readonly #out = new Map<number, ReadBatch>()
  readonly #blocks = new ReadBlocks()
  #segment: Segment | null = null
  #scan: SegmentScan | null = null
  /** Up to where the segment was scanned, and where the scan at hand ends. */
  #scannedTo = 0
  #scanEnd = 0
  /** What may be handed out next is behind it. */
  #next: Position
  /** Read, but too much for the last `take`. */
  #kept: ReadBatch | null = null
  #latest: Promise<unknown> = Promise.resolve()
  /** To read on, in a row. */
  #failures = 0

  constructor(parts: ReaderParts, progress: Progress) {
    this.#parts = parts
    this.#report = new DamageReport(parts.segments, parts.logger)
    this.#progress = progress
    this.#next = progress.from
  }

  start(progress: Progress): void {
    this.#progress = progress
    this.#next = progress.from
    this.#ahead = new Ahead(progress.runs)
  }

  /** Of the segment that is being read; it and those behind it are still needed. */
  get order(): number {
    return this.#segment?.order ?? -1
  }

  /** Not finished, read or not. */
  get events(): number {
    const unread = this.#parts.end().events - this.#next.events - this.#ahead.events
    return Math.max(0, unread) + this.heldEvents
  }

  /** Of those that were read; null if there are none. */
  get oldestAt(): number | null {
    const [oldest] = this.#out.values()
    return oldest?.arrivedAt ?? this.#kept?.arrivedAt ?? null
  }

  /** One call after the other. */
  take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const taken = this.#latest.then(() => this.#take(limit))
    this.#latest = taken
    return taken
  }

  /** False for one that is not out. */
  finish({ sequence }: StoredBatch): boolean {
    const batch = this.#out.get(sequence)
    if (!batch) return false
    this.#out.delete(sequence)
    this.heldBytes -= batch.storedBytes
    this.#heldPlainBytes -= batch.bytes
    this.heldEvents -= batch.count
    this.#progress.finish(sequence, sequence, batch.count)
    this.#blocks.release(batch)
    return true
  }

  async #take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const taken: StoredBatch[] = []
    let bytes = 0
    let events = 0
    for (;;) {
      const batch = this.#kept ?? (await this.#read())
      this.#kept = batch
      if (!batch) break
      bytes += batch.bytes
      events += batch.count
      if (taken.length > 0 && (bytes > limit.bytes || events > limit.events)) break
      this.#kept = null
      this.#out.set(batch.sequence, batch)
      taken.push(batch)
    }
    const held = { batches: this.#out.values(), bytes: this.#heldPlainBytes }
    this.#blocks.copyOut(held, this.#scan?.block ?? null)
    return taken
  }

  async #read(): Promise<ReadBatch | null> {
    try {
      const frame = await this.#nextUnfinished()
      this.problem = null
      this.#failures = 0
      if (!frame) return null
      const { tag, entries, count, sequence, arrivedAt, storedBytes } = frame
      const bytes = entries.length
      this.heldBytes += storedBytes
      this.#heldPlainBytes += bytes
      this.heldEvents += count
      const block = this.#scan?.block ? this.#blocks.hold(this.#scan.block, bytes) : null
      const { id: buffer } = this.#progress
      const place = { buffer, isRead: true, sequence, arrivedAt }
      return { ...place, tag, entries, count, storedBytes, bytes, block }
    } catch (error) {
      const path = this.#segment?.path
      this.#parts.logger.error({ path, error }, 'cannot read a buffer file; tried again')
      this.#failures++
      this.problem = `cannot read the buffer: ${(error as Error).message}`
      this.#scannedTo = this.#scan?.offset ?? this.#scannedTo
      this.#scan?.close()
      this.#scan = null
      return null
    }
  }

  async #nextUnfinished(): Promise<Frame | null> {
    for (;;) {
      const frame = await this.#nextFrame()
      if (frame === null) return null
      this.#parts.segments.passed(this.#segment!, frame)
      const { sequence, eventsBefore, count } = frame
      // One that was seen before was written twice, because its first write failed half way.
      if (sequence < this.#next.sequence) continue
      this.#goTo({ sequence, events: eventsBefore })
      this.#next = { sequence: sequence + 1, events: eventsBefore + count }
      if (!this.#progress.isFinished(sequence)) return frame
      this.#ahead.passed(sequence, count)
    }
  }

  /** What lies between cannot be read; it must not be waited for. */
  #goTo(place: Position): void {
    const isBehind = place.sequence > this.#next.sequence
    const lost = isBehind ? this.#progress.lose(this.#next, place) : 0
    const damage = this.#report.close(lost, { from: this.#next, to: place })
    this.#next = place
    this.#ahead.passedBelow(place.sequence)
    if (isBehind) this.#parts.onLost(damage, place.sequence)
  }

  async #nextFrame(): Promise<Frame | null> {
    for (;;) {
      if (!this.#scan && !this.#openScan()) {
        this.#goTo(this.#parts.end())
        return null
      }
      const found = await this.#scan!.next()
      if (found === null) await this.#endScan()
      else if ('sequence' in found) return found
      else await this.#report.add(this.#segment!, found.start, found.end)
    }
  }

  /** Goes on where the last scan ended, or with the next segment; false if nothing is there. */
  #openScan(): boolean {
    while (!this.#segment || this.#scannedTo >= this.#segment.size) {
      const next = this.#parts.segments.after(this.#segment)
      if (this.#segment) this.#parts.segments.passedAll(this.#segment)
      if (!next) return false
      this.#enter(next)
    }
    this.#scanEnd = this.#segment.size
    const { order } = this.#segment
    this.#scan = new SegmentScan(this.#segment, this.#scannedTo, this.#scanEnd, (offset) =>
      this.#parts.segments.recent.take(order, offset),
    )
    this.#scan.readsAround = this.#failures >= READ_TRIES
    return true
  }

  #enter(segment: Segment): void {
    this.#segment = segment
    this.#scannedTo = SEGMENT_HEAD_BYTES
    const { firstSequence: sequence, eventsBefore: events } = segment
    if (!Number.isNaN(events) && sequence >= this.#next.sequence) this.#goTo({ sequence, events })
  }

  async #endScan(): Promise<void> {
    const start = this.#scan!.offset
    if (start < this.#scanEnd) await this.#report.add(this.#segment!, start, this.#scanEnd)
    this.#scannedTo = this.#scanEnd
    this.#scan?.close()
    this.#scan = null
  }
}
