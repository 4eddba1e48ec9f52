/** What turns the bytes of files into entries, line by line: the interface of the formats here. */
import type { MadeEntries } from './made-entries.ts'
import type { Offsets } from './positions.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TextEncoding } from './text-encoding.ts'

/** Bytes of a file that begin with a line. */
export interface Block {
  readonly file: TailedFile
  readonly bytes: Uint8Array
  readonly end: number
  /** Where in the file the first byte is. */
  readonly offset: number
  /** Whether nothing follows: what has no line end is a line then, too. */
  readonly isLast: boolean
}

export interface LineReader {
  /** Makes entries of whole lines and returns how many bytes those had. */
  read(block: Block, made: MadeEntries): number
  /**
   * Makes an entry of a line longer than `line_max`, of which `block` has the beginning; it has
   * `size` bytes without its end.
   */
  readLong(block: Block, size: number, made: MadeEntries): void
  readonly encoding: TextEncoding
  /** Up to where the lines of `file`, read up to `readTo`, are made entries of. */
  offsetsIn(file: TailedFile, readTo: number): Offsets
  /** Makes entries of what it holds back for which nothing has come for too long. */
  flush(made: MadeEntries): void
  /** Forgets what it holds: the files are read again from what is delivered. */
  reset(): void
  /** Bytes it holds of lines that are not complete. */
  readonly heldBytes: number
}
