/**
 * The file that is being written under its plain name: opened, told apart from what others put in
 * its place, and rotated. The caller (file-writer.ts) runs one operation at a time and calls
 * `prepare` only between lines. Every method throws the system's errors but where it says so.
 */
import { constants, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolders, setMode } from './creation.ts'
import { errorCode, isMissing, statIfThere } from '../file-system.ts'
import type { Closable } from './open-files.ts'
import { freeRotatedPath } from '../rotated/rotated-name.ts'
import type { Shared } from '../output-context.ts'
import { dropLink, pointLink } from './symlink.ts'
import { cutTornEvent, endOfWholeLines, endOfWholeValues } from './torn-event.ts'

const LOOK_EVERY_MS = 1000
const ROTATE_AGAIN_MS = 60_000
const OPEN_TRIES = 3
const OUT_OF_DESCRIPTORS = new Set(['EMFILE', 'ENFILE'])
const APPEND = constants.O_WRONLY | constants.O_APPEND
const CREATE = APPEND | constants.O_CREAT | constants.O_EXCL

export class ActiveFile {
  readonly path: string
  /** Where the symlink to it goes, if there is one. */
  link: string | undefined
  readonly #owner: Closable
  readonly #shared: Shared
  #fd = -1
  #isRegular = true
  #device = 0
  #inode = 0
  #size = 0
  #opened = 0
  #dueAtMs = Infinity
  #writtenAtMs = 0
  #rotateAgainAtMs = -Infinity
  #lookedAtMs = 0
  #bytesSinceLook = 0
  #mustReopen = false
  #isDirty = false
  #hasLostSync = false

  constructor(path: string, owner: Closable, shared: Shared) {
    this.path = path
    this.link = undefined
    this.#owner = owner
    this.#shared = shared
  }

  get isOpen(): boolean {
    return this.#fd >= 0
  }

  get size(): number {
    return this.#size
  }

  /** Another number for every file that has been behind the path. */
  get generation(): number {
    return this.#opened
  }

  /** Bytes it may still take before it has to be rotated. */
  get room(): number {
    const { sizeMax } = this.#shared.settings
    return sizeMax === 0 || !this.#mayRotate() ? Infinity : Math.max(0, sizeMax - this.#size)
  }

