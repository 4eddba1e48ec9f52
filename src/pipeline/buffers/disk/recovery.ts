/**
 * What an earlier run has left in the segments: how much is not finished, where the numbers go on,
 * what is damaged. A frame that was being written when the process or the machine died is cut off;
 * it was never answered.
 */
import type { Logger } from '../../logger.ts'
import { type Frame, SEGMENT_HEAD_BYTES } from './frame.ts'
import type { Progress } from './progress.ts'
import { type DamagedRange, SegmentScan } from './segment-scan.ts'
import type { Segment, Segments } from './segments.ts'

export interface Recovered {
  bytes: number
  events: number
  nextSequence: number
  /** Events of all frames so far, finished ones and lost ones too. */
  nextEvents: number
}

export class Recovery {
  readonly #segments: Segments
  readonly #progress: Progress
  readonly #logger: Logger
  /** What is damaged and not counted yet: how much it was, the next good frame tells. */
  #damaged: string[] = []
  readonly #sums: Recovered

  constructor(segments: Segments, progress: Progress, logger: Logger) {
    this.#segments = segments
    this.#progress = progress
    this.#logger = logger
    const { from } = progress
    this.#sums = { bytes: 0, events: 0, nextSequence: from, nextEvents: NaN }
  }

  /** Rejects if a file cannot be read. */
  async run(): Promise<Recovered> {
    for (const segment of this.#segments.all) await this.#readSegment(segment)
    this.#reportDamage('unknown')
    if (Number.isNaN(this.#sums.nextEvents)) this.#sums.nextEvents = 0
    return this.#sums
  }

  async #readSegment(segment: Segment): Promise<void> {
    this.#goOnAt(segment.firstSequence, segment.eventsBefore)
    const scan = new SegmentScan(segment.file, SEGMENT_HEAD_BYTES, segment.size)
    for (let found = await scan.next(); found !== null; found = await scan.next()) {
      if ('sequence' in found) this.#count(found)
      else await this.#setAside(segment, found)
    }
    scan.close()
    if (scan.offset < segment.size) await this.#cut(segment, scan.offset)
  }

  /** One that was seen before was written twice, because its first write failed half way. */
  #count({ sequence, eventsBefore, count, entries }: Frame): void {
    const isNew = sequence >= this.#sums.nextSequence
    if (isNew) this.#goOnAt(sequence, eventsBefore)
    if (isNew || sequence + 1 === this.#sums.nextSequence) {
      this.#sums.nextSequence = sequence + 1
      this.#sums.nextEvents = eventsBefore + count
    }
    if (!isNew || this.#progress.isFinished(sequence)) return
    this.#sums.bytes += entries.length
    this.#sums.events += count
  }

  /** What comes here has these numbers; what is missing before it is lost. */
  #goOnAt(sequence: number, eventsBefore: number): void {
    if (Number.isNaN(eventsBefore) || sequence < this.#sums.nextSequence) return
    const missing = eventsBefore - this.#sums.nextEvents
    if (this.#damaged.length > 0) this.#reportDamage(Number.isNaN(missing) ? 'unknown' : missing)
    else if (missing > 0) this.#logger.error({ events: missing }, 'a buffer file is gone')
    for (let lost = this.#sums.nextSequence; lost < sequence; lost++) this.#progress.finish(lost)
    this.#sums.nextSequence = sequence
    this.#sums.nextEvents = eventsBefore
  }

  async #setAside(segment: Segment, { start, end }: DamagedRange): Promise<void> {
    const path = await this.#segments.quarantine(segment, start, end)
    this.#damaged.push(`${segment.path} from byte ${start} to ${end}, kept as ${path}`)
  }

  #reportDamage(events: number | 'unknown'): void {
    if (this.#damaged.length === 0) return
    this.#logger.error(
      { ranges: this.#damaged, events },
      'a buffer file is damaged; what is readable is kept',
    )
    this.#damaged = []
  }

  async #cut(segment: Segment, size: number): Promise<void> {
    const bytes = segment.size - size
    await segment.file.truncate(size)
    segment.size = size
    const message = 'cut off what was being written to a buffer when its process ended'
    this.#logger.info({ path: segment.path, bytes }, message)
  }
}
