/**
 * The segment files of one buffer, oldest first. Each stays open until it is deleted, so what is in
 * it can be read even when somebody removes the folder.
 */
import { join } from 'node:path'
import type { Logger } from '../../logger.ts'
import type { BufferFile, FileAccess } from './file-access.ts'
import {
  decodeSegmentHead,
  encodeSegmentHead,
  FORMAT_VERSION,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
} from './frame.ts'

const ENDING = '.segment'
const QUARANTINE = 'quarantine'
const NAME_DIGITS = 16

export interface Segment {
  readonly path: string
  readonly name: string
  readonly file: BufferFile
  readonly firstSequence: number
  /** As in `FrameHead`, for its first frame. */
  readonly eventsBefore: number
  /** Where its last good frame ends. */
  size: number
}

export interface SegmentsOptions {
  readonly folder: string
  readonly access: FileAccess
  readonly logger: Logger
}

export class Segments {
  readonly all: Segment[] = []
  readonly #options: SegmentsOptions

  constructor(options: SegmentsOptions) {
    this.#options = options
  }

  /** Rejects for a segment of a version that is not known, and leaves everything as it is. */
  async openAll(): Promise<void> {
    const { folder, access } = this.#options
    await access.makeFolder(folder)
    const names = await access.list(folder)
    for (const name of names.filter((candidate) => candidate.endsWith(ENDING)).toSorted()) {
      const segment = await this.#open(name)
      if (segment) this.all.push(segment)
    }
  }

  /** Rejects if it cannot be made; nothing has changed then, but for a file without frames. */
  async create(head: Omit<SegmentHead, 'version'>, isSynced: boolean): Promise<Segment> {
    const { folder, access } = this.#options
    await access.makeFolder(folder)
    const { path, name } = await this.#freeName(head.firstSequence)
    const file = await access.open(path, 'create')
    try {
      await file.write([encodeSegmentHead(head)], 0)
      if (isSynced) await access.syncFolder(folder)
    } catch (error) {
      await file.close()
      throw error
    }
    const segment = { path, name, file, ...head, size: SEGMENT_HEAD_BYTES }
    this.all.push(segment)
    return segment
  }

  /** Deletes the oldest ones whose frames all are below `from`; the newest stays. */
  async deleteBelow(from: number): Promise<void> {
    while (this.all.length > 1 && this.all[1]!.firstSequence <= from) await this.#delete()
  }

  /** Deletes what is left, when all of it is finished. */
  async deleteAll(): Promise<void> {
    while (this.all.length > 0) await this.#delete()
  }

  /** Keeps a copy of bytes that are no frames, for people to look at. */
  async quarantine({ name, file }: Segment, start: number, end: number): Promise<string> {
    const { folder, access } = this.#options
    await access.makeFolder(join(folder, QUARANTINE))
    const path = join(folder, QUARANTINE, `${name}.${start}-${end}`)
    await access.replace(path, await file.read(start, end - start))
    return path
  }

  async close(): Promise<void> {
    for (const { file } of this.all) await file.close()
  }

  async #open(name: string): Promise<Segment | undefined> {
    const { folder, access } = this.#options
    const path = join(folder, name)
    const size = await access.size(path)
    const file = await access.open(path, 'existing')
    const head = decodeSegmentHead(await file.read(0, SEGMENT_HEAD_BYTES))
    if (head && head.version !== FORMAT_VERSION) {
      await file.close()
      throw new Error(
        `cannot read buffer file ${path}: version ${head.version}; ` +
          `expected version ${FORMAT_VERSION}, so it is left as it is`,
      )
    }
    // A damaged head takes nothing along: frames say themselves which they are.
    const { firstSequence, eventsBefore } = head ?? {
      firstSequence: sequenceIn(name),
      eventsBefore: NaN,
    }
    return { path, name, file, firstSequence, eventsBefore, size }
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
    const { access, logger } = this.#options
    const [segment] = this.all.splice(0, 1)
    if (!segment) return
    try {
      await segment.file.close()
      await access.remove(segment.path)
    } catch (error) {
      logger.warn({ path: segment.path, error }, 'cannot delete a buffer file that is delivered')
    }
  }
}

function sequenceIn(name: string): number {
  return Number.parseInt(name, 10)
}
