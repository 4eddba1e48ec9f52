/** Compresses bodies on the threads of libuv, so that nothing waits for it but the body itself. */
import { promisify } from 'node:util'
import { constants, gzip, zstdCompress } from 'node:zlib'

export type Compression = 'none' | 'gzip' | 'zstd'

const gzipAsync = promisify(gzip)
const zstdAsync = promisify(zstdCompress)

export function compressed(
  body: Uint8Array,
  compression: Exclude<Compression, 'none'>,
  level: number,
): Promise<Uint8Array> {
  if (compression === 'gzip') return gzipAsync(body, { level })
  return zstdAsync(body, { params: { [constants.ZSTD_c_compressionLevel]: level } })
}
