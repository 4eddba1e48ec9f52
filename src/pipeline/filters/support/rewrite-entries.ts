/** Writes some entries of a batch anew; the others are copied as bytes. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { entryEnd } from '../../../codecs/record.ts'
import type { Batch } from '../../batch.ts'

export interface EntryRewriter {
  /**
   * Appends to `out` what the entry from `entry` to `end` becomes and returns true, or returns
   * false if it stays; `out` is forgotten then.
   */
  rewrite(bytes: Uint8Array, entry: number, end: number, out: ByteWriter): boolean
}

/** Room for what entries grow by, so that most batches are written without moving. */
const GROWTH = 1.25

/** Reused for one entry after the other; nothing in it outlives `rewriteEntries`. */
const scratch = new ByteWriter(16 * 1024)
/** A scratch that one huge entry has made larger is let go. */
const SCRATCH_MAX = 1024 * 1024

/** The batch itself if nothing in it changed. */
export function rewriteEntries(batch: Batch, rewriter: EntryRewriter): Batch {
  const { entries } = batch
  let writer: ByteWriter | null = null
  let copied = 0
  for (let entry = 0, end = 0; entry < entries.length; entry = end) {
    end = entryEnd(entries, entry)
    scratch.clear()
    if (!rewriter.rewrite(entries, entry, end, scratch)) continue
    writer ??= new ByteWriter(Math.ceil(entries.length * GROWTH))
    writer.appendRange(entries, copied, entry)
    writer.appendRange(scratch.bytes, 0, scratch.length)
    copied = end
  }
  if (scratch.bytes.length > SCRATCH_MAX) scratch.bytes = new Uint8Array(16 * 1024)
  if (!writer) return batch
  writer.appendRange(entries, copied, entries.length)
  return { ...batch, entries: writer.written() }
}
