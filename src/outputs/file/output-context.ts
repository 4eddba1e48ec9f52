/** What the files of one output have in common. */
import type { DiskGuard } from './writing/disk-guard.ts'
import type { Closable, OpenFiles } from './writing/open-files.ts'
import type { Patience } from './writing/patience.ts'
import type { FileSettings, Surroundings } from './settings.ts'
import type { Troubles } from './writing/troubles.ts'
import type { WriterPool } from './writing/writer-pool.ts'

export interface Shared {
  readonly settings: FileSettings
  readonly around: Surroundings
  readonly openFiles: OpenFiles
  readonly guard: DiskGuard
  readonly troubles: Troubles
  readonly patience: Patience
  readonly pool: WriterPool
  /** Says that a file has been opened for writing. */
  noteOpened(path: string): void
  /** Says that there is a rotated file to compress, or one too many to keep. */
  noteRotated(): void
  /** Says that a file is about to be closed and its writer is not to be used again. */
  noteEvicted(path: string, writer: Closable): void
}
