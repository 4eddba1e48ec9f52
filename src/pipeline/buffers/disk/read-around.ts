/** Reads what a disk that has bad blocks can give. */
import type { DataFile } from '../../files/file-access.ts'

/** The least that disks and file systems fail to read. */
const BLOCK_BYTES = 4096

/**
 * As `DataFile.read`, with zeros for blocks that cannot be read: no frame looks like that. Rejects
 * if none can: then it is not a block, but the disk that is away.
 */
export async function readAround(file: DataFile, offset: number, length: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let problem: Error | null = null
  let isAnyRead = false
  for (let at = offset; at < offset + length;) {
    const end = Math.min(at - (at % BLOCK_BYTES) + BLOCK_BYTES, offset + length)
    try {
      const bytes = await file.read(at, end - at)
      isAnyRead = true
      pieces.push(bytes)
      if (bytes.length < end - at) break
    } catch (error) {
      problem = error as Error
      pieces.push(Buffer.alloc(end - at))
    }
    at = end
  }
  if (!isAnyRead && problem) throw problem
  return joined(pieces)
}

/** In memory of its own, which the reader may give back. */
function joined(pieces: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
