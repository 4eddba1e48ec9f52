/**
 * The journal's bytes: frames laid end to end.
 *
 *     length u32BE │ CRC-32 of the payload u32BE │ CRC-32 of these eight bytes u32BE │ payload
 *
 * What a crash can leave is a frame cut short at the end. The header has a check of its own, so
 * that a wrong length is not taken for one.
 */
import { crc32 } from 'node:zlib'

const CHECKED_BYTES = 8
const HEADER_BYTES = 12

export function frameOf(payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length)
  frame.writeUInt32BE(payload.length, 0)
  frame.writeUInt32BE(crc32(payload), 4)
  frame.writeUInt32BE(crc32(frame.subarray(0, CHECKED_BYTES)), CHECKED_BYTES)
  frame.set(payload, HEADER_BYTES)
  return frame
}

export interface Frames {
  readonly payloads: readonly Buffer[]
  /** Where the last whole frame ends. */
  readonly end: number
  /** True if what follows is not just a frame cut short but bytes that are wrong. */
  readonly isDamaged: boolean
}

/** The whole frames from the start of `bytes`. */
export function readFrames(bytes: Buffer): Frames {
  const payloads: Buffer[] = []
  let end = 0
  while (end + HEADER_BYTES <= bytes.length) {
    if (!isHeader(bytes, end)) return { payloads, end, isDamaged: true }
    const start = end + HEADER_BYTES
    const next = start + bytes.readUInt32BE(end)
    if (next > bytes.length) break
    const payload = bytes.subarray(start, next)
    if (crc32(payload) !== bytes.readUInt32BE(end + 4)) return { payloads, end, isDamaged: true }
    payloads.push(payload)
    end = next
  }
  return { payloads, end, isDamaged: false }
}

function isHeader(bytes: Buffer, offset: number): boolean {
  const checked = bytes.subarray(offset, offset + CHECKED_BYTES)
  return crc32(checked) === bytes.readUInt32BE(offset + CHECKED_BYTES)
}
