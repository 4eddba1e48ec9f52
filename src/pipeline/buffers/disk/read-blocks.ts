/**
 * The memory that batches which are out lie in, a block for all that was read together. A few small
 * ones that stay out for long would keep whole blocks: when that gets too much they are copied.
 */
import type { Lease } from '../../../codecs/lease.ts'

/** While nothing is out that is worth a copy, this much more than twice what is out is kept. */
const SPARE_BYTES = 4 * 1024 * 1024

export interface ReadBlock {
  readonly lease: Lease
  readonly bytes: number
  /** Of entries in it, and batches, that are out. */
  heldBytes: number
  holders: number
}

export interface InBlock {
  entries: Uint8Array
  /** Of entries, also when their memory is gone. */
  readonly bytes: number
  /** Null once it has memory of its own. */
  block: ReadBlock | null
}

export class ReadBlocks {
  /** Of blocks that something of is out. */
  #bytes = 0

  hold(block: ReadBlock, bytes: number): ReadBlock {
    if (block.holders === 0) this.#bytes += block.bytes
    block.holders++
    block.heldBytes += bytes
    block.lease.retain()
    return block
  }

  /** Its entries may be gone then. */
  release({ block, bytes }: InBlock): void {
    if (!block) return
    this.#leave(block, bytes)
    block.lease.release()
  }

  /**
   * Bounds all blocks to twice of what is `held` and some more, but for the one that is still read:
   * what is out of blocks that are less than half out gets memory of its own.
   */
  copyOut(held: { batches: Iterable<InBlock>; bytes: number }, reading: ReadBlock | null): void {
    if (this.#bytes <= 2 * held.bytes + SPARE_BYTES + (reading?.bytes ?? 0)) return
    for (const batch of held.batches) {
      const { block } = batch
      if (!block || block === reading || block.heldBytes * 2 >= block.bytes) continue
      batch.entries = new Uint8Array(batch.entries)
      batch.block = null
      // Not released: an attempt may look at it still. The garbage collector takes it after that.
      this.#leave(block, batch.bytes)
    }
  }

  #leave(block: ReadBlock, bytes: number): void {
    block.heldBytes -= bytes
    block.holders--
    if (block.holders === 0) this.#bytes -= block.bytes
  }
}
