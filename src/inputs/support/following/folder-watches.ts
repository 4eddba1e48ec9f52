/**
 * Folders whose changes the system tells of (inotify). Where it cannot, or does not, as on network
 * file systems, the paths below must be looked at again and again.
 */
import { type FSWatcher, watch } from 'node:fs'
import { basename, join } from 'node:path'
import type { Logger } from '../../../pipeline/logger.ts'
import { causeCode } from './cause-code.ts'

export interface FolderWatchesOptions {
  readonly isEnabled: boolean
  readonly logger: Logger
  /** Something was written to `path`. */
  readonly changed: (path: string) => void
  /** A name has come, gone, or means another file. */
  readonly renamed: (path: string) => void
  /** A watched folder was deleted, or has another name now. */
  readonly gone: (folder: string) => void
}

export class FolderWatches {
  readonly #options: FolderWatchesOptions
  /** Null for those that are of no use. */
  readonly #watches = new Map<string, FSWatcher | null>()

  constructor(options: FolderWatchesOptions) {
    this.#options = options
  }

  /** Whether changes in the folder are told from now on. */
  watch(folder: string): boolean {
    if (!this.#options.isEnabled) return false
    const known = this.#watches.get(folder)
    if (known !== undefined) return known !== null
    try {
      const watcher = watch(folder, (event, name) => this.#tell(folder, event, name))
      watcher.on('error', () => this.forget(folder))
      this.#watches.set(folder, watcher)
      return true
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(causeCode(error))) this.distrust(folder, error)
      return false
    }
  }

  /** Whether it was there when it was to be watched, be it told of or not. */
  knows(folder: string): boolean {
    return this.#watches.has(folder)
  }

  /** Whether its changes are told. */
  isTold(folder: string): boolean {
    return (this.#watches.get(folder) ?? null) !== null
  }

  /** Something has happened there that was not told: it is never relied on again. */
  distrust(folder: string, error?: unknown): void {
    if (this.#watches.get(folder) === null) return
    this.#watches.get(folder)?.close()
    this.#watches.set(folder, null)
    const fields = { path: folder, ...(error !== undefined && { error }) }
    this.#options.logger.warn(fields, 'the system does not tell of changes there: polling instead')
  }

  /** Of a folder that is gone, or may be another one: watched anew when it is seen again. */
  forget(folder: string): void {
    const watcher = this.#watches.get(folder)
    if (!watcher) return
    watcher.close()
    this.#watches.delete(folder)
  }

  /** Leaves only those for which `isWanted`. */
  prune(isWanted: (folder: string) => boolean): void {
    for (const folder of [...this.#watches.keys()]) if (!isWanted(folder)) this.forget(folder)
  }

  close(): void {
    for (const watcher of this.#watches.values()) watcher?.close()
    this.#watches.clear()
  }

  #tell(folder: string, event: string, name: string | null): void {
    const { changed, renamed, gone } = this.#options
    // What has become of the folder itself comes with its own name.
    if (event === 'rename' && name === basename(folder)) {
      this.forget(folder)
      gone(folder)
    }
    if (name === null) renamed(folder)
    else if (event === 'change') changed(join(folder, name))
    else renamed(join(folder, name))
  }
}
