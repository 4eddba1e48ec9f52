/** Changes to records, one after the other, from one buffer to the other and back. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import type { Batch } from '../../batch.ts'
import { type EntryRewriter, rewriteEntries } from './rewrite-entries.ts'

/** One change to a record. */
export interface Operation {
  /**
   * Appends the changed record of the entry at `entry` to `out`, which has the entry's head
   * already, and returns true; or returns false if it changes nothing, whatever it wrote.
   */
  apply(bytes: Uint8Array, entry: number, out: ByteWriter, tag: string): boolean
}

const BUFFER_BYTES = 4096
/** Buffers that one huge entry has made larger are let go. */
const KEPT_MAX = 1024 * 1024

export class EntryChanges implements EntryRewriter {
  readonly #operations: readonly Operation[]
  readonly #buffers = [new ByteWriter(BUFFER_BYTES), new ByteWriter(BUFFER_BYTES)] as const
  #tag = ''

  constructor(operations: readonly Operation[]) {
    this.#operations = operations
  }

  /** The batch itself if nothing in it changed. */
  apply(batch: Batch): Batch {
    this.#tag = batch.tag
    const changed = rewriteEntries(batch, this)
    for (const buffer of this.#buffers)
      if (buffer.bytes.length > KEPT_MAX) buffer.bytes = new Uint8Array(BUFFER_BYTES)
    return changed
  }

  rewrite(bytes: Uint8Array, entry: number, _end: number, out: ByteWriter): boolean {
    let from = bytes
    let at = entry
    let next = 0
    let latest: ByteWriter | null = null
    for (const operation of this.#operations) {
      const target = this.#buffers[next]!
      target.clear()
      target.appendRange(from, at, at + ENTRY_RECORD_OFFSET)
      if (!operation.apply(from, at, target, this.#tag)) continue
      latest = target
      from = target.bytes
      at = 0
      next = 1 - next
    }
    if (!latest) return false
    out.appendRange(latest.bytes, 0, latest.length)
    return true
  }
}
