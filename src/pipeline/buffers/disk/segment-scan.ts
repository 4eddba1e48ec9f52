/**
 * Walks through a segment file: frames as they come, those of a block one after the other, what is
 * damaged as ranges, and where the file ends in the middle of a frame or block. Bytes are read in
 * large pieces, never all at once; a piece is given back when the next one is read and nobody has a
 * hold on it any more.
 */
import { Lease } from '../../../codecs/lease.ts'
import type { DataFile } from '../../files/file-access.ts'
import type { Block } from './block.ts'
import { type Frame, FRAME_HEAD_BYTES, SEGMENT_HEAD_BYTES } from './frame.ts'
import { findAt, type Found, nextMarker } from './markers.ts'
import { unpack } from './packing.ts'
import { readAround } from './read-around.ts'
import type { ReadBlock } from './read-blocks.ts'
import type { RecentWrite } from './recent-writes.ts'
import { Unpacked } from './unpacked.ts'

const READ_BYTES = 1024 * 1024

/** Bytes of the file from `start` up to `end` that are no frames. */
export interface DamagedRange {
  readonly start: number
  readonly end: number
}

/** Sequences in it go up by one from frame to frame. */
export interface ScannedFile {
  /** Another one, with the same bytes, after somebody had removed it. */
  readonly file: DataFile
  readonly firstSequence: number
}

/** What of a file is still in memory, by its offset. */
type TakeRecent = (offset: number) => RecentWrite | null

export class SegmentScan {
  /** Whether blocks that cannot be read are passed over, as damage. */
  readsAround = false
  /** What was read last, and the block of frames that is gone through, if there is one. */
  #readBlock: ReadBlock | null = null
  #unpacked: Unpacked | null = null
  readonly #scanned: ScannedFile
  readonly #takeRecent: TakeRecent
  #end: number
  #bytes: Buffer = Buffer.alloc(0)
  /** Whether the bytes were read from the file. */
  #isRead = true
  /** Where in the file the bytes begin. */
  #base: number
  /** Where in the file the next frame is expected. */
  offset: number

  /** From one offset of a file up to another, at which it is known to end. */
  constructor(
    scanned: ScannedFile,
    offset: number,
    end: number,
    takeRecent: TakeRecent = () => null,
  ) {
    this.#scanned = scanned
    this.#takeRecent = takeRecent
    this.#base = this.offset = offset
    this.#end = end
  }

  /** Memory that the frame found last is in; its entries stay as long as somebody holds it. */
  get block(): ReadBlock | null {
    return this.#unpacked?.block ?? this.#readBlock
  }

  /** Nothing more is wanted. */
  close(): void {
    this.#readBlock?.lease.release()
    this.#readBlock = null
    this.#unpacked?.block.lease.release()
    this.#unpacked = null
  }

  /**
   * The next frame or damaged range; null at the end, or where the last frame is not whole: then
   * `offset` is before `end`. Rejects if the file cannot be read.
   */
  async next(): Promise<Frame | DamagedRange | null> {
    const unpacked = this.#unpacked?.next()
    if (unpacked) return unpacked
    if (this.offset >= this.#end) return null
    if (this.#takeLoaded()) return this.next()
    const found = await this.#findAt(this.offset)
    if (found === 'incomplete') return this.#judgeIncomplete()
    if (found === 'damaged') return this.#skipDamage(this.offset)
    if ('method' in found) return this.#enter(found)
    this.#leave()
    this.offset += found.length
    return found
  }

  /** True for a block that is still in memory as its frames are. */
  #takeLoaded(): boolean {
    if (this.offset >= this.#base && this.offset < this.#loadedEnd) return false
    const recent = this.#takeRecent(this.offset)
    if (!recent) return false
    if (recent.packedLength === null) {
      this.#use(recent)
      return false
    }
    this.#leave()
    this.#unpacked = new Unpacked(recent.bytes, recent.packedLength, recent.lease)
    this.offset += recent.packedLength
    return true
  }

  async #enter(block: Block): Promise<Frame | DamagedRange | null> {
    const plain = await unpack(block)
    const unpacked = plain && Unpacked.of(plain, block)
    if (!unpacked) return this.#skipDamage(this.offset)
    this.#leave()
    this.#unpacked = unpacked
    this.offset += block.length
    return this.next()
  }

  #leave(): void {
    this.#unpacked?.block.lease.release()
    this.#unpacked = null
  }

