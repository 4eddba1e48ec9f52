/** Finds Docker's parts (part.ts) in a batch, and the lines they belong to. */
import { entryEnd } from '../../../codecs/record.ts'
import type { Batch } from '../../batch.ts'
import type { BatchWork } from '../support/joining/batch-work.ts'
import type { Line } from '../support/joining/line.ts'
import type { Lines, Sorter } from '../support/joining/line-joiner.ts'
import type { OpenLines } from '../support/joining/open-lines.ts'
import { mayHaveParts, PartReader } from './part.ts'

export class PartSorter implements Sorter {
  readonly #reader = new PartReader()

  /** Fast path: one search over the bytes tells that there is no part in the batch. */
  concerns({ entries, tag }: Batch, open: OpenLines): boolean {
    return mayHaveParts(entries) || open.hasLegacy(tag)
  }

  sort(work: BatchWork, lines: Lines): void {
    const { entries, tag } = work.batch
    for (let start = 0, end = 0; start < entries.length; start = end) {
      end = entryEnd(entries, start)
      this.#reader.read(entries, start, end)
      const line = this.#lineOf(tag, lines)
      if (!line) continue
      work.takeOut(start, end)
      this.#add(line, work, lines)
    }
  }

  /** The line that the entry just read belongs to, or undefined for an ordinary record. */
  #lineOf(tag: string, lines: Lines): Line | undefined {
    const reader = this.#reader
    if (reader.isPart) {
      const key = reader.key(tag)
      return lines.open.get(key) ?? lines.openLine({ key, tag, isLegacy: reader.isLegacy })
    }
    if (!reader.hasLog || !lines.open.hasLegacy(tag)) return undefined
    return lines.open.get(reader.legacyKey(tag))
  }

  #add(line: Line, work: BatchWork, lines: Lines): void {
    const reader = this.#reader
    const ordinal = line.name.isLegacy ? line.nextOrdinal : reader.ordinal
    // Sent again after a lost acknowledgement; the part that is held already is the same.
    if (line.has(ordinal)) return
    const { log, isPart } = reader
    const isLast = line.name.isLegacy ? !isPart : reader.isLast
    const part = { ordinal, isLast, log, size: log.length, call: work.call }
    lines.add(line, part, reader.head(), work)
  }
}
