/**
 * Everything about files that are not being written: compresses what was rotated, deletes what need
 * not be kept, removes what a crash left, and rotates files whose time is over though nobody
 * writes them any more. Looks at the folder itself, so it needs no memory of earlier runs.
 */
import { dirname, join } from 'node:path'
import type { Dirent } from 'node:fs'
import type { Compressor } from './compressor.ts'
import { isMissing, statIfThere } from '../file-system.ts'
import type { KnownFiles } from './known-files.ts'
import type { Cancel } from '../../../pipeline/clock.ts'
import type { DatedPaths } from '../path/dated-paths.ts'
import type { PathTemplate } from '../path/path-template.ts'
import { filesToDelete, type RotatedFile } from './retention.ts'
import { parseRotatedName, type RotatedName } from './rotated-name.ts'
import type { FileSettings, Surroundings } from '../settings.ts'

const VISIT_EVERY_MS = 3_600_000
const VISIT_DATED_EVERY_MS = 60_000
/** The next file to become too old makes for a round; not for more than one in this time, */
const AGE_LATE_MIN_MS = 1000
/** nor in this part of the age, for there may be many files. */
const AGE_LATE_PART = 1 / 100

/** A regular file below the root whose folders fit the template. */
interface Found {
  readonly path: string
  readonly name: string
  /** What the values in its folders' names were. */
  readonly values: readonly string[]
}

export interface HousekeepingOptions {
  readonly template: PathTemplate
  readonly dated: DatedPaths
  readonly settings: FileSettings
  readonly around: Surroundings
  readonly compressor: Compressor
  readonly known: KnownFiles
  /** Whether the output has a writer for this path, which then looks after it. */
  readonly isInUse: (path: string) => boolean
  /** Cuts a torn line off a file that is not in use, and rotates it if its time is over. */
  readonly retire: (path: string) => Promise<void>
}

export class Housekeeping {
  readonly #options: HousekeepingOptions
  #running: Promise<void> | null = null
  #isWanted = false
  #isFolderWanted = false
  #isStopped = false
  #isFirst = true
  #visitedAtMs = 0
  #cancelAged: Cancel = () => {}

  constructor(options: HousekeepingOptions) {
    this.#options = options
  }

  /** Goes through the folder soon; requests during a round make for one more. */
  request(): void {
    this.#isFolderWanted = true
    this.#requestRound()
  }

  /** Without limits on what is kept, nobody has to look at the other files for it. */
  noteRotated(path: string | null): void {
    const { settings, compressor } = this.#options
    if (path === null || Object.keys(settings.keep).length > 0) this.request()
    else if (settings.compression) compressor.add(path)
  }

  /** Sees soon to files whose time is over, if it is time to look for such. */
  care(): void {
    const { dated, settings } = this.#options
    if (dated.isDated && settings.isPastSetAside && this.#isTimeToVisit()) this.#requestRound()
  }

  #requestRound(): void {
    this.#isWanted = true
    if (!this.#isStopped) this.#running ??= this.#run()
  }

  /** Settles when nothing is to be done any more. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelAged()
    return this.settled()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false
      try {
        await this.#round()
      } catch (error) {
        const { around, settings } = this.#options
        around.logger.warn({ root: settings.root, error }, 'cannot look after rotated files')
      }
    }
    this.#running = null
  }

  async #round(): Promise<void> {
    await this.#visitForgotten()
    if (!this.#isFolderWanted) return
    this.#isFolderWanted = false
    const groups = new Map<string, RotatedFile[]>()
    for await (const found of this.#walk(this.#options.template.root, 0, [])) {
      if (this.#isStopped) return
      const rotated = parseRotatedName(found.name, this.#options.settings.extension)
      if (rotated) await this.#sort(found, rotated, groups)
    }
    let oldestMs = Infinity
    for (const files of groups.values())
      oldestMs = Math.min(oldestMs, await this.#deleteSome(files))
    this.#comeWhenAged(oldestMs)
  }

  #comeWhenAged(oldestMs: number): void {
    const { ageMs } = this.#options.settings.keep
    this.#cancelAged()
    if (ageMs === undefined || oldestMs === Infinity || this.#isStopped) return
    const { clock, timers } = this.#options.around
    const atLeast = Math.max(AGE_LATE_MIN_MS, ageMs * AGE_LATE_PART)
    // Longer than that there are rounds anyway, and no timer waits for months.
    const wait = Math.min(Math.max(oldestMs + ageMs + 1 - clock.now(), atLeast), VISIT_EVERY_MS)
    this.#cancelAged = timers.after(wait, () => this.request())
  }

  /** The files at the template's depth, in folders that it could have made. */
  async *#walk(folder: string, depth: number, values: readonly string[]): AsyncGenerator<Found> {
    const { components } = this.#options.template
    const component = components[depth]!
    for (const entry of await this.#list(folder)) {
      const path = join(folder, entry.name)
      if (depth === components.length - 1) {
        if (entry.isFile()) yield { path, name: entry.name, values }
        continue
      }
      const match = entry.isDirectory() ? component.pattern.exec(entry.name) : null
      if (match) yield* this.#walk(path, depth + 1, [...values, ...match.slice(1)])
    }
  }

