/**
 * Which files a watched path has had, and has: at a start from the noted positions, then at each
 * look. What was rotated away is found again by its identity, and what was rotated after it and
 * never seen is read between it and the present one.
 *
 *     app.log.2.gz   app.log.1        app.log
 *     read so far ─▶ never seen ────▶ the present one
 */
import { realpath } from 'node:fs/promises'
import type { InputContext } from '../../../pipeline/component.ts'
import { beginningOf } from './beginning.ts'
import type { BlockReader } from './block-reader.ts'
import { COMPRESSED } from './compressed.ts'
import { isCopy } from './copies.ts'
import { type FileStat, fitsHead, HEAD_BYTES_SURE, headOf, NO_HEAD } from './identity.ts'
import type { TailMetrics } from './metrics.ts'
import type { OpenFiles } from './open-files.ts'
import type { Offsets, Position, Positions } from './positions.ts'
import { findRotated, logOf, type Sibling, statOrNull, type Wanted } from './siblings.ts'
import { TailedFile } from './tailed-file.ts'
import type { TailedPath } from './tailed-path.ts'

/** A change that was not told for so long never will be. */
const UNTOLD_MS = 2000
/** Positions that are kept of files that are read and gone, for each path. */
const GONE_KEPT = 16
/** How often a folder is listed whose names change while its files are opened. */
const LIST_ATTEMPTS = 10
const NOTHING = new Uint8Array(0)

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
  /** A file has grown for a while, and the system did not tell. */
  readonly untold: (path: TailedPath) => void
  /** What was rotated before was there when this input ran for the first time. */
  readonly sinceMs: () => number
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

  /** Finds all that is to be read of a path. */
  adopt(path: TailedPath): Promise<void> {
    return this.#alone(() => this.#adopt(path))
  }

  async #adopt(path: TailedPath): Promise<void> {
    const stat = await this.#look(path)
    const noted = this.#options.positions.all
      .filter(({ of }) => of === path.path)
      .sort((one, other) => one.id - other.id)
    for (const position of noted) if (!position.isDone) await this.#resume(path, position, stat)
    // One that was empty at every look says nothing of what it may have been between.
    const latest = noted.findLast(({ head }) => head.length > 0)
    if (latest) path.previous = new TailedFile(latest)
    if (!latest || path.current?.id !== latest.id) await this.#insertMissed(path)
    if (stat && !path.current) await this.#begin(path, stat)
    path.isAdopted = true
  }

  /** Looks whether the path leads to another file now, or to one that has grown. */
  async check(path: TailedPath): Promise<void> {
    path.mustCheck = false
    path.mustLook = false
    try {
      await this.#alone(async () => {
        if (path.isAdopted) await this.#compare(path, await this.#look(path))
        else await this.#adopt(path)
      })
      // First, since rotated files are looked at as if they had something new.
      await this.#flushIdle(path)
      await this.#options.reader().flushRest(path)
      await this.#endRotated(path)
    } catch (error) {
      path.mustLook = true
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
    // There may have been one since.
    else if (!stat) await this.#insertMissed(path)
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
    if (path.lines.heldBytes > 0 && !path.unread) await this.#options.reader().flush(path)
  }

  /** The file was emptied or made anew in its place; a copy of what it was may be beside it. */
  replaced(path: TailedPath, file: TailedFile): Promise<void> {
    this.#options.metrics.truncations.add(1)
    return this.#alone(() => this.#replace(path, file))
  }

  /** What it had while nobody looked may have been copied and emptied, and is looked for. */
  filled(path: TailedPath): Promise<void> {
    return this.#alone(() => this.#insertMissed(path))
  }

  async #replace(path: TailedPath, file: TailedFile): Promise<void> {
    await this.#options.openFiles.close(file)
    this.#remove(path, file)
    if (path.current === file) path.current = null
    if (file.head.length > 0) path.previous = file
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
      await this.#insertAgain(path, file)
    })
  }

  /** Ends what has been read whole and is not expected to grow. */
  async #finish(path: TailedPath, file: TailedFile): Promise<void> {
    if (!(await this.#options.reader().readLast(path, file))) return
    // A line that began in it may go on in the next one.
    if (file.isDirty || Math.min(...file.at) < file.offset) return
    this.#remove(path, file)
    await this.#options.openFiles.close(file)
    await file.closeCompressed()
    file.isDone = true
    this.#options.positions.note(file.position)
  }

  /**
   * Leaves out the positions of files that are read and gone. Of each path a few are kept: what was
   * compressed meanwhile is known by them as something that was read.
   */
  async prune(): Promise<void> {
    const kept = new Map<string, number>()
    for (const { id, isDone, path, key, of } of this.#options.positions.all.toReversed()) {
      if (!isDone || (await statOrNull(path))?.key === key) continue
      const count = (kept.get(of) ?? 0) + 1
      kept.set(of, count)
      if (count > GONE_KEPT) this.#options.positions.forget(id)
    }
  }

  async #look(path: TailedPath): Promise<FileStat | null> {
    const stat = await statOrNull(path.path)
    if (!stat?.isFile) return null
    path.lead(await realpath(path.path).catch(() => path.path))
    return stat
  }

  async #noteSize(path: TailedPath, file: TailedFile, stat: FileStat): Promise<void> {
    file.path = path.realPath
    const isSilent = !file.isDirty && stat.size > file.size
    const ageMs = this.#options.context.clock.now() - stat.modifiedMs
    if (isSilent && ageMs > UNTOLD_MS) this.#options.untold(path)
    const isSame = stat.size === file.size && stat.modifiedMs === file.modifiedMs
    file.modifiedMs = stat.modifiedMs
    if (!isSame || file.offset > stat.size) file.isDirty = true
    // Nothing is known of what it was if it was copied and emptied since: the copy is not known.
    if (!isSame && file.head.length === 0) await this.#insertMissed(path)
  }

  /** The path has been taken from `file`: it is read to its end wherever it is now. */
  async #rotate(path: TailedPath, file: TailedFile): Promise<void> {
    this.#options.metrics.rotations.add(1)
    path.current = null
    // One that was empty at every look says nothing of what came after it.
    if (file.head.length > 0) path.previous = file
    file.isRotated = true
    file.isDirty = true
    file.grownAtMs = this.#options.context.clock.monotonic()
    const found = await findRotated(path.realPath, this.#wantedOf(file))
    if (found.old && found.old.stat.key === file.key) file.path = found.old.path
    else if (!file.handle && !(await this.#isStillThere(file))) {
      this.#remove(path, file)
      await this.#takeOver(path, file, found.old)
    }
    if (!(await this.#insertNewer(path, found.newer))) await this.#insertMissed(path)
  }

  /** A symbolic link may have been led elsewhere: the file has its own name as before. */
  async #isStillThere({ path, key }: TailedFile): Promise<boolean> {
    return (await statOrNull(path))?.key === key
  }

  /** While the path was nobody's, files may have had it that are rotated already. */
  async #insertMissed(path: TailedPath): Promise<void> {
    const wanted = this.#latestOf(path)
    if (!wanted) return
    for (let attempt = 0; attempt < LIST_ATTEMPTS; attempt++) {
      const { newer } = await findRotated(path.realPath, wanted)
      if (await this.#insertNewer(path, newer)) return
    }
    throw new Error('the names of rotated files change all the time')
  }

  /** After what rotated files were never seen; null if those there are are nobody's business. */
  #latestOf({ previous }: TailedPath): Wanted | null {
    if (previous && previous.head.length > 0) return this.#wantedOf(previous)
    if (this.isFirstScan) return null
    const { context, ignoreOlderMs, sinceMs } = this.#options
    const oldestMs = ignoreOlderMs > 0 ? context.clock.now() - ignoreOlderMs : 0
    return { key: '', head: NO_HEAD, sizeMin: 0, seenMs: Math.max(oldestMs, sinceMs()) }
  }

  /** What `file` was is looked for beside it, and what came after that. */
  async #insertRotated(path: TailedPath, file: TailedFile): Promise<void> {
    const found = await findRotated(path.realPath, this.#wantedOf(file))
    await this.#takeOver(path, file, found.old)
    if (!(await this.#insertNewer(path, found.newer))) await this.#insertMissed(path)
  }

  /** The same of one that another has followed long ago. */
  async #insertAgain(path: TailedPath, file: TailedFile): Promise<void> {
    const wanted = this.#wantedOf(file)
    const { old } = await findRotated(path.realPath, wanted)
    if (old) return this.#takeOver(path, file, old)
    // The path may be that of a rotated file itself, which goes on being rotated.
    const log = logOf(path.realPath)
    const found = log === null ? null : await findRotated(log, wanted)
    await this.#takeOver(path, file, found?.old ?? null)
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
    // Another path may have it, or get it: it is known then how far it is read.
    positions.note({ ...file.position, isDone: true })
    if (file.head.length === 0) return
    const read = Math.min(...file.at)
    const unread = file.size - read
    const fields = { path: path.path, read_bytes: read, unread_bytes: unread }
    if (unread > 0) {
      metrics.filesLost.add(1)
      context.logger.error(fields, 'a file is gone that was not read to its end')
    } else context.logger.info(fields, 'a file is gone, or was emptied; it had been read')
  }

  /** False if the names have changed: what came after that is not known to be what it seems. */
  async #insertNewer(path: TailedPath, newer: readonly Sibling[]): Promise<boolean> {
    for (const sibling of newer) {
      if (this.#files.has(sibling.stat.key)) continue
      const noted = (await this.#notedOf(sibling)) ?? (await this.#notedOfContents(path, sibling))
      if (noted && this.#isRead(noted, sibling)) continue
      if (this.#isWatchedAlone(path, sibling)) {
        if (!noted && !(await this.#claim(sibling))) return false
        continue
      }
      const position = noted && { ...noted, key: sibling.stat.key }
      const file = await this.#follow(path, sibling, position, true)
      if (!noted && !file.isKnown) {
        this.#remove(path, file)
        return false
      }
    }
    return true
  }

  /**
   * Notes one that is to be read as a path of its own, for it may have another name by then. Copies
   * are left to what they were made of.
   */
  async #claim({ path, stat }: Sibling): Promise<boolean> {
    const { positions, context } = this.#options
    if (stat.size < HEAD_BYTES_SURE) return true
    const beginning = await beginningOf(path).catch(() => NOTHING)
    if ((await statOrNull(path))?.key !== stat.key) return false
    if (await isCopy(path, stat, beginning, this.#options)) return true
    const fresh = { id: positions.newId(), key: stat.key, path, of: path, isDone: false }
    const seenMs = context.clock.now()
    positions.note({ ...fresh, head: headOf(beginning), at: [0, 0], seenMs })
    return true
  }

  #isWatchedAlone(path: TailedPath, sibling: Sibling): boolean {
    return sibling.path !== path.path && this.#options.isWatched(sibling.path)
  }

  /** What is noted of a file, whatever its path was. */
  async #notedOf({ path, stat }: Pick<Sibling, 'path' | 'stat'>): Promise<Position | null> {
    const { positions, startsAtHead } = this.#options
    const noted = startsAtHead ? undefined : positions.all.find(({ key }) => key === stat.key)
    if (!noted) return null
    // One that cannot be read just now is taken for what it was.
    if (await this.#isSame(path, noted, stat).catch(() => true)) return noted
    // Another file had that inode, which is gone.
    positions.forget(noted.id)
    return null
  }

  /** What is noted of the file that a compressed one was. */
  async #notedOfContents(path: TailedPath, sibling: Sibling): Promise<Position | null> {
    if (!COMPRESSED.test(sibling.path)) return null
    const beginning = await beginningOf(sibling.path).catch(() => NOTHING)
    const noted = this.#options.positions.all.find(
      ({ of, head }) =>
        of === path.path && head.length >= HEAD_BYTES_SURE && fitsHead(beginning, head),
    )
    return noted ?? null
  }

  #isRead({ isDone, at, id }: Position, { path, stat }: Sibling): boolean {
    const isFollowed = [...this.#files.values()].some((file) => file.id === id)
    return isFollowed || (isDone && (COMPRESSED.test(path) || Math.max(...at) >= stat.size))
  }

  #wantedOf(file: TailedFile): Wanted {
    return { key: file.key, head: file.head, sizeMin: Math.min(...file.at), seenMs: file.seenMs }
  }

  /** Goes on with what an earlier run has read. */
  async #resume(path: TailedPath, position: Position, stat: FileStat | null): Promise<void> {
    const known = this.#files.get(position.key)
    if (known?.id === position.id) return
    // Else another file has that inode now, as that which one before was compressed to.
    if (known && position.head.length > 0 && fitsHead(known.beginning, position.head)) return
    const isHere =
      !known && stat?.key === position.key && (await this.#isSame(path.path, position, stat))
    const moved = isHere ? null : await statOrNull(position.path)
    const isThere =
      !known && moved?.key === position.key && (await this.#isSame(position.path, position, moved))
    const there = { path: isHere ? path.realPath : position.path, stat: isHere ? stat : moved! }
    if (isHere || isThere) {
      const file = await this.#follow(path, there, position, !isHere)
      if (isHere) path.current = file
      return
    }
    const file = new TailedFile(position)
    file.size = Math.max(...position.at)
    await this.#insertAgain(path, file)
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
    if (!noted) await this.#insertMissed(path)
    if (this.#files.has(stat.key)) {
      // Rotated meanwhile, and found there.
      path.mustCheck = true
      return
    }
    const isFromEnd = !noted && this.#options.startsAtEnd && this.isFirstScan
    const end = isFromEnd ? stat.size : 0
    path.current = await this.#take(path, found, noted, false, [end, end])
    if (!noted && !path.current.isKnown) {
      this.#remove(path, path.current)
      path.current = null
      path.mustCheck = true
      return
    }
    // It may have been copied and emptied since. Noted last: nothing before it is looked for then.
    if (!noted) await this.#insertMissed(path)
    if (path.current) this.#note(path.current)
  }

  /** Files that are too old to be begun, and copies of one that is read. */
  async #mustWait(path: TailedPath, stat: FileStat): Promise<boolean> {
    const { ignoreOlderMs, context } = this.#options
    if (ignoreOlderMs > 0 && stat.modifiedMs < context.clock.now() - ignoreOlderMs) return true
    return isCopy(path.path, stat, await beginningOf(path.path), this.#options)
  }

  /** Goes on with it; noted at once, so that a restart knows of it. */
  async #follow(
    path: TailedPath,
    found: Pick<Sibling, 'path' | 'stat'>,
    noted: Position | null,
    isRotated: boolean,
  ): Promise<TailedFile> {
    const file = await this.#take(path, found, noted, isRotated)
    // Renamed since it was looked at: an inode alone is used again, and nothing else is known.
    if (noted || file.isKnown) this.#note(file)
    return file
  }

  #note(file: TailedFile): void {
    this.#options.positions.note(file.position)
    file.isNoted = true
  }

  /** From where it was read to, else from `at`. */
  async #take(
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
    if (file.isCompressed) await this.#learnCompressed(file)
    else {
      const handle = await openFiles.handleOf(file)
      if (handle) await file.checkHead(handle)
    }
    return file
  }

  /** A damaged one is known, too: there is nothing more to be learned. */
  async #learnCompressed(file: TailedFile): Promise<void> {
    const beginning = await beginningOf(file.path).catch(() => NOTHING)
    file.isKnown = (await statOrNull(file.path))?.key === file.key
    if (file.isKnown) file.head = headOf(beginning)
  }

  #remove(path: TailedPath, file: TailedFile): void {
    path.files = path.files.filter((other) => other !== file)
    if (this.#files.get(file.key) === file) this.#files.delete(file.key)
    this.#options.metrics.files.set(this.#files.size)
  }
}
