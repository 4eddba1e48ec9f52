/**
 * Hands out what is in the segments, in order, each batch once: from the first that is not
 * finished up to what was written last.
 */
import type { Lease } from '../../../codecs/lease.ts'
import type { Logger } from '../../logger.ts'
import type { BatchLimit, StoredBatch } from '../batch-store.ts'
import { type Frame, SEGMENT_HEAD_BYTES } from './frame.ts'
import { Progress } from './progress.ts'
import { SegmentScan } from './segment-scan.ts'
import type { Segment, Segments } from './segments.ts'

interface ReadBatch extends StoredBatch {
  /** Of the memory that its entries are in. */
  readonly lease: Lease | undefined
}

export class Reader {
  readonly #segments: Segments
  readonly #logger: Logger
  readonly #onLost: (events: number) => void
  /** Handed out and not finished, by sequence, oldest first. */
  readonly #out = new Map<number, ReadBatch>()
  #progress = new Progress()
  #segment: Segment | null = null
  #scan: SegmentScan | null = null
  /** Up to where the segment was scanned, and where the scan at hand ends. */
  #scannedTo = 0
  #scanEnd = 0
  /** The lowest sequence that may be handed out next, and the events before it if known. */
  #next = 0
  #nextEvents = NaN
  /** Read, but too much for the last `take`. */
  #kept: ReadBatch | null = null
  #latest: Promise<unknown> = Promise.resolve()

  /** `onLost` is told how many events turned out to be unreadable since the start. */
  constructor(segments: Segments, logger: Logger, onLost: (events: number) => void) {
    this.#segments = segments
    this.#logger = logger
    this.#onLost = onLost
  }

  start(progress: Progress): void {
    this.#progress = progress
    this.#next = progress.from
  }

  /** No segment with this sequence or a later one may be deleted: it is still to be read. */
  get from(): number {
    return this.#segment?.firstSequence ?? 0
  }

  /** Of those handed out; null if there are none. */
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
    this.#out.get(sequence)?.lease?.release()
    return this.#out.delete(sequence)
  }

  async #take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const taken: StoredBatch[] = []
    let bytes = 0
    let events = 0
    for (;;) {
      const batch = this.#kept ?? (await this.#read())
      this.#kept = batch
      if (!batch) break
      bytes += batch.entries.length
      events += batch.count
      if (taken.length > 0 && (bytes > limit.bytes || events > limit.events)) break
      this.#kept = null
      this.#out.set(batch.sequence, batch)
      taken.push(batch)
    }
    return taken
  }

  async #read(): Promise<ReadBatch | null> {
    try {
      for (;;) {
        const frame = await this.#nextFrame()
        if (frame === null) return null
        if (frame.sequence < this.#next) continue
        this.#passOver(frame)
        if (this.#progress.isFinished(frame.sequence)) continue
        const { tag, entries, count, sequence, arrivedAt } = frame
        return { tag, entries, count, sequence, arrivedAt, lease: this.#scan?.hold() }
      }
    } catch (error) {
      const path = this.#segment?.path
      this.#logger.error({ path, error }, 'cannot read a buffer file; tried again')
      this.#scan?.close()
      this.#scan = null
      return null
    }
  }

  /** What is missing before it cannot be read; it must not be waited for. */
  #passOver({ sequence, eventsBefore, count }: Frame): void {
    let isLost = false
    for (; this.#next < sequence; this.#next++) {
      if (this.#progress.isFinished(this.#next)) continue
      this.#progress.finish(this.#next)
      isLost = true
    }
    if (isLost) this.#onLost(eventsBefore - this.#nextEvents)
    this.#next = sequence + 1
    this.#nextEvents = eventsBefore + count
  }

  async #nextFrame(): Promise<Frame | null> {
    for (;;) {
      if (!this.#scan && !this.#openScan()) return null
      const found = await this.#scan!.next()
      if (found === null) this.#endScan()
      else if ('sequence' in found) return found
      else this.#reportDamage(found.start, found.end)
    }
  }

  /** Goes on where the last scan ended, or with the next segment; false if nothing is there. */
  #openScan(): boolean {
    const { all } = this.#segments
    this.#segment ??= all[0] ?? null
    if (!this.#segment) return false
    if (this.#scannedTo >= this.#segment.size) {
      const next = all[all.indexOf(this.#segment) + 1]
      if (!next) return false
      this.#segment = next
      this.#scannedTo = 0
    }
    const from = Math.max(this.#scannedTo, SEGMENT_HEAD_BYTES)
    if (from >= this.#segment.size) return this.#skipEmpty()
    this.#scanEnd = this.#segment.size
    this.#scan = new SegmentScan(this.#segment.file, from, this.#scanEnd)
    return true
  }

  #skipEmpty(): boolean {
    this.#scannedTo = this.#segment!.size
    const { all } = this.#segments
    return all.indexOf(this.#segment!) + 1 < all.length && this.#openScan()
  }

  #endScan(): void {
    const start = this.#scan!.offset
    if (start < this.#scanEnd) this.#reportDamage(start, this.#scanEnd)
    this.#scannedTo = this.#scanEnd
    this.#scan?.close()
    this.#scan = null
  }

  #reportDamage(start: number, end: number): void {
    const fields = { path: this.#segment?.path, start, end }
    this.#logger.error(fields, 'a buffer file was damaged; what is readable is kept')
  }
}
