/** What every part of one file output shares: its options, read once, and the world around it. */
import type { LineFormat } from '../../codecs/lines/line-format.ts'
import type { Clock, Timers } from '../../pipeline/clock.ts'
import type { Logger } from '../../pipeline/logger.ts'
import type { FileSystem } from './file-system.ts'
import type { FileMetrics } from './metrics.ts'
import type { Compression } from './rotated/rotated-name.ts'
import type { Zone } from '../../codecs/time/zone.ts'

export interface FileSettings {
  /** The folder below which everything stays, absolute. */
  readonly root: string
  /** Folder for what must survive a restart. */
  readonly dataDir: string
  /** Ending of file names, with its dot. */
  readonly extension: string
  readonly zone: Zone
  /** A file is rotated before it would be larger; 0 for never. */
  readonly sizeMax: number
  /** A file is rotated at multiples of this on the clock; 0 for never. */
  readonly everyMs: number
  readonly compression: Compression | undefined
  readonly compressionLevel: number | undefined
  readonly keep: KeepLimits
  /** Whether a file gets a rotated name once its time in the path is over. */
  readonly isPastSetAside: boolean
  readonly isSynced: boolean
  readonly fileMode: number
  readonly folderMode: number
  readonly openFilesMax: number
  readonly freeBytesMin: number
  readonly encoder: LineFormat
}

/** Limits on the rotated files of one active file; an absent one does not apply. */
export interface KeepLimits {
  readonly files?: number
  readonly ageMs?: number
  readonly bytes?: number
}

export interface Surroundings {
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly metrics: FileMetrics
}
