/**
 * The segment files of one buffer, oldest first. Each stays open until it is deleted, so what is in
 * it can be read even when somebody removes the folder, and is put back there.
 */
import { join } from 'node:path'
import type { DataFile, FileAccess } from '../../files/file-access.ts'
import { replaceFile, SafeFolder } from '../../files/safe-files.ts'
import type { Logger } from '../../logger.ts'
import type { MemoryAccount } from '../../memory-budget.ts'
import {
  decodeSegmentHead,
  encodeSegmentHead,
  FORMAT_VERSIONS,
  type Frame,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
} from './frame.ts'
import { copyPieces } from './copy-pieces.ts'
import { readAround } from './read-around.ts'
import { RecentWrites } from './recent-writes.ts'

const ENDING = '.segment'
const QUARANTINE = 'quarantine'
const NAME_DIGITS = 16

export interface Segment {
  /** These three change when it is put back. */
  path: string
  name: string
  file: DataFile
  /** Grows from one to the next. */
  readonly order: number
  /** Left by an earlier run. */
  readonly isFound: boolean
  readonly firstSequence: number
  /** As in `FrameHead`, for its first frame; NaN if the head is damaged. */
  readonly eventsBefore: number
  /** Where its last good frame ends. */
  size: number
  /** Of entries, as they lie there, not read back yet; if it was found, estimated by its size. */
  unreadBytes: number
}

export interface SegmentsOptions {
  readonly folder: string
  /** Whether what is written is to survive a power cut some time. */
  readonly isSafe: boolean
  readonly recentBytes: number
  readonly memory?: MemoryAccount | undefined
  readonly access: FileAccess
  readonly logger: Logger
}

export class Segments {
  readonly all: Segment[] = []
  readonly recent: RecentWrites
  /** Of all of them. */
  unreadBytes = 0
  readonly #options: SegmentsOptions
  readonly #folder: SafeFolder
  #nextOrder = 0

  constructor(options: SegmentsOptions) {
    this.#options = options
    this.recent = new RecentWrites(options.recentBytes, options.memory)
    this.#folder = new SafeFolder(options.access, options.folder, options.isSafe)
  }

  get folder(): string {
    return this.#options.folder
  }

  /** Rejects for a segment of a version that is not known, and leaves everything as it is. */
  async openAll(): Promise<void> {
    const { folder, access } = this.#options
    await this.#folder.make()
    const names = await access.list(folder)
    for (const name of names.filter(isSegment).toSorted())
      await this.#open(name).then((segment) => this.#add(segment), ifThere)
  }

  /** In the folder, whether it is open or not. */
  async isAnyThere(): Promise<boolean> {
    const { folder, access } = this.#options
    return (await access.list(folder)).some(isSegment)
  }

  /** Again, if somebody has removed it. */
  makeFolder(): Promise<void> {
    return this.#folder.make()
  }

  /** Rejects if it cannot be made. */
  async create(head: SegmentHead): Promise<Segment> {
    const { folder, access, isSafe } = this.#options
    await this.#folder.make()
    const { path, name } = await this.#freeName(head.firstSequence)
    const file = await access.open(path, 'create')
    try {
      await file.write([encodeSegmentHead(head)], 0)
      if (isSafe) await access.syncFolder(folder)
    } catch (error) {
      await this.#remove(path, file)
      throw error
    }
    const { firstSequence, eventsBefore } = head
    const made = { path, name, file, isFound: false, size: SEGMENT_HEAD_BYTES }
    const order = this.#nextOrder++
    return this.#add({ ...made, firstSequence, eventsBefore, unreadBytes: 0, order })
  }

  /** The one behind another, which may be gone; the first one behind nothing. */
  after(segment: Segment | null): Segment | null {
    if (segment === null) return this.all[0] ?? null
    const at = this.all.indexOf(segment)
    if (at >= 0) return this.all[at + 1] ?? null
    return this.all.find(({ order }) => order > segment.order) ?? null
  }

  wrote(segment: Segment, bytes: number): void {
    segment.unreadBytes += bytes
    this.unreadBytes += bytes
  }

  /** Its next frame was read. */
  passed(segment: Segment, { storedBytes, storedLength }: Frame): void {
    const bytes = segment.isFound ? storedLength : storedBytes
    this.#forget(segment, Math.min(bytes, segment.unreadBytes))
  }

  /** Nothing behind this is to be read. */
  cut(segment: Segment, size: number): void {
    this.#forget(segment, Math.min(segment.size - size, segment.unreadBytes))
    segment.size = size
  }

  /** Nothing that is in it so far is to be read any more. */
  passedAll(segment: Segment): void {
    this.#forget(segment, segment.unreadBytes)
  }

  /** Takes away one without frames, which could not be written. */
  async drop(segment: Segment): Promise<void> {
    this.all.splice(this.all.indexOf(segment), 1)
    await this.#remove(segment.path, segment.file)
  }

  /** The oldest ones whose frames all are below `from`, and before `order`; never the newest. */
  hasBelow(from: number, order: number): boolean {
    const [oldest, next] = this.all
    return next !== undefined && next.firstSequence <= from && oldest!.order < order
  }

  async deleteBelow(from: number, order: number): Promise<void> {
    while (this.hasBelow(from, order)) await this.#delete()
  }

