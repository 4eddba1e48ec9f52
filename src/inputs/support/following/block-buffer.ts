/**
 * A block of a file, and the bytes before it: they tell whether the file is still the one of which
 * was read up to there.
 */
import type { FileHandle } from 'node:fs/promises'
import { FOOT_BYTES, type Foot, footLength, footOf } from './identity.ts'

export class BlockBuffer {
  /** What was read from the offset on. */
  readonly bytes: Buffer
  readonly #all: Buffer
  /** Bytes before the block that are there. */
  #before = 0

  constructor(blockBytes: number) {
    this.#all = Buffer.allocUnsafeSlow(FOOT_BYTES + blockBytes)
    this.bytes = this.#all.subarray(FOOT_BYTES)
  }

  /** How many bytes there are from `offset` on; -1 if the file ends before it. */
  async read(handle: FileHandle, offset: number): Promise<number> {
    const before = footLength(offset)
    const start = FOOT_BYTES - before
    const wanted = this.#all.length - start
    const { bytesRead } = await handle.read(this.#all, start, wanted, offset - before)
    this.#before = before
    return bytesRead < before ? -1 : bytesRead - before
  }

  /** For a block that comes from elsewhere. */
  forgetBefore(): void {
    this.#before = 0
  }

  /** Whether what stands before the block at `offset` may be what is known to. */
  fits(foot: Foot, offset: number): boolean {
    return foot.end !== offset || this.footAt(offset, 0)?.hash === foot.hash
  }

  /** Of the first `used` bytes of the block at `offset`; null if too little is there to say. */
  footAt(offset: number, used: number): Foot | null {
    const end = offset + used
    const length = footLength(end)
    if (length > this.#before + used) return null
    const last = FOOT_BYTES + used
    return footOf(this.#all.subarray(last - length, last), end)
  }
}
