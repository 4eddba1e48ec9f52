/**
 * The journal's bytes: frames laid end to end, each `length u32BE │ CRC-32 of the payload u32BE │
 * payload`. What a crash can leave is a torn frame at the end.
 */
import { crc32 } from 'node:zlib'

const HEADER_BYTES = 8

export function frameOf(payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length)
  frame.writeUInt32BE(payload.length, 0)
  frame.writeUInt32BE(crc32(payload), 4)
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
    const start = end + HEADER_BYTES
    const next = start + bytes.readUInt32BE(end)
    if (next > bytes.length) break
    const payload = bytes.subarray(start, next)
    if (payload.length === 0 || crc32(payload) !== bytes.readUInt32BE(end + 4)) {
      return { payloads, end, isDamaged: true }
    }
    payloads.push(payload)
    end = next
  }
  return { payloads, end, isDamaged: false }
}
