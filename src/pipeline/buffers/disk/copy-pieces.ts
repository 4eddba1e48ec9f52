/** Copies a file that is open, piece by piece, to one that is empty. */
import type { DataFile } from '../../files/file-access.ts'
import type { Logger } from '../../logger.ts'
import { readAround } from './read-around.ts'

const PIECE_BYTES = 1024 * 1024

export interface Copy {
  readonly from: DataFile
  readonly to: DataFile
  /** Bytes of it that count. */
  readonly size: number
  /** Of what is written, for the log. */
  readonly path: string
  readonly logger: Logger
  /** Called before each piece; what it throws ends the copy. */
  readonly check: () => void
}

/** What cannot be read is left out, as damage in its place; rejects if it cannot be written. */
export async function copyPieces({ from, to, size, path, logger, check }: Copy): Promise<void> {
  for (let offset = 0; offset < size; offset += PIECE_BYTES) {
    check()
    const length = Math.min(PIECE_BYTES, size - offset)
    const bytes = await readAround(from, offset, length).catch((error: unknown) => {
      logger.error({ path, offset, length, error }, 'cannot read a part of a removed buffer file')
      return Buffer.alloc(length)
    })
    await to.write([bytes], offset)
  }
}
