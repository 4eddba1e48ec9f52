/** One file, from when it is known until nothing more can come of it. */
import type { FileHandle } from 'node:fs/promises'
import { beginningOf } from './beginning.ts'
import { CompressedReader, COMPRESSED } from './compressed.ts'
import {
  fitsHead,
  type FileStat,
  type Foot,
  footLength,
  footOf,
  type Head,
  headOf,
  NO_FOOT,
  NO_HEAD,
} from './identity.ts'
import type { Openable } from './open-files.ts'
import type { Offsets, Position } from './positions.ts'

export interface TailedFileOptions {
  readonly id: number
  readonly key: string
  readonly path: string
  /** The watched path it belongs to. */
  readonly of: string
  readonly head?: Head
  readonly foot?: Foot
  readonly at?: Offsets
  readonly seenMs: number
  readonly isPlaced?: boolean
}

export class TailedFile implements Openable {
  readonly id: number
  key: string
  path: string
  readonly of: string
  handle: FileHandle | null = null
  head: Head
  /** What stands before the place it was read to. */
  foot: Foot
  /** Of the bytes that `head` is of, those that were seen in this run. */
  beginning: Uint8Array = new Uint8Array(0)
  /** Whether what it has was looked at, not only that it is there. */
  isKnown = false
  /** Where reading goes on. */
  offset: number
  /** Up to where each stream is delivered. */
  at: Offsets
  /** Whether there may be bytes that were not read. */
  isDirty = true
  /** Whether `at` is in the noted positions. */
  isNoted = false
  /** Of a line longer than a block: up to here it has no end. */
  searchedTo = 0
  /** Whether it has its watched path no more: nothing new is expected, but may come. */
  isRotated = false
  /** Whether it is not known where it is. */
  isLost = false
  /** Whether all that its path had before it is known. */
  isPlaced: boolean
  /** Whether it is being read right now. */
  isBusy = false
  /** Whether it is compressed and cannot be decompressed to its end: it ends where that begins. */
  isDamaged = false
  /** Whether it was gone when the collector started, and may have had more than was read. */
  mayHaveGrown = false
  /** Nothing more is expected of it. */
  isDone = false
  /** When it was last seen to have grown, by the monotonic clock; of a rotated one when it was. */
  grownAtMs = 0
  seenMs: number
  /** Bytes it had when it was looked at last. */
  size = 0
  /** When it was changed last, at that look. */
  modifiedMs = 0
  #compressed: CompressedReader | null = null

  constructor(options: TailedFileOptions) {
    const { id, key, path, of, head = NO_HEAD, foot = NO_FOOT, at = [0, 0], seenMs } = options
    this.id = id
    this.key = key
    this.path = path
    this.of = of
    this.head = head
    this.foot = foot
    this.at = at
    this.offset = Math.min(...at)
    this.seenMs = seenMs
    this.isPlaced = options.isPlaced ?? false
  }

  get isCompressed(): boolean {
    return COMPRESSED.test(this.path)
  }

  get isOpen(): boolean {
    return this.handle !== null
  }

  get isPinned(): boolean {
    return this.isBusy || this.isDirty || this.isRotated
  }

  get position(): Position {
    const { id, key, path, of, head, foot, at, seenMs, isDone, isPlaced } = this
    return { id, key, path, of, head, foot, at, seenMs, isDone, isPlaced }
  }

  /** Goes on in another file that has the same contents, and perhaps more; this one is closed. */
  moveTo({ path, stat }: { readonly path: string; readonly stat: FileStat }): void {
    this.path = path
    this.key = stat.key
    this.size = Math.max(this.size, this.isCompressed ? 0 : stat.size)
    this.isDirty = true
    this.isLost = false
    this.mayHaveGrown = false
    this.isNoted = false
  }

  /** It has so many bytes, by its stat; how many a compressed one has is known at its end. */
  noteSize(bytes: number, nowMs: number): void {
    if (this.isCompressed || bytes <= this.size) return
    this.size = bytes
    this.grownAtMs = nowMs
  }

  /** Goes back to what is delivered. */
  async rewind(): Promise<void> {
    this.offset = Math.min(...this.at)
    this.isDirty = true
    await this.closeCompressed()
  }

  /** Reads a compressed file from `offset` on; -1 if it does not begin as it should. */
  async readCompressed(
    handle: FileHandle,
    target: Uint8Array,
    offset = this.offset,
  ): Promise<number> {
    if (this.#compressed && offset < this.#compressed.offset) await this.closeCompressed()
    try {
      this.#compressed ??= await this.#openCompressed(handle)
      return this.#compressed === null ? -1 : await this.#compressed.read(target, offset)
    } catch (error) {
      // What has failed would be at its end for whoever asks again.
      await this.closeCompressed()
      throw error
    }
  }

  async #openCompressed(handle: FileHandle): Promise<CompressedReader | null> {
    const reader = new CompressedReader(handle, this.path, this.isDamaged)
    // An inode is used again, as by what is compressed for what was.
    if (await this.#beginsWithHead(reader)) return reader
    await reader.close()
    return null
  }

  async #beginsWithHead(reader: CompressedReader): Promise<boolean> {
    const beginning = new Uint8Array(this.head.length)
    try {
      return fitsHead(beginning.subarray(0, await reader.read(beginning, 0)), this.head)
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  async closeCompressed(): Promise<void> {
    await this.#compressed?.close()
    this.#compressed = null
  }

  /** Whether it still has what was read of it, as far as that can be told; if it is open. */
  async isItself(): Promise<boolean> {
    const { handle, foot } = this
    // Nobody writes to what is compressed.
    if (!handle || this.isCompressed) return true
    if (!(await this.checkHead(handle))) return false
    const bytes = Buffer.alloc(footLength(foot.end))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, foot.end - bytes.length)
    return footOf(bytes.subarray(0, bytesRead), foot.end).hash === foot.hash
  }

  /** Whether the file behind the handle still begins as it did; learns more of the beginning. */
  async checkHead(handle: FileHandle): Promise<boolean> {
    return this.checkBeginning(await beginningOf(handle, this.path))
  }

  /** The same of what it begins with, up to as much as a head has. */
  checkBeginning(bytes: Uint8Array): boolean {
    if (!fitsHead(bytes, this.head)) return false
    this.isKnown = true
    if (bytes.length > this.beginning.length) this.beginning = new Uint8Array(bytes)
    if (bytes.length > this.head.length) this.head = headOf(bytes)
    return true
  }
}
