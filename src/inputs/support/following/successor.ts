/**
 * What comes after the files of a path that are known: rotated ones that were never seen, and the
 * one that has the path now.
 */
import type { InputContext } from '../../../pipeline/component.ts'
import { COMPRESSED } from './compressed.ts'
import { isCopyOf, isUnclear } from './copies.ts'
import type { FollowedFiles } from './followed-files.ts'
import { type FileStat, headOf, NO_FOOT } from './identity.ts'
import type { Kin } from './kin.ts'
import type { Offsets, Position, Positions } from './positions.ts'
import { type Known, Recognition } from './recognition.ts'
import { logsOf, type Sibling, statOrNull } from './siblings.ts'
import { TailedFile } from './tailed-file.ts'
import type { TailedPath } from './tailed-path.ts'

export interface SuccessorOptions {
  readonly context: InputContext
  readonly files: FollowedFiles
  readonly positions: Positions
  readonly kin: Kin
  readonly isWatched: (path: string) => boolean
  readonly found: (path: string) => void
  readonly paths: ReadonlyMap<string, TailedPath>
  /** Whether a watched path leads there. */
  readonly isLog: (realPath: string) => boolean
  readonly ignoreOlderMs: number
  readonly startsAtEnd: boolean
  readonly startsAtHead: boolean
  readonly isFirstScan: () => boolean
}

export interface Missed {
  readonly siblings: readonly Sibling[]
  /** The newest of them that the path has had; -1 if none is known. */
  readonly after: number
  /** If none is known, those that were written to since. */
  readonly sinceMs: number
}

export class Successor {
  readonly #options: SuccessorOptions

  constructor(options: SuccessorOptions) {
    this.#options = options
  }

  /** Takes the rotated files that were never seen. False if one is another file by now. */
  async takeMissed(path: TailedPath, missed: Missed, recognition: Recognition): Promise<boolean> {
    for (const sibling of missed.siblings.slice(missed.after + 1)) {
      if (this.#options.files.withKey(sibling.stat.key)) continue
      const known = recognition.of(sibling)
      if (known) {
        if (this.#hasMore(known, sibling)) await this.#follow(path, sibling, known)
        continue
      }
      if (missed.after < 0 && sibling.stat.modifiedMs <= missed.sinceMs) continue
      if (!(await this.#takeUnknown(path, sibling, recognition))) return false
    }
    return true
  }

  /** Of one that nobody follows, and that is not another path's. */
  #hasMore({ id, isDone, at, of }: Known, { path, stat }: Sibling): boolean {
    if (this.#options.files.withId(id)) return false
    if (isDone) return !COMPRESSED.test(path) && Math.max(...at) < stat.size
    return !this.#options.isWatched(of)
  }

  async #takeUnknown(
    path: TailedPath,
    sibling: Sibling,
    recognition: Recognition,
  ): Promise<boolean> {
    const { context, isWatched } = this.#options
    const contents = await recognition.contentsOf(sibling)
    if (!contents) return this.#cannotRead(sibling)
    // It is looked at again, when there is more of it or it is older.
    if (isUnclear(sibling.stat, context.clock)) path.mustSettle = true
    else if (await isCopyOf(contents, [path.realPath])) return true
    else if (sibling.path !== path.path && isWatched(sibling.path))
      this.#claim(sibling, contents.beginning)
    else return this.#follow(path, sibling, null)
    return true
  }

  async #cannotRead({ path, stat }: Sibling): Promise<boolean> {
    if ((await statOrNull(path))?.key !== stat.key) return false
    this.#options.context.logger.error({ path }, 'cannot read a rotated file: it is left out')
    return true
  }

  /** Notes one that is to be read as a path of its own: it may have another name by then. */
  #claim({ path, stat }: Sibling, beginning: Uint8Array): void {
    const { positions, context, paths, found } = this.#options
    const fresh = {
      id: positions.newId(),
      key: stat.key,
      path,
      of: path,
      isDone: false,
      isPlaced: false,
    }
    const print = { head: headOf(beginning), foot: NO_FOOT }
    positions.note({ ...fresh, ...print, at: [0, 0], seenMs: context.clock.now() })
    const known = paths.get(path)
    if (known) known.isAdopted = false
    found(path)
  }

  /** Follows a rotated one. False if it is another file by now. */
  async #follow(path: TailedPath, sibling: Sibling, known: Known | null): Promise<boolean> {
    const file = this.#create(path, sibling, known)
    file.isRotated = true
    return this.#add(path, file, known !== null)
  }

