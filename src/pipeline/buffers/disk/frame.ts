/**
 * How a batch lies in a segment file. Drawing and reasons: docs/specs/buffer-files.md. All numbers
 * are little-endian; the checksum is CRC-32 as in zlib (RFC 1952), over all that follows it.
 */
import { crc32 } from '../../../codecs/kernel/checksum.ts'
import type { Batch } from '../../batch.ts'
import type { Position } from './progress.ts'

/** Of a segment with frames, and of one with blocks of frames (block.ts). */
export const FORMAT_VERSIONS = { frames: 1, blocks: 2 } as const
export const SEGMENT_HEAD_BYTES = 32
export const FRAME_HEAD_BYTES = 48
const SEGMENT_MARKER = 0x53_42_42_4c // LBBS
const FRAME_MARKER = 0x46_42_42_4c // LBBF
/** A tag is at most this long, and a body; more is a sign of damage. */
const TAG_BYTES_MAX = 1024 * 1024
export const BODY_BYTES_MAX = 0x7fff_ffff

/** What is known of a batch without its bytes. */
export interface FrameHead {
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly arrivedAt: number
  readonly count: number
  /** Events in the frames before, since the buffer exists: tells how many a gap has swallowed. */
  readonly eventsBefore: number
}

export interface Frame extends FrameHead {
  readonly tag: string
  /** A view of the bytes that were read. */
  readonly entries: Uint8Array
  /** Of the frame, head included. */
  readonly length: number
  /** Its share of the file, and that of its entries; less where it is compressed. */
  readonly storedLength: number
  readonly storedBytes: number
}

export interface SegmentHead {
  readonly version: number
  readonly firstSequence: number
  readonly eventsBefore: number
}

export function encodeSegmentHead({ version, firstSequence, eventsBefore }: SegmentHead): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEAD_BYTES)
  bytes.writeUInt32LE(SEGMENT_MARKER, 0)
  bytes.writeUInt32LE(version, 8)
  bytes.writeDoubleLE(firstSequence, 12)
  bytes.writeDoubleLE(eventsBefore, 20)
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

/** Undefined if that is no head of ours, or a damaged one. */
export function decodeSegmentHead(bytes: Buffer): SegmentHead | undefined {
  if (bytes.length < SEGMENT_HEAD_BYTES || bytes.readUInt32LE(0) !== SEGMENT_MARKER)
    return undefined
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(8, SEGMENT_HEAD_BYTES))) return undefined
  const firstSequence = bytes.readDoubleLE(12)
  const eventsBefore = bytes.readDoubleLE(20)
  if (!isCount(firstSequence) || !isCount(eventsBefore)) return undefined
  return { version: bytes.readUInt32LE(8), firstSequence, eventsBefore }
}

/** What lies in a frame. */
export interface FrameBatch extends Batch {
  /** Milliseconds since 1970. */
  readonly arrivedAt: number
}

/**
 * Frames for batches that come one after the other behind a place, and where the last of them ends.
 * In memory of their own, which whoever has them may give back.
 */
export function encodeFrames(batches: readonly FrameBatch[], start: Position) {
  let length = 0
  for (const { tag, entries } of batches)
    length += FRAME_HEAD_BYTES + Buffer.byteLength(tag) + entries.length
  const frames = Buffer.allocUnsafeSlow(length)
  let { sequence, events } = start
  let at = 0
  for (const batch of batches) {
    at = putFrame(frames, at, batch, { sequence, events })
    sequence++
    events += batch.count
  }
  return { frames, end: { sequence, events } }
}

/**
 * Gives where it ends. It is copied first and summed where it lies then, in the processor's cache:
 * entries that are read twice where they came are brought from memory twice.
 */
function putFrame(bytes: Buffer, start: number, batch: FrameBatch, place: Position): number {
  const { tag, entries, count, arrivedAt } = batch
  const bodyStart = start + FRAME_HEAD_BYTES
  const tagLength = bytes.write(tag, bodyStart)
  const end = bodyStart + tagLength + entries.length
  bytes.set(entries, bodyStart + tagLength)
  bytes.writeUInt32LE(FRAME_MARKER, start)
  bytes.writeUInt32LE(tagLength + entries.length, start + 8)
  bytes.writeUInt32LE(tagLength, start + 12)
  bytes.writeUInt32LE(count, start + 16)
  bytes.writeDoubleLE(place.sequence, start + 24)
  bytes.writeDoubleLE(arrivedAt, start + 32)
  bytes.writeDoubleLE(place.events, start + 40)
  writeHeadChecksum(bytes, start)
  bytes.writeUInt32LE(crc32(bytes.subarray(start + 8, end)), start + 4)
  return end
}

/**
 * What is at `offset`; bytes from `end` on are not there yet. Those that never left the memory need
 * no check.
 */
export function findFrame(
  bytes: Buffer,
  offset: number,
  end: number,
  isChecked = true,
): Frame | 'incomplete' | 'damaged' {
  if (end - offset < FRAME_HEAD_BYTES) return 'incomplete'
  if (bytes.readUInt32LE(offset) !== FRAME_MARKER) return 'damaged'
  // Before its lengths are believed: a wrong one would look like a frame that is not whole.
  if (bytes.readUInt32LE(offset + 20) !== headChecksum(bytes, offset)) return 'damaged'
  const bodyLength = bytes.readUInt32LE(offset + 8)
  const tagLength = bytes.readUInt32LE(offset + 12)
  if (tagLength > TAG_BYTES_MAX || bodyLength < tagLength || bodyLength > BODY_BYTES_MAX)
    return 'damaged'
  const length = FRAME_HEAD_BYTES + bodyLength
  if (end - offset < length) return 'incomplete'
  const sum = bytes.readUInt32LE(offset + 4)
  if (isChecked && sum !== crc32(bytes.subarray(offset + 8, offset + length))) return 'damaged'
  const tagEnd = offset + FRAME_HEAD_BYTES + tagLength
  const sequence = bytes.readDoubleLE(offset + 24)
  const eventsBefore = bytes.readDoubleLE(offset + 40)
  if (!isCount(sequence) || !isCount(eventsBefore)) return 'damaged'
  return {
    sequence,
    arrivedAt: bytes.readDoubleLE(offset + 32),
    count: bytes.readUInt32LE(offset + 16),
    eventsBefore,
    tag: bytes.toString('utf8', offset + FRAME_HEAD_BYTES, tagEnd),
    entries: new Uint8Array(bytes.buffer, bytes.byteOffset + tagEnd, offset + length - tagEnd),
    length,
    storedLength: length,
    storedBytes: offset + length - tagEnd,
  }
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

export function writeHeadChecksum(bytes: Buffer, offset = 0): void {
  bytes.writeUInt32LE(headChecksum(bytes, offset), offset + 20)
}

/** Of the head at `offset`, but for the marker and the two sums. */
export function headChecksum(bytes: Buffer, offset: number): number {
  const lengths = crc32(bytes.subarray(offset + 8, offset + 20))
  return crc32(bytes.subarray(offset + 24, offset + FRAME_HEAD_BYTES), lengths)
}
