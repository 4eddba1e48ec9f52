/**
 * Several frames compressed together, as a buffer with `compress` has them in its segments, which
 * are of version 2. Drawing and reasons: docs/specs/buffer-files.md. A block's head is as long as a
 * frame's, with the lengths and checksums at the same places.
 */
import { crc32 } from '../../../codecs/kernel/checksum.ts'
import {
  BODY_BYTES_MAX,
  FRAME_HEAD_BYTES,
  headChecksum,
  isCount,
  writeHeadChecksum,
} from './frame.ts'

export const BLOCK_HEAD_BYTES = FRAME_HEAD_BYTES
export const BLOCK_MARKER = 0x5a_42_42_4c // LBBZ

/** How the body is made; the number stands in the head. */
export type Method = 'stored' | 'gzip' | 'zstd'
const METHODS: readonly Method[] = ['stored', 'gzip', 'zstd']

export interface BlockHead {
  readonly method: Method
  /** Bytes of the frames in it, as they are without compression. */
  readonly plainLength: number
  /** Where it lies in its segment: bytes that somebody has logged are none of ours. */
  readonly place: number
  /** Of the first frame in it. */
  readonly firstSequence: number
  readonly eventsBefore: number
}

export interface Block extends BlockHead {
  /** A view of the bytes that were read. */
  readonly body: Buffer
  /** Of the block, head included. */
  readonly length: number
}

export function encodeBlockHead(head: BlockHead, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(BLOCK_HEAD_BYTES)
  bytes.writeUInt32LE(BLOCK_MARKER, 0)
  bytes.writeUInt32LE(body.length, 8)
  bytes.writeUInt32LE(head.plainLength, 12)
  bytes.writeUInt32LE(METHODS.indexOf(head.method), 16)
  bytes.writeDoubleLE(head.place, 24)
  bytes.writeDoubleLE(head.firstSequence, 32)
  bytes.writeDoubleLE(head.eventsBefore, 40)
  writeHeadChecksum(bytes)
  bytes.writeUInt32LE(crc32(body, crc32(bytes.subarray(8))), 4)
  return bytes
}

/** What is at `offset`, where a block's marker is; bytes from `end` on are not there yet. */
export function findBlock(
  bytes: Buffer,
  offset: number,
  end: number,
): Block | 'incomplete' | 'damaged' {
  if (end - offset < BLOCK_HEAD_BYTES) return 'incomplete'
  // Before its lengths are believed, as with a frame.
  if (bytes.readUInt32LE(offset + 20) !== headChecksum(bytes, offset)) return 'damaged'
  const bodyLength = bytes.readUInt32LE(offset + 8)
  const plainLength = bytes.readUInt32LE(offset + 12)
  const method = METHODS[bytes.readUInt32LE(offset + 16)]
  if (!method || bodyLength > BODY_BYTES_MAX || plainLength > BODY_BYTES_MAX) return 'damaged'
  const length = BLOCK_HEAD_BYTES + bodyLength
  if (end - offset < length) return 'incomplete'
  if (bytes.readUInt32LE(offset + 4) !== crc32(bytes.subarray(offset + 8, offset + length)))
    return 'damaged'
  const place = bytes.readDoubleLE(offset + 24)
  const firstSequence = bytes.readDoubleLE(offset + 32)
  const eventsBefore = bytes.readDoubleLE(offset + 40)
  if (!isCount(firstSequence) || !isCount(eventsBefore)) return 'damaged'
  const body = bytes.subarray(offset + BLOCK_HEAD_BYTES, offset + length)
  return { method, plainLength, place, firstSequence, eventsBefore, body, length }
}
