/**
 * Which files a watched path has had, and has: at a start from the noted positions, then at each
 * look. What was rotated away is found again by its identity, and what was rotated after it and
 * never seen is read between it and the present one.
 *
 *     app.log.2.gz   app.log.1        app.log
 *     read so far ─▶ never seen ────▶ the present one
 */
import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import type { InputContext } from '../../../pipeline/component.ts'
import { beginningOf } from './beginning.ts'
import type { BlockReader } from './block-reader.ts'
import { COMPRESSED } from './compressed.ts'
import { type FileStat, fitsHead, HEAD_BYTES_SURE } from './identity.ts'
import type { TailMetrics } from './metrics.ts'
import type { OpenFiles } from './open-files.ts'
import type { Offsets, Position, Positions } from './positions.ts'
import { findRotated, rotationSuffix, type Sibling, statOrNull } from './siblings.ts'
import { TailedFile } from './tailed-file.ts'
import type { TailedPath } from './tailed-path.ts'

/** A change that was not told for so long never will be. */
const UNTOLD_MS = 2000
/** A file that nobody has written to for so long is not about to become a copy. */
const COPY_MS = 2000

export interface SuccessionOptions {
  readonly context: InputContext
  readonly metrics: TailMetrics
  readonly openFiles: OpenFiles
  readonly positions: Positions
  readonly reader: () => BlockReader
  /** Whether a path is watched by itself. */
  readonly isWatched: (path: string) => boolean
  /** All that are watched. */
  readonly paths: ReadonlyMap<string, TailedPath>
  readonly ignoreOlderMs: number
  readonly rotateWaitMs: number
  readonly joinTimeoutMs: number
  /** A file has grown for a while, and the system did not tell. */
  readonly untold: (path: TailedPath) => void
  readonly startsAtEnd: boolean
  readonly startsAtHead: boolean
}

export class Succession {
  readonly #options: SuccessionOptions
  /** All files that are followed, by device and inode. */
  readonly #files = new Map<string, TailedFile>()
  /** Whether what is found now was there when this input ran for the first time. */
  isFirstScan = true
  #last: Promise<void> = Promise.resolve()

  constructor(options: SuccessionOptions) {
    this.#options = options
  }

  /** Positions of an earlier run that belong to a path. */
  #resumable(path: string): Position[] {
    if (this.#options.startsAtHead) return []
    return this.#options.positions.all.filter(({ of, isDone }) => of === path && !isDone)
  }

