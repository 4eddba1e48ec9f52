/**
 * What an earlier run has left in the segments: where the numbers go on, and what is missing at the
 * end. Only the newest segments are read, up to one that has a batch; the rest is the reader's, who
 * finds what is damaged there. A frame that was being written when the process or the machine died
 * is cut off; it was never answered.
 */
import type { Logger } from '../../logger.ts'
import type { Damage } from '../batch-store.ts'
import { DamageReport } from './damage-report.ts'
import { SEGMENT_HEAD_BYTES } from './frame.ts'
import type { Position, Progress } from './progress.ts'
import { SegmentScan } from './segment-scan.ts'
import type { Segment, Segments } from './segments.ts'

export class Recovery {
  readonly #segments: Segments
  readonly #logger: Logger
  readonly #report: DamageReport
  readonly #onLost: (damage: Damage, below: number) => void
  #isTailDamaged = false

  /** `onLost` is told of events that were not finished, and the number their batches were below. */
  constructor(segments: Segments, logger: Logger, onLost: (damage: Damage, below: number) => void) {
    this.#segments = segments
    this.#logger = logger
    this.#onLost = onLost
    this.#report = new DamageReport(segments, logger)
  }

  /** Where the oldest batch is that can be read, for when nothing else is known. */
  async begin(): Promise<Position> {
    for (const segment of this.#segments.all) {
      const { firstSequence: sequence, eventsBefore: events } = segment
      if (!Number.isNaN(events)) return { sequence, events }
      const first = await firstIn(segment)
      if (first) return first
    }
    return { sequence: this.#segments.all[0]?.firstSequence ?? 0, events: 0 }
  }

  /** Where new batches go on; what is missing before is finished. Rejects if it cannot read. */
  async end(progress: Progress): Promise<Position> {
    const { written } = progress
    const found = (await this.#findEnd()) ?? progress.from
    const lost = progress.lose(found, written)
    // Of what is damaged beyond the last note nobody knows.
    const isUnknown = this.#isTailDamaged && written.sequence <= found.sequence
    const newest = this.#segments.all.at(-1)
    const place = newest && `${newest.path} from byte ${newest.size} on`
    const damage = this.#report.close(isUnknown ? NaN : lost, { from: found, to: written, place })
    if (lost > 0 || damage.bytes > 0) this.#onLost(damage, written.sequence)
    const end = written.sequence > found.sequence ? written : found
    // No number is given twice: a batch that is gone may have been delivered under it.
    const sequence = Math.max(progress.next, end.sequence)
    const events = Math.max(end.events, progress.from.events)
    progress.finish(end.sequence, sequence - 1, 0)
    progress.next = sequence
    return { sequence, events }
  }

  /** So that neither comes back what was cut off, nor goes what was read and not synced. */
  async makeSafe(): Promise<void> {
    for (const { file, path } of this.#segments.all)
      await file.datasync().catch((error: unknown) => {
        const message = 'cannot sync a buffer file: a power cut now may lose what is in it'
        this.#logger.error({ path, error }, message)
      })
  }

  /** A head alone is not enough: before it may be what failed to be written, and is there. */
  async #findEnd(): Promise<Position | null> {
    let end: Position | null = null
    for (const segment of this.#segments.all.toReversed()) {
      const { firstSequence: sequence, eventsBefore: events } = segment
      if (!Number.isNaN(events)) end = later(end, { sequence, events })
      const last = await this.#endOf(segment)
      if (last) return later(end, last)
    }
    return end
  }

  /** Behind its last frame, if it has any. */
  async #endOf(segment: Segment): Promise<Position | null> {
    let end: Position | null = null
    let goodEnd = SEGMENT_HEAD_BYTES
    const scan = new SegmentScan(segment, goodEnd, segment.size)
    for (let found = await scan.next(); found !== null; found = await scan.next()) {
      if (!('sequence' in found)) continue
      const { sequence, eventsBefore: before, count } = found
      end = { sequence: sequence + 1, events: before + count }
      goodEnd = scan.offset
    }
    scan.close()
    if (goodEnd < segment.size) await this.#cut(segment, goodEnd, scan.offset > goodEnd)
    return end
  }

  async #cut(segment: Segment, size: number, isDamaged: boolean): Promise<void> {
    const bytes = segment.size - size
    const isKept = !isDamaged || (await this.#report.add(segment, size, segment.size))
    this.#isTailDamaged ||= isDamaged
    this.#segments.cut(segment, size)
    // Without a copy it is left there, and only passed over.
    if (isKept) await segment.file.truncate(size)
    const message = 'cut off what was being written to a buffer when its process ended'
    if (!isDamaged) this.#logger.info({ path: segment.path, bytes }, message)
  }
}

function later(one: Position | null, other: Position): Position {
  return one && one.sequence > other.sequence ? one : other
}

async function firstIn(segment: Segment): Promise<Position | null> {
  const scan = new SegmentScan(segment, SEGMENT_HEAD_BYTES, segment.size)
  for (let found = await scan.next(); found !== null; found = await scan.next()) {
    if (!('sequence' in found)) continue
    scan.close()
    return { sequence: found.sequence, events: found.eventsBefore }
  }
  scan.close()
  return null
}
