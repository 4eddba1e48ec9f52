/**
 * Compresses what is written together, and takes it apart again. Much at a time is done by Node's
 * threads; little here, where it takes less time than to ask one.
 */
import { promisify } from 'node:util'
import {
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import type { Block, Method } from './block.ts'

/** Up to here a call takes about 50 µs. */
const SYNC_BYTES_MAX = 16 * 1024
/** Less is hardly made smaller, for 40 µs. */
const PACKED_BYTES_MIN = 1024
/** The cheapest that still finds what repeats: senders wait for it. */
const GZIP = { level: 1 }
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export type Compression = Exclude<Method, 'stored'>

export interface Packed {
  readonly method: Method
  readonly body: Uint8Array
}

/** Stored as it is if that is no longer. Rejects for lack of memory. */
export async function pack(plain: Uint8Array, compression: Compression): Promise<Packed> {
  if (plain.length < PACKED_BYTES_MIN) return { method: 'stored', body: plain }
  const body = await compress(plain, compression)
  return body.length < plain.length
    ? { method: compression, body }
    : { method: 'stored', body: plain }
}

/** In memory of its own; null for what is not as its head says. Never more than that says. */
export async function unpack({ method, body, plainLength }: Block): Promise<Buffer | null> {
  try {
    const plain = method === 'stored' ? body : await decompress(body, method, plainLength)
    if (plain.length !== plainLength) return null
    const own = Buffer.allocUnsafeSlow(plainLength)
    own.set(plain)
    return own
  } catch (_notCompressed) {
    return null
  }
}

function compress(plain: Uint8Array, compression: Compression): Buffer | Promise<Buffer> {
  const isSmall = plain.length <= SYNC_BYTES_MAX
  if (compression === 'gzip') return isSmall ? gzipSync(plain, GZIP) : promisify(gzip)(plain, GZIP)
  return isSmall ? zstdCompressSync(plain, ZSTD) : promisify(zstdCompress)(plain, ZSTD)
}

function decompress(body: Buffer, method: Compression, plainLength: number) {
  const isSmall = plainLength <= SYNC_BYTES_MAX
  const options = { maxOutputLength: Math.max(1, plainLength) }
  if (method === 'gzip')
    return isSmall ? gunzipSync(body, options) : promisify(gunzip)(body, options)
  return isSmall ? zstdDecompressSync(body, options) : promisify(zstdDecompress)(body, options)
}