  async #list(folder: string): Promise<Dirent[]> {
    try {
      return await this.#options.around.fileSystem.list(folder)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  async #sort(found: Found, rotated: RotatedName, groups: Map<string, RotatedFile[]>) {
    const { template, settings, compressor, dated } = this.#options
    const match = template.components.at(-1)!.pattern.exec(rotated.activeName)
    if (!match) return
    if (rotated.isUnfinished) {
      if (!compressor.isWriting(found.path)) await this.#delete(found.path)
      return
    }
    if (settings.compression && !rotated.isCompressed) compressor.add(found.path)
    const bytes = settings.keep.bytes === undefined ? 0 : await this.#sizeOf(found.path)
    const group = JSON.stringify([...found.values, ...match.slice(1)])
    const rank = dated.rank(join(dirname(found.path), rotated.activeName))
    const file = { path: found.path, rank, rotatedAtMs: rotated.rotatedAtMs, bytes }
    const files = groups.get(group)
    if (files) files.push(file)
    else groups.set(group, [file])
  }

  async #sizeOf(path: string): Promise<number> {
    return (await statIfThere(this.#options.around.fileSystem, path))?.size ?? 0
  }

  /** Returns when the oldest of those that stay was rotated. */
  async #deleteSome(files: readonly RotatedFile[]): Promise<number> {
    const { settings, around } = this.#options
    const doomed = new Set(filesToDelete(files, settings.keep, around.clock.now()))
    for (const { path } of doomed) {
      if (!(await this.#delete(path))) continue
      around.metrics.deletedFiles.add(1)
      around.logger.info({ path }, 'deleted a rotated file that keep does not cover')
    }
    const times = files.map((file) => (doomed.has(file) ? Infinity : file.rotatedAtMs))
    return times.reduce((oldest, time) => Math.min(oldest, time), Infinity)
  }

  /** False when it was gone already or cannot be deleted, which is logged. */
  async #delete(path: string): Promise<boolean> {
    const { fileSystem, logger } = this.#options.around
    try {
      await fileSystem.unlink(path)
      return true
    } catch (error) {
      if (!isMissing(error)) logger.warn({ path, error }, 'cannot delete a rotated file')
      return false
    }
  }

  /**
   * Files that were begun and that nobody writes now, maybe never again: in the first round all are
   * seen to, for a crash may have left a torn line; later those whose hour or day is over.
   */
  async #visitForgotten(): Promise<void> {
    const { known, template, isInUse, retire, around, settings } = this.#options
    const isFirst = this.#isFirst
    this.#isFirst = false
    if (isFirst) await known.load((path) => template.fits(path))
    else if (!this.#isTimeToVisit()) return
    this.#visitedAtMs = around.clock.monotonic()
    // Without lines a torn end is only found by reading all: that can wait for the next event.
    const mustSeeAll = isFirst && settings.encoder.lineBased
    for (const path of known.list()) {
      if (this.#isStopped) return
      if (isInUse(path) || !(mustSeeAll || (await this.#isOver(path)))) continue
      await retire(path)
      if (!(await statIfThere(around.fileSystem, path))) known.delete(path)
    }
  }

  /** With nothing to rotate by time they are visited now and then, to forget what is gone. */
  #isTimeToVisit(): boolean {
    const { settings, around, dated } = this.#options
    const isSoon = dated.isDated && settings.isPastSetAside
    const every = isSoon ? VISIT_DATED_EVERY_MS : settings.everyMs > 0 ? 0 : VISIT_EVERY_MS
    return around.clock.monotonic() - this.#visitedAtMs >= every
  }

  async #isOver(path: string): Promise<boolean> {
    const { settings, around, known, dated } = this.#options
    const stats = await statIfThere(around.fileSystem, path)
    if (!stats) known.delete(path)
    if (!stats) return false
    const isOver = dated.isOver(path, stats.mtimeMs, around.clock.now())
    if (isOver && (settings.isPastSetAside || stats.size === 0)) return true
    if (stats.size === 0 || settings.everyMs === 0) return false
    return around.clock.now() >= settings.zone.nextBoundary(stats.mtimeMs, settings.everyMs)
  }
}
