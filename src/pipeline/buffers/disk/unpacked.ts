/** The frames of a block, in memory as they were before they were compressed. */
import { Lease } from '../../../codecs/lease.ts'
import type { Block } from './block.ts'
import { findFrame, type Frame } from './frame.ts'
import type { ReadBlock } from './read-blocks.ts'

export class Unpacked {
  readonly block: ReadBlock
  readonly #frames: Buffer
  /** What a byte of it takes in the file. */
  readonly #share: number
  #offset = 0

  /** `frames` must be all of their buffer; `length` is that of the block in the file. */
  constructor(frames: Buffer, length: number, lease: Lease) {
    this.#frames = frames
    this.#share = length / Math.max(1, frames.length)
    this.block = { lease, bytes: frames.length, heldBytes: 0, holders: 0 }
  }

  /** Null if these are not whole frames, counted on from what the block's head says. */
  static of(frames: Buffer, { firstSequence, length }: Block): Unpacked | null {
    let sequence = firstSequence
    for (let offset = 0; offset < frames.length;) {
      const found = findFrame(frames, offset, frames.length)
      if (typeof found === 'string' || found.sequence !== sequence++) return null
      offset += found.length
    }
    return new Unpacked(frames, length, new Lease(new Uint8Array(frames.buffer)))
  }

  /** The next one; null behind the last. */
  next(): Frame | null {
    if (this.#offset >= this.#frames.length) return null
    // Checked already, or never out of memory.
    const found = findFrame(this.#frames, this.#offset, this.#frames.length, false)
    if (typeof found === 'string') throw new Error('BUG: a block of frames with none in it')
    this.#offset += found.length
    const storedBytes = Math.floor(found.entries.length * this.#share)
    return { ...found, storedBytes, storedLength: Math.floor(found.length * this.#share) }
  }
}
