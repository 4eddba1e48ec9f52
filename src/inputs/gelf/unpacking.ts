/**
 * Decompresses messages of datagrams, whole and at once: most take a few microseconds, and
 * `message_max` is the bound on what one may take of the others' time and memory.
 */
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { packingOf } from '../../codecs/gelf/payload.ts'

export type UnpackFault = 'message_too_large' | 'corrupt_compression'

/** Of zlib's output blocks: of the usual size for one message, since each is allocated anew. */
const BLOCK_MIN_BYTES = 2048
const BLOCK_MAX_BYTES = 256 * 1024
/** What text usually becomes of. */
const USUAL_RATIO = 6

/**
 * What is in `bytes`, which is they themselves if they are not compressed; or why it cannot be had:
 * it has more than `bytesMax`, or is corrupt.
 */
export function unpack(bytes: Uint8Array, bytesMax: number): Uint8Array | UnpackFault {
  const packing = packingOf(bytes)
  if (packing === 'plain') return bytes
  const guess = Math.max(bytes.length * USUAL_RATIO, BLOCK_MIN_BYTES)
  const options = { chunkSize: Math.min(guess, BLOCK_MAX_BYTES), maxOutputLength: bytesMax }
  try {
    if (packing === 'gzip') return gunzipSync(bytes, options)
    if (packing === 'zlib') return inflateSync(bytes, options)
    return zstdDecompressSync(bytes, options)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ERR_BUFFER_TOO_LARGE' ? 'message_too_large' : 'corrupt_compression'
  }
}
