/** The first bytes of a file, by its path; of a compressed one those of what it was. */
import { open } from 'node:fs/promises'
import { COMPRESSED, compressedBeginning } from './compressed.ts'
import { HEAD_BYTES_MAX, readBeginning } from './identity.ts'

export async function beginningOf(path: string): Promise<Uint8Array> {
  if (COMPRESSED.test(path)) return compressedBeginning(path, HEAD_BYTES_MAX)
  const handle = await open(path, 'r')
  try {
    return await readBeginning(handle)
  } finally {
    await handle.close()
  }
}