  /** True when something is to be done even if nothing is written. */
  get needsCare(): boolean {
    return this.isOpen && (this.#mustReopen || this.#isDue() || this.#isOver())
  }

  /** True when it is to be closed, because the time in its path is over. */
  get needsRetirement(): boolean {
    const { dated, around } = this.#shared
    if (this.#isOver()) return true
    return this.#isDue() && !dated.isCurrent(this.path, around.clock.now())
  }

  /** True when a sync has failed, so that any byte since the last one may be missing. */
  get hasLostSync(): boolean {
    return this.#hasLostSync
  }

  forgetLostSync(): void {
    this.#hasLostSync = false
  }

  /** Has the file closed and opened again by its name before the next line. */
  requestReopen(): void {
    this.#mustReopen = true
  }

  /** Opens the file, the right one, rotated if its time has come. */
  async prepare(): Promise<void> {
    if (this.isOpen && this.#mustReopen) await this.close()
    this.#mustReopen = false
    if (this.isOpen && this.#shared.around.clock.monotonic() - this.#lookedAtMs >= LOOK_EVERY_MS)
      await this.#look()
    if (!this.isOpen) await this.#openWithLink()
    if (this.#isDue()) await this.rotate()
  }

  /** Returns how many bytes were written, at least 1. */
  async write(bytes: Uint8Array, offset: number, length: number): Promise<number> {
    const { around, guard } = this.#shared
    const written = await around.fileSystem.write(this.#fd, bytes, offset, length)
    if (written <= 0) throw new Error(`cannot write ${this.path}: the system took no byte`)
    this.#size += written
    this.#writtenAtMs = around.clock.now()
    this.#isDirty = true
    this.#bytesSinceLook += written
    guard.note(written)
    around.metrics.writtenBytes.add(written)
    return written
  }

  async datasync(): Promise<void> {
    if (!this.#isDirty) return
    try {
      await this.#shared.around.fileSystem.datasync(this.#fd)
      this.#isDirty = false
    } catch (error) {
      this.#hasLostSync = true
      throw error
    }
  }

  async truncate(size: number): Promise<void> {
    await this.#shared.around.fileSystem.truncate(this.#fd, size)
    this.#size = size
  }

  /**
   * Gives the file its rotated name and opens a new one. When it cannot be renamed, that is logged,
   * and the file grows on until another try.
   */
  async rotate(): Promise<void> {
    if (await this.#setAside()) await this.#openWithLink()
  }

  /**
   * Rotates a file that is not to be written any more, if its time has come, and closes it. An
   * empty one whose time is over is removed.
   */
  async retire(): Promise<void> {
    if (!this.isOpen) await this.#open()
    const isOver = this.#isOver()
    if (isOver && this.#size === 0) await this.#remove()
    else if (this.#isDue() || (isOver && this.#shared.settings.isPastSetAside))
      await this.#setAside()
    await this.close()
    if (this.link !== undefined) await dropLink(this.#shared, this.link, this.path)
  }

  /**
   * Opens the file again after its descriptor was lost in the middle of a line; false when it is
   * not there any more, so that the line must begin again in another.
   */
  async reopenSame(): Promise<boolean> {
    const { around, openFiles } = this.#shared
    const stats = await statIfThere(around.fileSystem, this.path)
    if (!stats || !this.#isMine(stats)) return false
    await openFiles.add(this.#owner)
    try {
      this.#fd = await this.#openPath(APPEND)
    } catch (error) {
      openFiles.remove(this.#owner)
      throw error
    }
    return true
  }

  /** Never throws; an error is logged. */
  async close(): Promise<void> {
    if (!this.isOpen) return
    const { around, openFiles } = this.#shared
    const fd = this.#fd
    this.#fd = -1
    try {
      await this.#closeDescriptor(fd)
    } catch (error) {
      around.logger.warn({ path: this.path, error }, 'cannot close a file')
    }
    openFiles.remove(this.#owner)
  }

  async #setAside(): Promise<boolean> {
    const { around, settings } = this.#shared
    const nowMs = around.clock.now()
    if (settings.isSynced) await this.datasync()
    let rotated: string | null = null
    try {
      const active = { path: this.path, extension: settings.extension }
      const free = await freeRotatedPath(around.fileSystem, active, nowMs)
      await around.fileSystem.rename(this.path, free)
      rotated = free
      around.metrics.rotations.add(1)
    } catch (error) {
      // Somebody else has moved it away; that is as good as rotated.
      if (!isMissing(error)) {
        this.#rotateAgainAtMs = nowMs + ROTATE_AGAIN_MS
        around.logger.error({ path: this.path, error }, 'cannot rotate a file: it grows on')
        return false
      }
    }
    await this.close()
    this.#shared.noteRotated(rotated)
    return true
  }

  async #remove(): Promise<void> {
    const { fileSystem } = this.#shared.around
    const { size } = await fileSystem.statOpen(this.#fd)
    if (size === 0 && (await statIfThere(fileSystem, this.path))) await fileSystem.unlink(this.path)
  }

  #isOver(): boolean {
    const { dated, around } = this.#shared
    if (!this.#isRegular) return false
    return dated.isOver(this.path, this.#writtenAtMs, around.clock.now())
  }

  #mayRotate(): boolean {
    return this.#isRegular && this.#shared.around.clock.now() >= this.#rotateAgainAtMs
  }

  #isDue(): boolean {
    return this.#size > 0 && this.#shared.around.clock.now() >= this.#dueAtMs && this.#mayRotate()
  }

  #isMine(stats: Stats): boolean {
    return stats.dev === this.#device && stats.ino === this.#inode
  }

  /** Notices that the file was moved, deleted or emptied by somebody else. */
  async #look(): Promise<void> {
    const { around } = this.#shared
    const stats = await statIfThere(around.fileSystem, this.path)
    const bytesSinceLook = this.#bytesSinceLook
    this.#lookedAtMs = around.clock.monotonic()
    this.#bytesSinceLook = 0
    if (stats && this.#isMine(stats)) {
      this.#size = stats.size
      return
    }
    const open = await around.fileSystem.statOpen(this.#fd)
    if (open.nlink > 0)
      around.logger.info(
        { path: this.path },
        'a file was moved by somebody else: opening a new one',
      )
    else
      around.logger.error(
        { path: this.path, bytes: bytesSinceLook },
        'a file was deleted by somebody else, with what was written since the last look',
      )
    await this.close()
  }

  async #openWithLink(): Promise<void> {
    await this.#open()
    if (this.link !== undefined) await pointLink(this.#shared, this.link, this.path)
  }

  async #open(): Promise<void> {
    const { openFiles } = this.#shared
    await openFiles.add(this.#owner)
    try {
      const { fd, writtenAtMs } = await this.#openDescriptor()
      await this.#remember(fd, writtenAtMs)
      this.#fd = fd
    } catch (error) {
      openFiles.remove(this.#owner)
      if (OUT_OF_DESCRIPTORS.has(errorCode(error))) await this.#makeDo()
      throw error
    }
    this.#shared.noteOpened(this.path, this.link)
  }

  /** The process has too few descriptors for max_open_files. */
  async #makeDo(): Promise<void> {
    const { around, openFiles } = this.#shared
    const { clock, metrics, logger } = around
    if (!(await openFiles.makeDo(metrics.openFiles.value, clock.monotonic()))) return
    logger.warn(
      { max_open_files: openFiles.max },
      'the process may open no more files: making do with fewer than max_open_files',
    )
  }

  /** Also says when the file was written last, or made. */
  async #openDescriptor(): Promise<{ readonly fd: number; readonly writtenAtMs: number }> {
    const { fileSystem, clock } = this.#shared.around
    for (let tries = 1; ; tries++) {
      try {
        const stats = await statIfThere(fileSystem, this.path)
        if (!stats) return { fd: await this.#create(), writtenAtMs: clock.now() }
        if (stats.isFile() && stats.size > 0) await this.#cutTorn(stats.size)
        const fd = await this.#openPath(APPEND)
        return { fd, writtenAtMs: stats.mtimeMs }
      } catch (error) {
        // Somebody else made or removed the file, or its folder, in between.
        if (!['ENOENT', 'EEXIST'].includes(errorCode(error)) || tries === OPEN_TRIES) throw error
        await makeFolders(this.#shared, dirname(this.path))
      }
    }
  }

  async #create(): Promise<number> {
    const fd = await this.#openPath(CREATE)
    await setMode(this.#shared, fd, this.path)
    return fd
  }

  async #openPath(flags: number): Promise<number> {
    const { around, settings } = this.#shared
    const fd = await around.fileSystem.open(this.path, flags, settings.fileMode)
    around.metrics.openFiles.add(1)
    return fd
  }

  async #closeDescriptor(fd: number): Promise<void> {
    const { fileSystem, metrics } = this.#shared.around
    metrics.openFiles.add(-1)
    await fileSystem.close(fd)
  }

  async #cutTorn(size: number): Promise<void> {
    if (this.#shared.isWhole(this.path, size)) return
    const { around, settings } = this.#shared
    const { lineBased } = settings.encoder
    const find = lineBased ? endOfWholeLines : endOfWholeValues
    const bytes = await cutTornEvent(around.fileSystem, this.path, settings.fileMode, find)
    if (bytes > 0)
      around.logger.warn(
        { path: this.path, bytes },
        'a file ended in a torn event: it was cut off and put into the .torn file beside it',
      )
  }

  async #remember(fd: number, writtenAtMs: number): Promise<void> {
    const { around, settings } = this.#shared
    const stats = await this.#statOrClose(fd)
    this.#device = stats.dev
    this.#inode = stats.ino
    this.#size = stats.size
    this.#isRegular = stats.isFile()
    this.#isDirty = false
    this.#opened++
    this.#lookedAtMs = around.clock.monotonic()
    this.#bytesSinceLook = 0
    this.#writtenAtMs = writtenAtMs
    const sinceMs = stats.size > 0 ? writtenAtMs : around.clock.now()
    this.#dueAtMs =
      settings.everyMs === 0 ? Infinity : settings.zone.nextBoundary(sinceMs, settings.everyMs)
  }

  async #statOrClose(fd: number): Promise<Stats> {
    try {
      return await this.#shared.around.fileSystem.statOpen(fd)
    } catch (error) {
      await this.#closeDescriptor(fd)
      throw error
    }
  }
}
