/**
 * Which files a watched path has had, and has: at a start from the noted positions, then at each
 * look. What was rotated away is found again by its inode or its contents, and what was rotated
 * after it and never seen is read between it and the present one.
 *
 *     app.log.2.gz   app.log.1        app.log
 *     read so far ─▶ never seen ────▶ the present one
 *
 * Whatever has happened, it is settled by the same steps, from what is there: each file that is not
 * where it was is looked for, what lies behind the newest known one is read, and then the file that
 * has the path. They are repeated until no name has changed meanwhile.
 */
import { realpath } from 'node:fs/promises'
import type { InputContext } from '../../../pipeline/component.ts'
import { Contents } from './contents.ts'
import type { FollowedFiles } from './followed-files.ts'
import { type FileStat, HEAD_BYTES_SURE, headOf } from './identity.ts'
import { Kin } from './kin.ts'
import type { TailMetrics } from './metrics.ts'
import type { Position, Positions } from './positions.ts'
import { Recognition } from './recognition.ts'
import { type Family, familyOf, type Sibling, statOrNull } from './siblings.ts'
import { Successor } from './successor.ts'
import { TailedFile } from './tailed-file.ts'
import type { TailedPath } from './tailed-path.ts'

/** A change that was not told for so long never will be. */
const UNTOLD_MS = 2000
/** How often it is settled anew while names change. */
const ATTEMPTS = 10
/** The clock of files may be so much behind. */
const FILE_CLOCK_MS = 10

export interface SuccessionOptions {
  readonly context: InputContext
  readonly metrics: TailMetrics
  readonly files: FollowedFiles
  readonly positions: Positions
  /** Whether a path is watched by itself. */
  readonly isWatched: (path: string) => boolean
  /** One that is watched by itself has a file now. */
  readonly found: (path: string) => void
  /** All that are watched. */
  readonly paths: ReadonlyMap<string, TailedPath>
  /** Whether a watched path leads there. */
  readonly isLog: (realPath: string) => boolean
  readonly ignoreOlderMs: number
  /** A file has grown for a while, and the system did not tell. */
  readonly untold: (path: TailedPath) => void
  /** What was rotated before was there when this input ran for the first time. */
  readonly sinceMs: () => number
  readonly startsAtEnd: boolean
  readonly startsAtHead: boolean
}

export class Succession {
  readonly #options: SuccessionOptions
  readonly #files: FollowedFiles
  readonly #kin: Kin
  readonly #successor: Successor
  /** Whether what is found now was there when this input ran for the first time. */
  isFirstScan = true
  #last: Promise<void> = Promise.resolve()

  constructor(options: SuccessionOptions) {
    const { files, positions } = options
    this.#options = options
    this.#files = files
    this.#kin = new Kin(files, positions)
    const kin = this.#kin
    this.#successor = new Successor({ ...options, kin, isFirstScan: () => this.isFirstScan })
  }

