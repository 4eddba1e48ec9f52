/** Leaves entries out of a batch, copying no more than it has to. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { entryEnd } from '../../../codecs/record.ts'
import type { Batch } from '../../batch.ts'

/** Whether the entry at `entry` of the batch's bytes stays; asked once for each, in order. */
export type Keeps = (bytes: Uint8Array, entry: number, end: number) => boolean

/** The batch itself if all stay, a part of its bytes if they are neighbours, null for none. */
export function selectEntries(batch: Batch, keeps: Keeps): Batch | null {
  const { entries } = batch
  let writer: ByteWriter | null = null
  let count = 0
  /** The latest run of entries that stay. */
  let start = 0
  let stop = 0
  for (let entry = 0, end = 0; entry < entries.length; entry = end) {
    end = entryEnd(entries, entry)
    if (!keeps(entries, entry, end)) continue
    if (entry !== stop) {
      if (stop > start) {
        writer ??= new ByteWriter(entries.length)
        writer.appendRange(entries, start, stop)
      }
      start = entry
    }
    stop = end
    count++
  }
  if (count === batch.count) return batch
  if (count === 0) return null
  if (!writer) return { ...batch, entries: entries.subarray(start, stop), count }
  writer.appendRange(entries, start, stop)
  return { ...batch, entries: writer.written(), count }
}
