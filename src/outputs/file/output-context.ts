/** What the files of one output have in common. */
import type { DiskGuard } from './writing/disk-guard.ts'
import type { Closable, OpenFiles } from './writing/open-files.ts'
import type { Patience } from '../support/patience.ts'
import type { FileSettings, Surroundings } from './settings.ts'
import type { Troubles } from './writing/troubles.ts'
import type { WorkQueue } from './writing/work-queue.ts'
import type { DatedPaths } from './path/dated-paths.ts'
import type { BufferPool } from '../support/buffer-pool.ts'

export interface Shared {
  readonly settings: FileSettings
  readonly around: Surroundings
  readonly openFiles: OpenFiles
  readonly guard: DiskGuard
  readonly troubles: Troubles
  readonly patience: Patience
  readonly pool: BufferPool
  readonly workQueue: WorkQueue
  readonly dated: DatedPaths
  /** For each symlink that is being changed, when its last change is done. */
  readonly linkChanges: Map<string, Promise<void>>
  /** Says that a file has been opened for writing, and which link is to name it. */
  noteOpened(path: string, link: string | undefined): void
  /** Says that a file is about to be closed and ends, at this size, in a whole event. */
  noteWhole(path: string, size: number): void
  /** Whether it is known to end in a whole event, as long as it has this size. */
  isWhole(path: string, size: number): boolean
  /** Says that there is a rotated file, to compress or one too many; null if nobody knows where. */
  noteRotated(path: string | null): void
  /** Says that a file is about to be closed and its writer is not to be used again. */
  noteEvicted(path: string, writer: Closable): void
}