  /** A length that is wrong looks the same as a torn end: frames behind it tell which it is. */
  async #judgeIncomplete(): Promise<DamagedRange | null> {
    const start = this.offset
    const next = await this.#frameBehind(start)
    if (next === null) return null
    this.offset = next
    return { start, end: next }
  }

  async #skipDamage(start: number): Promise<DamagedRange> {
    this.offset = (await this.#frameBehind(start)) ?? this.#end
    return { start, end: this.offset }
  }

  /** Where the first whole frame or block behind a place begins, or null. */
  async #frameBehind(place: number): Promise<number | null> {
    for (let from = place + 1; from < this.#end;) {
      await this.#load(from, FRAME_HEAD_BYTES)
      const end = Math.min(this.#bytes.length, this.#end - this.#base)
      const at = nextMarker(this.#bytes, from - this.#base, end)
      if (at < 0) {
        // A marker may lie across the end of what is loaded.
        from = Math.max(from + 1, this.#base + end - 3)
        continue
      }
      const candidate = this.#base + at
      if (typeof (await this.#findAt(candidate)) === 'object') return candidate
      from = candidate + 1
    }
    return null
  }

  async #findAt(offset: number): Promise<Found> {
    await this.#load(offset, FRAME_HEAD_BYTES)
    let found = this.#find(offset)
    if (found === 'incomplete' && this.#loadedEnd < this.#end) {
      const bodyLength = this.#bytes.readUInt32LE(offset - this.#base + 8)
      if (offset + FRAME_HEAD_BYTES + bodyLength > this.#end) return 'incomplete'
      await this.#load(offset, FRAME_HEAD_BYTES + bodyLength)
      found = this.#find(offset)
    }
    return found
  }

  get #loadedEnd(): number {
    return this.#base + this.#bytes.length
  }

  #find(offset: number): Found {
    const found = findAt(this.#bytes, offset - this.#base, this.#bytes.length, this.#isRead)
    return typeof found === 'object' && !this.#canBeAt(offset, found) ? 'damaged' : found
  }

  /** Not if it only looks like one, say because somebody has logged the bytes of one. */
  #canBeAt(offset: number, found: Frame | Block): boolean {
    const { firstSequence } = this.#scanned
    if ('method' in found) return found.place === offset && found.firstSequence >= firstSequence
    const before = (offset - SEGMENT_HEAD_BYTES) / FRAME_HEAD_BYTES
    return found.sequence >= firstSequence && found.sequence <= firstSequence + before
  }

  /** Sees to it that `length` bytes from `offset` on are loaded, or all there are. */
  async #load(offset: number, length: number): Promise<void> {
    const end = Math.min(offset + length, this.#end)
    if (offset >= this.#base && end <= this.#loadedEnd) return
    const recent = this.#takeRecent(offset)
    if (recent?.packedLength === null) return this.#use(recent)
    recent?.lease.release()
    const wanted = Math.min(Math.max(length, READ_BYTES), this.#end - offset)
    const { file } = this.#scanned
    const bytes = await (this.readsAround
      ? readAround(file, offset, wanted)
      : file.read(offset, wanted))
    // Somebody has cut it off while it was in use.
    if (bytes.length < wanted) this.#end = offset + bytes.length
    const lease = new Lease(new Uint8Array(bytes.buffer))
    this.#use({ offset, bytes, lease, packedLength: null })
    this.#isRead = true
  }

  /** Never written again: entries that are found are views of it. */
  #use({ offset, bytes, lease }: RecentWrite): void {
    this.#readBlock?.lease.release()
    this.#bytes = bytes
    this.#readBlock = { lease, bytes: bytes.buffer.byteLength, heldBytes: 0, holders: 0 }
    this.#base = offset
    this.#isRead = false
  }
}