  /** Takes the file that has the path now, unless somebody else has it. False as above. */
  async begin(path: TailedPath, stat: FileStat | null): Promise<boolean> {
    if (!stat || path.current?.key === stat.key) return true
    const other = this.#options.files.withKey(stat.key)
    if (other) {
      if (!path.files.includes(other)) return true
      path.current = other
      other.isRotated = false
      return true
    }
    const here = { path: path.realPath, stat, suffix: '' }
    const known = await this.#knownAt(path, here)
    if (known === 'waits') {
      path.mustLook = true
      return true
    }
    if (!known && this.#isTooOld(stat)) return true
    const isFromEnd = !known && this.#options.startsAtEnd && this.#options.isFirstScan()
    const file = this.#create(path, here, known, isFromEnd ? [stat.size, stat.size] : [0, 0])
    if (!(await this.#add(path, file, known !== null))) return false
    path.current = file
    return true
  }

  /** What is noted of the file here; `waits` if it is, or may be, a copy of another log's. */
  async #knownAt(path: TailedPath, here: Sibling): Promise<Known | 'waits' | null> {
    const { kin, startsAtHead, files, isWatched, context, isLog } = this.#options
    const logs = logsOf(here.path).filter(isLog)
    const known = [
      ...(startsAtHead ? [] : kin.withKey(here.stat.key)),
      ...(logs.length > 0 ? kin.of(path) : []),
    ]
    const recognition = new Recognition(known, path.seen)
    await recognition.findByKey([here])
    await recognition.findByContents(logs.length > 0 ? [here] : [])
    const found = recognition.of(here)
    if (found && files.withId(found.id)) return 'waits'
    if (found)
      return !found.isDone && found.of !== path.path && isWatched(found.of) ? 'waits' : found
    if (logs.length === 0) return null
    const contents = await recognition.contentsOf(here)
    if (!contents) throw new Error(`cannot read ${here.path}, or it is another file by now`)
    const isCopy = isUnclear(here.stat, context.clock) || (await isCopyOf(contents, logs))
    return isCopy ? 'waits' : null
  }

  #isTooOld({ modifiedMs }: FileStat): boolean {
    const { ignoreOlderMs, context } = this.#options
    return ignoreOlderMs > 0 && modifiedMs < context.clock.now() - ignoreOlderMs
  }

  /** From where it was read to, else from `at`. */
  #create(
    path: TailedPath,
    { path: realPath, stat }: Sibling,
    known: Position | null,
    at: Offsets = [0, 0],
  ): TailedFile {
    const { positions, context } = this.#options
    const id = known?.id ?? positions.newId()
    const isPlaced = known?.of === path.path && known.isPlaced
    const seenMs = isPlaced ? known.seenMs : context.clock.now()
    const here = { key: stat.key, path: realPath, of: path.path, seenMs, isPlaced }
    const file = new TailedFile({ at, ...known, ...here, id })
    file.size = Math.max(...file.at)
    file.noteSize(stat.size, 0)
    file.grownAtMs = context.clock.monotonic()
    return file
  }

  /** Noted at once, so that a restart knows of it; unless it is not the one that was looked at. */
  async #add(path: TailedPath, file: TailedFile, isKnown: boolean): Promise<boolean> {
    const { files, positions } = this.#options
    files.add(path, file)
    await files.learn(file)
    if (!isKnown && !file.isKnown) {
      await files.remove(path, file)
      return false
    }
    positions.note(file.position)
    file.isNoted = true
    return true
  }
}
