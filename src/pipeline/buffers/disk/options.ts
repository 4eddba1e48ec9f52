/** What a buffer on disk is made of; its parts each take from this what they need. */
import type { Clock, Timers } from '../../clock.ts'
import type { FileAccess } from '../../files/file-access.ts'
import type { Logger } from '../../logger.ts'
import type { MemoryAccount } from '../../memory-budget.ts'
import type { Compression } from './packing.ts'

/** When appended bytes are made to survive a power cut: at once, by a timer, or by the system. */
export type Fsync = 'always' | 'never' | { readonly everyMs: number }

export interface DiskStoreOptions {
  readonly folder: string
  readonly fsync: Fsync
  /** Of what is written together; null for none. */
  readonly compression: Compression | null
  /** Of entries, as they lie on disk; with more, `append` waits until some is finished. */
  readonly maxBytes: number
  /** At which a segment is not appended to any more. */
  readonly segmentBytes: number
  /** Of what was written last and not read, kept in memory so that it need not be read back. */
  readonly recentBytes: number
  /** That counts those as well; closed by whoever reads from the store. */
  readonly memory?: MemoryAccount
  readonly access: FileAccess
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
}