  /** Looks whether the path leads to another file now, or to one that has grown. */
  look(path: TailedPath): Promise<void> {
    return this.#alone(async () => {
      const stat = await this.#statOf(path)
      if (!path.isAdopted) await this.#resumeNoted(path, stat)
      await this.#compare(path, stat)
      path.isAdopted = true
      await this.#files.hold(path)
    })
  }

  /** One at a time: no file may be taken by two paths, nor a copy before its log is looked at. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** The file was emptied or made anew in its place; a copy of what it was may be beside it. */
  replaced(path: TailedPath, file: TailedFile): Promise<void> {
    return this.#alone(async () => {
      await this.#replace(path, file)
      await this.#settle(path)
    })
  }

  /** What it had while nobody looked may have been copied and emptied, and is looked for. */
  filled(path: TailedPath): Promise<void> {
    return this.#alone(() => this.#settle(path))
  }

  /** A file that has its path no more, and was not open. */
  async missing(path: TailedPath, file: TailedFile): Promise<void> {
    if (path.current === file) {
      path.mustCheck = true
      if (!file.isRotated) file.isDirty = false
      return
    }
    await this.#alone(async () => {
      await this.#lose(path, file)
      await this.#settle(path)
    })
  }

  async #statOf(path: TailedPath): Promise<FileStat | null> {
    const stat = await statOrNull(path.path)
    if (!stat?.isFile) return null
    path.lead(await realpath(path.path).catch(() => path.path))
    return stat
  }

  /** Goes on with what an earlier run has read, or another path has found. */
  async #resumeNoted(path: TailedPath, stat: FileStat | null): Promise<void> {
    const noted = this.#options.positions.of(path.path)
    for (const position of noted)
      if (!position.isDone && !this.#files.withId(position.id))
        await this.#resume(path, position, stat)
    const last = this.#files.withId(noted.at(-1)?.id ?? 0)
    if (last?.isLost) last.mayHaveGrown = true
    const latest = noted.findLast(({ head }) => head.length > 0)
    if (!path.current?.isPlaced || path.current.id !== latest?.id) path.mustSettle = true
  }

  async #resume(path: TailedPath, position: Position, stat: FileStat | null): Promise<void> {
    const file = new TailedFile(position)
    file.size = Math.max(...position.at, position.foot.end)
    file.grownAtMs = this.#options.context.clock.monotonic()
    file.isRotated = true
    const isHere = stat !== null && position.path === path.realPath
    const moved = isHere ? stat : await statOrNull(position.path)
    if (stat && (await this.#isAt(path.realPath, stat, file))) {
      file.path = path.realPath
      file.isRotated = false
    } else if (!moved || !(await this.#isAt(position.path, moved, file))) {
      file.isLost = true
      if (moved?.key === position.key) file.key = ''
      path.mustSettle = true
    }
    this.#files.add(path, file)
    if (!file.isRotated) path.current = file
  }

  /** Learns more of its beginning if it is. */
  async #isAt(path: string, stat: FileStat, file: TailedFile): Promise<boolean> {
    if (stat.key !== file.key || this.#files.withKey(stat.key)) return false
    const contents = await Contents.of(path, stat)
    const likeness = await contents.likenessTo(file)
    if (likeness !== 'same' && !(likeness === 'unsure' && path === file.path)) return false
    this.#learn(file, contents)
    return true
  }

  /** It may have another inode at the next start. */
  #learn(file: TailedFile, { beginning }: Contents): void {
    if (beginning.length <= file.head.length) return
    file.head = headOf(beginning)
    this.#options.positions.note(file.position)
  }

  async #compare(path: TailedPath, stat: FileStat | null): Promise<void> {
    if (!this.#hasLeft(path, stat) && path.current && stat) this.#noteSize(path, path.current, stat)
    if (path.mustSettle || !path.current) await this.#settle(path, stat)
  }

  #noteSize(path: TailedPath, file: TailedFile, stat: FileStat): void {
    file.path = path.realPath
    const isSilent = !file.isDirty && stat.size > file.size
    const ageMs = this.#options.context.clock.now() - stat.modifiedMs
    if (isSilent && ageMs > UNTOLD_MS) this.#options.untold(path)
    const isSame = stat.size === file.size && stat.modifiedMs === file.modifiedMs
    file.modifiedMs = stat.modifiedMs
    if (!isSame || file.offset > stat.size) file.isDirty = true
    file.noteSize(stat.size, this.#options.context.clock.monotonic())
    // Nothing is known of what it was if it was copied and emptied since: the copy is not known.
    if (!isSame && !file.isPlaced) path.mustSettle = true
  }

  /** Whether the path was taken from its file: that is read to its end wherever it is now. */
  #hasLeft(path: TailedPath, stat: FileStat | null): boolean {
    const { current: file } = path
    if (!file || stat?.key === file.key) return false
    this.#options.metrics.rotations.add(1)
    path.current = null
    file.isRotated = true
    file.isDirty = true
    file.grownAtMs = this.#options.context.clock.monotonic()
    return true
  }

  async #replace(path: TailedPath, file: TailedFile): Promise<void> {
    this.#options.metrics.truncations.add(1)
    await this.#lose(path, file)
    // Whatever has the inode now is something else.
    file.key = ''
  }

  async #lose(path: TailedPath, file: TailedFile): Promise<void> {
    await this.#files.detach(file)
    file.isLost = true
    file.isRotated = true
    if (path.current === file) path.current = null
  }

  /** `stat` is of a moment ago, if it is known: that it is another file by now is seen. */
  async #settle(path: TailedPath, stat?: FileStat | null): Promise<void> {
    path.mustSettle = true
    if (this.#isUnheardOf(path)) {
      const here = stat ?? (await this.#statOf(path))
      path.mustSettle = !(await this.#successor.begin(path, here))
      this.#notePlaced(path)
      return
    }
    for (let attempt = 1; attempt < ATTEMPTS; attempt++)
      if (await this.#isSettled(path).catch(() => false)) return
    if (await this.#isSettled(path)) return
    throw new Error('the names of rotated files change all the time')
  }

  async #isSettled(path: TailedPath): Promise<boolean> {
    const family = await familyOf(path.realPath)
    path.mustSettle = true
    if (!(await this.#settleAs(path, family)) || !(await this.#isStill(path, family))) return false
    path.seen.keepOnly([...family.siblings, ...family.relatives])
    this.#notePlaced(path)
    return true
  }

  /**
   * Of one that is empty it is not known what it has had when it is found filled; compressed, it is
   * found by nothing but that it lies behind the last placed one.
   */
  #notePlaced({ files, mustSettle }: TailedPath): void {
    if (mustSettle) return
    for (const file of files) {
      if (file.head.length < HEAD_BYTES_SURE) return
      if (file.isPlaced) continue
      file.isPlaced = true
      this.#options.positions.note(file.position)
    }
  }

  /** A folder cannot be listed at one moment, and names change while files are looked into. */
  async #isStill({ realPath }: TailedPath, { summary }: Family): Promise<boolean> {
    return (await familyOf(realPath)).summary === summary
  }

  /** Those that were there at the first start: what was rotated before is nobody's business. */
  #isUnheardOf({ path, files }: TailedPath): boolean {
    if (!this.isFirstScan || files.length > 0) return false
    return this.#options.positions.of(path).length === 0
  }

  /** False if something has changed that was relied on. */
  async #settleAs(path: TailedPath, family: Family): Promise<boolean> {
    path.mustSettle = false
    await this.#locate(path, family)
    const { siblings, relatives } = family
    const recognition = new Recognition(this.#kin.of(path), path.seen)
    const isOwn = (each: (typeof siblings)[number]) => {
      const known = recognition.of(each)
      return known?.of === path.path && known.isPlaced && recognition.isSure(known)
    }
    await recognition.findByKey([...siblings, ...relatives])
    const lost = path.files.filter(({ isLost }) => isLost)
    const newest = siblings.findLastIndex(isOwn)
    const unknown = lost.length > 0 ? [...siblings, ...relatives] : siblings.slice(newest + 1)
    await recognition.findByContents(unknown)
    if (!(await this.#isStill(path, family))) return false
    for (const file of lost) await this.#find(path, file, recognition)
    const missed = { siblings, after: siblings.findLastIndex(isOwn), sinceMs: this.#sinceMs(path) }
    if (!(await this.#successor.takeMissed(path, missed, recognition))) return false
    const stat = await this.#statOf(path)
    return !this.#hasLeft(path, stat) && this.#successor.begin(path, stat)
  }

  /** Where the files are that were not looked for yet. */
  async #locate(path: TailedPath, { siblings, relatives }: Family): Promise<void> {
    const byKey = new Map([...relatives, ...siblings].map((each) => [each.stat.key, each]))
    for (const file of path.files.filter(({ isLost }) => !isLost)) {
      const { length: knownBytes } = file.head
      if (!(await file.isItself())) await this.#replace(path, file)
      else if (file.head.length > knownBytes) this.#options.positions.note(file.position)
      if (!file.isLost && file.isRotated) await this.#locateRotated(path, file, byKey.get(file.key))
    }
  }

  async #locateRotated(path: TailedPath, file: TailedFile, sibling?: Sibling): Promise<void> {
    const there = sibling?.path ?? file.path
    if (!file.isOpen) {
      const stat = sibling?.stat ?? (await statOrNull(there))
      const isThere = stat?.key === file.key
      if (!isThere) return this.#lose(path, file)
      const contents = await path.seen.of(there, stat)
      const likeness = await contents.likenessTo(file)
      if (likeness !== 'same' && likeness !== 'unsure') return this.#replace(path, file)
      this.#learn(file, contents)
      if (stat.size > file.size) file.isDirty = true
      file.noteSize(stat.size, file.grownAtMs)
    }
    file.path = there
  }

  /** Goes on where the contents of `file` are; says so if they are nowhere. */
  async #find(path: TailedPath, file: TailedFile, recognition: Recognition): Promise<void> {
    const sibling = recognition.siblingOf(file.id)
    const other = sibling && this.#files.withKey(sibling.stat.key)
    if (!sibling) return this.#giveUp(path, file)
    if (other) {
      await this.#files.remove(path, file)
      this.#options.positions.forget(file.id)
      return
    }
    await this.#files.move(file, sibling)
    // Of one that was empty when it was seen last nothing is known until now.
    await this.#files.learn(file)
    this.#options.positions.note(file.position)
  }

  async #giveUp(path: TailedPath, file: TailedFile): Promise<void> {
    if (path.looking && file.offset > Math.min(...file.at)) {
      // Whether what was read of it is taken is not known yet.
      path.mustSettle = true
      return
    }
    const { positions, context, metrics } = this.#options
    await this.#files.remove(path, file)
    // Another path may have it, or get it: it is known then how far it is read.
    positions.note({ ...file.position, isDone: true })
    if (file.head.length === 0) return
    const read = Math.min(...file.at)
    const unread = file.size - read
    const fields = { path: path.path, read_bytes: read, unread_bytes: unread }
    // How much a compressed file has is known only at its end.
    const hasMore = file.isCompressed && file.isDirty && !file.mayHaveGrown
    if (unread > 0 || hasMore) {
      metrics.filesLost.add(1)
      context.logger.error(fields, 'a file is gone that was not read to its end')
    } else if (file.mayHaveGrown) {
      const message = 'a file went while it was not followed: what it had beyond is lost, if any'
      context.logger.warn({ path: path.path, read_bytes: read }, message)
    } else context.logger.info(fields, 'a file is gone, or was emptied; it had been read')
  }

  /** When the latest placed file was read last; for files of which none is known. */
  #sinceMs({ path }: TailedPath): number {
    const own = this.#options.positions.of(path).filter(({ isPlaced }) => isPlaced)
    if (own.length > 0) return Math.max(...own.map(({ seenMs }) => seenMs)) - FILE_CLOCK_MS
    if (this.isFirstScan) return Infinity
    const { context, ignoreOlderMs, sinceMs } = this.#options
    const oldestMs = ignoreOlderMs > 0 ? context.clock.now() - ignoreOlderMs : 0
    return Math.max(oldestMs, sinceMs()) - FILE_CLOCK_MS
  }
}