  /** Finds all that is to be read of a path. */
  adopt(path: TailedPath): Promise<void> {
    return this.#alone(async () => {
      const stat = await this.#look(path)
      const resumable = this.#resumable(path.path)
      for (const position of resumable) await this.#resume(path, position, stat)
      if (stat && !path.current) await this.#begin(path, stat)
    })
  }

  /** Looks whether the path leads to another file now, or to one that has grown. */
  async check(path: TailedPath): Promise<void> {
    path.mustCheck = false
    try {
      await this.#alone(async () => this.#compare(path, await this.#look(path)))
      await this.#endRotated(path)
      await this.#flushIdle(path)
    } catch (error) {
      this.#options.metrics.readErrors.add(1)
      this.#options.context.logger.warn({ path: path.path, error }, 'cannot look at a path')
    }
  }

  /** One at a time: no file may be taken by two paths, nor a copy before its log is looked at. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  async #compare(path: TailedPath, stat: FileStat | null): Promise<void> {
    const { current } = path
    if (current && stat?.key === current.key) return this.#noteSize(path, current, stat)
    if (current) await this.#rotate(path, current)
    else if (stat && path.previous) await this.#insertMissed(path, path.previous)
    if (stat) await this.#begin(path, stat)
  }

  /** Rotated files are looked at until nothing has come for a while. */
  async #endRotated(path: TailedPath): Promise<void> {
    const now = this.#options.context.clock.monotonic()
    for (const file of path.files.filter((of) => of.isRotated && !of.isDirty)) {
      if (now - file.grownAtMs >= this.#options.rotateWaitMs) await this.#finish(path, file)
      else file.isDirty = !file.isCompressed
    }
  }

  async #flushIdle(path: TailedPath): Promise<void> {
    const { context, joinTimeoutMs, reader } = this.#options
    if (path.lines.heldBytes === 0 || path.unread) return
    const now = context.clock.monotonic()
    if (now - path.readAtMs >= joinTimeoutMs) await reader().flush(path)
  }

  /** The file was emptied or made anew in its place; a copy of what it was may be beside it. */
  replaced(path: TailedPath, file: TailedFile): Promise<void> {
    this.#options.metrics.truncations.add(1)
    return this.#alone(() => this.#replace(path, file))
  }

  async #replace(path: TailedPath, file: TailedFile): Promise<void> {
    await this.#options.openFiles.close(file)
    this.#remove(path, file)
    if (path.current === file) path.current = null
    await this.#insertRotated(path, file)
    const stat = await this.#look(path)
    if (stat && !path.current) await this.#begin(path, stat)
  }

  /** A file that has its path no more, and was not open. */
  async missing(path: TailedPath, file: TailedFile): Promise<void> {
    if (path.current === file) {
      path.mustCheck = true
      if (!file.isRotated) file.isDirty = false
      return
    }
    await this.#alone(async () => {
      this.#remove(path, file)
      await this.#insertRotated(path, file)
    })
  }

  /** Ends what has been read whole and is not expected to grow. */
  async #finish(path: TailedPath, file: TailedFile): Promise<void> {
    if (!(await this.#options.reader().readLast(path, file))) return
    // A line that began in it may go on in the next one.
    if (file.isDirty || Math.min(...file.at) < file.offset) return
    const isLinked = file.isCompressed || (await statOrNull(file.path))?.key === file.key
    this.#remove(path, file)
    await this.#options.openFiles.close(file)
    await file.closeCompressed()
    file.isDone = true
    if (isLinked) this.#options.positions.note(file.position)
    else this.#options.positions.forget(file.id)
  }

  /** Leaves out the positions of files that are not there any more. */
  async prune(): Promise<void> {
    for (const { id, isDone, path, key } of this.#options.positions.all) {
      if (isDone && (await statOrNull(path))?.key !== key) this.#options.positions.forget(id)
    }
  }

  async #look(path: TailedPath): Promise<FileStat | null> {
    const stat = await statOrNull(path.path)
    if (!stat?.isFile) return null
    path.lead(await realpath(path.path).catch(() => path.path))
    return stat
  }

  #noteSize(path: TailedPath, file: TailedFile, stat: FileStat): void {
    file.path = path.realPath
    const isSilent = !file.isDirty && stat.size > file.size
    const ageMs = this.#options.context.clock.now() - stat.modifiedMs
    if (isSilent && ageMs > UNTOLD_MS) this.#options.untold(path)
    const isSame = stat.size === file.size && stat.modifiedMs === file.modifiedMs
    file.modifiedMs = stat.modifiedMs
    if (!isSame || file.offset > stat.size) file.isDirty = true
  }

  /** The path has been taken from `file`: it is read to its end wherever it is now. */
  async #rotate(path: TailedPath, file: TailedFile): Promise<void> {
    this.#options.metrics.rotations.add(1)
    path.current = null
    path.previous = file
    file.isRotated = true
    file.isDirty = true
    file.grownAtMs = this.#options.context.clock.monotonic()
    const found = await findRotated(path.realPath, this.#wantedOf(file))
    if (found.old && found.old.stat.key === file.key) file.path = found.old.path
    else if (!file.handle) {
      this.#remove(path, file)
      await this.#takeOver(path, file, found.old)
    }
    await this.#insertNewer(path, found.newer)
  }

  /** While the path was nobody's, files may have had it that are rotated already. */
  async #insertMissed(path: TailedPath, previous: TailedFile): Promise<void> {
    const { newer } = await findRotated(path.realPath, this.#wantedOf(previous))
    await this.#insertNewer(path, newer)
  }

  /** What `file` was is looked for beside it, and what came after that. */
  async #insertRotated(path: TailedPath, file: TailedFile): Promise<void> {
    const found = await findRotated(path.realPath, this.#wantedOf(file))
    await this.#takeOver(path, file, found.old)
    await this.#insertNewer(path, found.newer)
  }

  /** Goes on with `old` where `file` was read to; says so if there is none. */
  async #takeOver(path: TailedPath, file: TailedFile, old: Sibling | null): Promise<void> {
    if (!old) return this.#giveUp(path, file)
    const other = this.#files.get(old.stat.key)
    if (other) {
      if (other.id !== file.id) this.#options.positions.forget(file.id)
      return
    }
    await this.#follow(path, old, { ...file.position, key: old.stat.key }, true)
  }

  #giveUp(path: TailedPath, file: TailedFile): void {
    const { positions, context, metrics } = this.#options
    positions.forget(file.id)
    if (file.head.length === 0) return
    const read = Math.min(...file.at)
    const unread = file.size - read
    const fields = { path: path.path, read_bytes: read, unread_bytes: unread }
    if (unread > 0) {
      metrics.filesLost.add(1)
      context.logger.error(fields, 'a file is gone that was not read to its end')
    } else context.logger.info(fields, 'a file is gone, or was emptied; it had been read')
  }

  async #insertNewer(path: TailedPath, newer: readonly Sibling[]): Promise<void> {
    for (const sibling of newer) {
      if (this.#files.has(sibling.stat.key) || this.#isWatchedAlone(path, sibling)) continue
      await this.#follow(path, sibling, await this.#notedOf(sibling), true)
    }
  }

  #isWatchedAlone(path: TailedPath, sibling: Sibling): boolean {
    return sibling.path !== path.path && this.#options.isWatched(sibling.path)
  }

  /** What is noted of a file, whatever its path was. */
  async #notedOf({ path, stat }: Pick<Sibling, 'path' | 'stat'>): Promise<Position | null> {
    const { positions, startsAtHead } = this.#options
    const noted = startsAtHead ? undefined : positions.all.find(({ key }) => key === stat.key)
    if (!noted) return null
    if (await this.#isSame(path, noted, stat)) return noted
    // Another file had that inode, which is gone.
    positions.forget(noted.id)
    return null
  }

  #wantedOf(file: TailedFile) {
    return { key: file.key, head: file.head, sizeMin: Math.min(...file.at), seenMs: file.seenMs }
  }

  /** Goes on with what an earlier run has read. */
  async #resume(path: TailedPath, position: Position, stat: FileStat | null): Promise<void> {
    const known = this.#files.get(position.key)
    if (known) return
    const isHere = stat?.key === position.key && (await this.#isSame(path.path, position, stat))
    const moved = isHere ? null : await statOrNull(position.path)
    const isThere =
      moved?.key === position.key && (await this.#isSame(position.path, position, moved))
    const there = { path: isHere ? path.realPath : position.path, stat: isHere ? stat : moved! }
    if (isHere || isThere) {
      const file = await this.#follow(path, there, position, !isHere)
      if (isHere) path.current = file
      return
    }
    const file = new TailedFile(position)
    file.size = Math.max(...position.at)
    await this.#insertRotated(path, file)
  }

  async #isSame(path: string, { head, at }: Position, { size }: FileStat): Promise<boolean> {
    if (COMPRESSED.test(path)) return fitsHead(await beginningOf(path), head)
    return size >= Math.min(...at) && fitsHead(await beginningOf(path), head)
  }

  /** Takes the file that has the path now, unless somebody else has it. */
  async #begin(path: TailedPath, stat: FileStat): Promise<void> {
    if (this.#files.has(stat.key)) return
    const found = { path: path.realPath, stat }
    const noted = await this.#notedOf(found)
    if (!noted && (await this.#mustWait(path, stat))) return
    const isFromEnd = !noted && this.#options.startsAtEnd && this.isFirstScan
    const end = isFromEnd ? stat.size : 0
    path.current = await this.#follow(path, found, noted, false, [end, end])
  }

  /** Files that are too old to be begun, and copies of one that is read. */
  async #mustWait(path: TailedPath, stat: FileStat): Promise<boolean> {
    const { ignoreOlderMs, context } = this.#options
    if (ignoreOlderMs > 0 && stat.modifiedMs < context.clock.now() - ignoreOlderMs) return true
    return this.#isCopy(path, stat)
  }

  /**
   * A copy beside the log that it was made of, which is about to be emptied: what the log does not
   * have any more is read from it then.
   */
  async #isCopy(path: TailedPath, stat: FileStat): Promise<boolean> {
    const name = basename(path.realPath)
    const others = [...this.#options.paths.values()].filter(
      (other) =>
        other !== path &&
        other.current !== null &&
        other.current.key !== stat.key &&
        other.realFolder === path.realFolder &&
        rotationSuffix(basename(other.realPath), name) !== null,
    )
    if (others.length === 0) return false
    const beginning = await beginningOf(path.path)
    const ageMs = this.#options.context.clock.now() - stat.modifiedMs
    return others.some(({ current }) => {
      const known = current?.beginning ?? beginning
      const common = Math.min(known.length, beginning.length)
      // Perhaps one whose copying has only begun.
      if (common < HEAD_BYTES_SURE) return ageMs < COPY_MS
      return Buffer.compare(known.subarray(0, common), beginning.subarray(0, common)) === 0
    })
  }

  /** From where it was read to, else from `at`. Noted at once, so that a restart knows of it. */
  async #follow(
    path: TailedPath,
    { path: realPath, stat }: Pick<Sibling, 'path' | 'stat'>,
    noted: Position | null,
    isRotated: boolean,
    at: Offsets = [0, 0],
  ): Promise<TailedFile> {
    const { positions, context, openFiles } = this.#options
    const seenMs = context.clock.now()
    const fresh = { id: noted?.id ?? positions.newId(), key: stat.key, at }
    const file = new TailedFile({ ...fresh, ...noted, seenMs, path: realPath, of: path.path })
    file.size = Math.max(...file.at)
    file.isRotated = isRotated
    file.grownAtMs = context.clock.monotonic()
    const before = isRotated && path.current ? path.files.indexOf(path.current) : path.files.length
    path.files.splice(before, 0, file)
    this.#files.set(file.key, file)
    this.#options.metrics.files.set(this.#files.size)
    const handle = file.isCompressed ? null : await openFiles.handleOf(file)
    if (handle) await file.checkHead(handle)
    positions.note(file.position)
    file.isNoted = true
    return file
  }

  #remove(path: TailedPath, file: TailedFile): void {
    path.files = path.files.filter((other) => other !== file)
    if (this.#files.get(file.key) === file) this.#files.delete(file.key)
    this.#options.metrics.files.set(this.#files.size)
  }
}
