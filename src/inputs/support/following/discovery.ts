/**
 * Finds the paths that fit the patterns: all of them now and then, and at once those that the
 * system tells of.
 */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Cancel } from '../../../pipeline/clock.ts'
import type { ComponentContext } from '../../../pipeline/component.ts'
import { FolderWatches } from './folder-watches.ts'
import type { Glob } from './glob.ts'
import { logOf, logsFirst } from './siblings.ts'
import type { TailedPath } from './tailed-path.ts'

/** Several changes come together, as when a container starts. */
const SOON_MS = 20

export interface DiscoveryOptions {
  readonly context: ComponentContext
  readonly patterns: readonly Glob[]
  readonly excluded: readonly Glob[]
  readonly isWatching: boolean
  readonly paths: ReadonlyMap<string, TailedPath>
  /** A path that fits was found; it may be known. */
  readonly found: (path: string) => Promise<void>
  /** There may be more to read. */
  readonly grown: (path: TailedPath) => void
  /** Another file may have the path. */
  readonly changed: (path: TailedPath) => void
  /** A rotated file of the path has come, or gone. */
  readonly rotated: (path: TailedPath) => void
  readonly scanned: () => Promise<void>
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #watches: FolderWatches
  /** What is read of, by where it is really; several paths may lead to one file. */
  readonly #byRealPath = new Map<string, Set<TailedPath>>()
  /** Folders that were looked into, and whether files are looked for right in them. */
  #folders = new Map<string, boolean>()
  /** What has to come before a folder that is not there, and the folder in which it will. */
  #awaited = new Map<string, string>()
  #scanning: Promise<void> | null = null
  #cancelSoon: Cancel | null = null
  #isAgain = false
  #isStopped = false

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#watches = new FolderWatches({
      isEnabled: options.isWatching,
      logger: options.context.logger,
      changed: (path) => this.#onChanged(path),
      renamed: (path) => this.#onRenamed(path),
      gone: (folder) => {
        if (this.#folders.has(folder)) this.scanSoon()
      },
    })
  }

  fits(path: string): boolean {
    const { patterns, excluded } = this.#options
    return patterns.some((glob) => glob.fits(path)) && !excluded.some((glob) => glob.fits(path))
  }

  /** Whether the path itself was asked for, not only a pattern that it fits. */
  names(path: string): boolean {
    return this.#options.patterns.some((glob) => glob.names(path))
  }

  /** Looks everywhere; one call at a time, another one while it runs makes it run again. */
  scan(): Promise<void> {
    if (this.#scanning) {
      this.#isAgain = true
      return this.#scanning
    }
    this.#scanning = this.#scanAll().finally(() => {
      this.#scanning = null
      if (!this.#isAgain) return
      this.#isAgain = false
      this.scanSoon()
    })
    return this.#scanning
  }

  scanSoon(): void {
    if (this.#isStopped) return
    this.#cancelSoon ??= this.#options.context.timers.after(SOON_MS, () => {
      this.#cancelSoon = null
      void this.scan()
    })
  }

  /** Called when it is known where a path leads; whether its changes are told. */
  watch(path: TailedPath): boolean {
    if (this.#isStopped) return false
    const { realPath, realFolder } = path
    const known = this.#byRealPath.get(realPath)
    if (known) known.add(path)
    else this.#byRealPath.set(realPath, new Set([path]))
    const isTold = this.#watches.watch(realFolder)
    // The name itself may be a link that is led elsewhere.
    return realPath === path.path ? isTold : this.#watches.watch(dirname(path.path)) && isTold
  }

  /** Whether the changes of a path are told already, if it is known to be no link. */
  isToldOf({ path, realPath }: TailedPath): boolean {
    return path === realPath && this.#watches.isTold(dirname(path))
  }

  /** Whether a path that is watched is known to lead there. */
  leadsTo(realPath: string): boolean {
    return this.#byRealPath.has(realPath)
  }

  /** Something has grown there of which nobody told. */
  distrust(path: TailedPath): void {
    this.#watches.distrust(path.realFolder)
  }

  forget(path: TailedPath): void {
    const known = this.#byRealPath.get(path.realPath)
    known?.delete(path)
    if (known?.size === 0) this.#byRealPath.delete(path.realPath)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelSoon?.()
    this.#cancelSoon = null
    this.#watches.close()
    await this.#scanning
    this.#watches.close()
  }

  async #scanAll(): Promise<void> {
    const found = new Set<string>()
    const folders = new Map<string, boolean>()
    const awaited = new Map<string, string>()
    const { patterns, excluded, context } = this.#options
    for (const glob of patterns) {
      await glob.walk({
        folder: (path, isLast) => {
          folders.set(path, isLast && folders.get(path) !== false)
          if (!this.#isStopped) this.#watchOrAwait(path, awaited)
        },
        found: (path) => void found.add(path),
        failed: (path, error) => {
          context.logger.warn({ path, error }, 'cannot look into a folder')
        },
      })
    }
    this.#folders = folders
    this.#awaited = awaited
    for (const path of [...found].sort(logsFirst)) {
      if (this.#isStopped) return
      if (!excluded.some((glob) => glob.fits(path))) await this.#options.found(path)
    }
    await this.#options.scanned()
    const used = new Set([...this.#options.paths.values()].map(({ realFolder }) => realFolder))
    for (const folder of awaited.values()) used.add(folder)
    this.#watches.prune((folder) => folders.has(folder) || used.has(folder))
  }

  /** A folder that is not there is awaited in the nearest one above it that is. */
  #watchOrAwait(folder: string, awaited: Map<string, string>): void {
    if (!this.#options.isWatching) return
    this.#watches.watch(folder)
    for (let path = folder; !this.#watches.knows(path) && path !== '/'; path = dirname(path)) {
      const above = dirname(path)
      this.#watches.watch(above)
      if (!this.#watches.knows(above)) continue
      awaited.set(path, above)
      this.#awaited.set(path, above)
      // It may have come before that.
      if (existsSync(path)) this.scanSoon()
      return
    }
  }

  #onChanged(path: string): void {
    const known = [...(this.#byRealPath.get(path) ?? [])]
    // One of them reads the file. As long as none does, any may have to.
    const readers = known.filter(({ current }) => current !== null)
    for (const one of readers.length > 0 ? readers : known) this.#options.grown(one)
  }

  #onRenamed(path: string): void {
    if (this.#awaited.has(path)) this.scanSoon()
    const log = logOf(path)
    for (const one of (log !== null && this.#byRealPath.get(log)) || []) this.#options.rotated(one)
    const { paths, changed } = this.#options
    const known = new Set(this.#byRealPath.get(path))
    const own = paths.get(path)
    if (own) known.add(own)
    for (const one of known) changed(one)
    if (known.size > 0) return
    if (this.fits(path)) return void this.#options.found(path)
    const isOfFilesOnly = this.#folders.get(dirname(path)) ?? true
    if (!isOfFilesOnly || this.#folders.has(path)) {
      // A folder made anew has another inode.
      this.#watches.forget(path)
      this.scanSoon()
    }
  }
}
