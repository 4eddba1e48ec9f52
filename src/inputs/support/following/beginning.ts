/** The first bytes of a file; of a compressed one those of what it was. */
import type { FileHandle } from 'node:fs/promises'
import { COMPRESSED, readDecompressed } from './compressed.ts'
import { HEAD_BYTES_MAX, readBeginning } from './identity.ts'

/** The path only says how it is compressed. */
export async function beginningOf(handle: FileHandle, path: string): Promise<Uint8Array> {
  if (!COMPRESSED.test(path)) return readBeginning(handle)
  return readDecompressed({ handle, path }, { offset: 0, length: HEAD_BYTES_MAX })
}
