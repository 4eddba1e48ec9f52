/** What is damaged: a copy is kept, and how much it was is said once what follows is known. */
import type { Logger } from '../../logger.ts'
import type { Damage } from '../batch-store.ts'
import type { Position } from './progress.ts'
import type { Segment, Segments } from './segments.ts'

/** Of batches that are missing. */
interface Gap {
  readonly from: Position
  readonly to: Position
  /** Where they should be, if they are behind all that there is. */
  readonly place?: string | undefined
}

export class DamageReport {
  readonly #segments: Segments
  readonly #logger: Logger
  #ranges: string[] = []
  /** In them. */
  #bytes = 0

  constructor(segments: Segments, logger: Logger) {
    this.#segments = segments
    this.#logger = logger
  }

  /** False if there could be no copy. */
  async add(segment: Segment, start: number, end: number): Promise<boolean> {
    const kept = await this.#segments.quarantine(segment, start, end)
    const copy = kept === null ? 'of which there is no copy' : `kept as ${kept}`
    this.#ranges.push(`${segment.path} from byte ${start} to ${end}, ${copy}`)
    this.#bytes += end - start
    return kept !== null
  }

  /** What came since the last time has cost so many events; NaN if that is not known. */
  close(lost: number, gap: Gap): Damage {
    const bytes = this.#bytes
    this.#tell(lost, gap)
    this.#ranges = []
    this.#bytes = 0
    return { events: lost, bytes: Number.isNaN(lost) ? bytes : 0 }
  }

  #tell(lost: number, { from, to, place }: Gap): void {
    const ranges = this.#ranges
    if (ranges.length === 0 && lost === 0) return
    const events = Number.isNaN(lost) ? 'unknown' : lost
    if (ranges.length === 0) {
      const batches = `${from.sequence} to ${to.sequence - 1}`
      const missing = place ?? `in ${this.#segments.folder}`
      const message = 'a part of a buffer is gone; what is left is kept'
      this.#logger.error({ missing, batches, events }, message)
    } else if (lost === 0)
      this.#logger.warn({ ranges }, 'a buffer file holds bytes of no use; nothing is missing')
    else
      this.#logger.error({ ranges, events }, 'a buffer file is damaged; what is readable is kept')
  }
}