  /** Deletes them up to this one, and none that is made meanwhile. */
  async deleteTo(last: Segment | undefined): Promise<void> {
    while (last && this.all.length > 0 && this.all[0]!.order <= last.order) await this.#delete()
  }

  /** Deletes what is left, when all of it is finished. */
  async deleteAll(): Promise<void> {
    while (this.all.length > 0) await this.#delete()
  }

  /** Of those that somebody has removed. What cannot be asked is taken to be there. */
  async removed(): Promise<Segment[]> {
    const asked = this.all.map(async (segment) => ({
      segment,
      isLinked: await segment.file.isLinked().catch(() => true),
    }))
    // One that was deleted meanwhile is not missed.
    const isMissed = (segment: Segment) => this.all.includes(segment)
    const answers = await Promise.all(asked)
    return answers.flatMap(({ segment, isLinked }) =>
      isLinked || !isMissed(segment) ? [] : [segment],
    )
  }

  /**
   * Writes what was removed again, out of the files that are still open; nothing may be appended
   * meanwhile. Gives how many. Rejects if it cannot, and as soon as `check` throws.
   */
  async putBack(check: () => void): Promise<number> {
    const { folder, access, isSafe } = this.#options
    await this.#folder.make()
    const removed = await this.removed()
    for (const segment of removed) await this.#putBack(segment, check)
    if (isSafe) await access.syncFolder(folder)
    return removed.length
  }

  /** Keeps a copy of bytes that are no frames, for people to look at; null if it cannot. */
  async quarantine({ name, file, path }: Segment, start: number, end: number) {
    const { folder, access, logger } = this.#options
    const kept = join(folder, QUARANTINE, `${name}.${start}-${end}`)
    try {
      await access.makeFolder(join(folder, QUARANTINE))
      await replaceFile(access, kept, await readAround(file, start, end - start), false)
      return kept
    } catch (error) {
      logger.error({ path, start, end, error }, 'cannot keep a copy of what is damaged in a buffer')
      return null
    }
  }

  async close(): Promise<void> {
    this.recent.clear()
    for (const { file } of this.all) await file.close()
  }

  #add(segment: Segment): Segment {
    this.all.push(segment)
    this.unreadBytes += segment.unreadBytes
    return segment
  }

  #forget(segment: Segment, bytes: number): void {
    segment.unreadBytes -= bytes
    this.unreadBytes -= bytes
  }

  async #putBack(segment: Segment, check: () => void): Promise<void> {
    const { access, isSafe, logger } = this.#options
    const { path, name } = await this.#freeName(segment.firstSequence)
    const file = await access.open(path, 'create')
    try {
      await copyPieces({ from: segment.file, to: file, size: segment.size, path, logger, check })
      if (isSafe) await file.datasync()
    } catch (error) {
      await this.#remove(path, file)
      throw error
    }
    // It may have been finished with meanwhile.
    if (!this.all.includes(segment)) return this.#remove(path, file)
    const removed = segment.file
    Object.assign(segment, { path, name, file })
    await removed.close()
  }

  async #open(name: string): Promise<Segment> {
    const { folder, access } = this.#options
    const path = join(folder, name)
    const size = await access.size(path)
    const file = await access.open(path, 'existing')
    try {
      // A damaged head takes nothing along: frames say themselves which they are.
      const { firstSequence, eventsBefore } = headOf(await file.read(0, SEGMENT_HEAD_BYTES), name)
      const unreadBytes = Math.max(0, size - SEGMENT_HEAD_BYTES)
      const head = { path, name, file, isFound: true, firstSequence, eventsBefore }
      return { ...head, size, unreadBytes, order: this.#nextOrder++ }
    } catch (cause) {
      await file.close()
      throw new Error(`cannot read buffer file ${path}: ${(cause as Error).message}`, { cause })
    }
  }

  /** A file that could not be written may have the name already. */
  async #freeName(firstSequence: number): Promise<{ path: string; name: string }> {
    const { folder, access } = this.#options
    const taken = new Set(await access.list(folder))
    const digits = String(firstSequence).padStart(NAME_DIGITS, '0')
    for (let count = 0; ; count++) {
      const name = `${digits}-${String(count).padStart(3, '0')}${ENDING}`
      if (!taken.has(name)) return { path: join(folder, name), name }
    }
  }

  async #delete(): Promise<void> {
    const segment = this.all.shift()
    if (!segment) return
    this.passedAll(segment)
    await this.#remove(segment.path, segment.file)
  }

  /** One that stays is found by the next start, which knows that it is finished. */
  async #remove(path: string, file: DataFile): Promise<void> {
    const { access, logger } = this.#options
    try {
      await file.close()
      await access.remove(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      logger.warn({ path, error }, 'cannot delete a buffer file that is not needed any more')
    }
  }
}

function isSegment(name: string): boolean {
  return name.endsWith(ENDING)
}

/** One that went away just now is missed when it is read. */
function ifThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

/** Throws for a version that is not known. */
function headOf(bytes: Buffer, name: string): Omit<SegmentHead, 'version'> {
  const head = decodeSegmentHead(bytes)
  if (!head) return { firstSequence: Number.parseInt(name, 10), eventsBefore: NaN }
  const versions: readonly number[] = Object.values(FORMAT_VERSIONS)
  if (!versions.includes(head.version))
    throw new Error(
      `version ${head.version}; expected version ${versions.join(' or ')}, so it is left as it is`,
    )
  return head
}
