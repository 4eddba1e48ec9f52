/** A watched path, and the files that had it one after the other and are not read to their end. */
import { dirname } from 'node:path'
import { causeCode } from './cause-code.ts'
import type { LineReader } from './lines.ts'
import { SeenContents } from './seen-contents.ts'
import type { TailedFile } from './tailed-file.ts'

export interface TailedPathOptions {
  readonly path: string
  /** Asked for with each batch: a container may get another name. */
  readonly tag: () => string
  readonly lines: LineReader
}

export class TailedPath {
  readonly path: string
  readonly tag: () => string
  readonly lines: LineReader
  /** What the pipeline knows it by. */
  readonly origin: object = {}
  readonly seen = new SeenContents()
  /** Where the path leads through symbolic links, and the folder of that. */
  realPath: string
  realFolder: string
  /** The oldest first. */
  files: TailedFile[] = []
  /** The last of `files` if it has the path now. */
  current: TailedFile | null = null
  /** Whether something may have become of the path. */
  mustCheck = false
  /** Whether something may have become of what lies beside it. */
  mustSettle = false
  /** Whether a look has failed: there is another one soon. */
  mustLook = false
  /** Whether all that an earlier run has left of it is found. */
  isAdopted = false
  /** Whether it is in the queue of those to be read. */
  isQueued = false
  /** Whether somebody reads its files or looks at the path. */
  isBusy = false
  /** Whether who reads waits for an outcome: the path may be looked at meanwhile, not read. */
  isDelivering = false
  /** The look at it while its delivery waits. */
  looking: Promise<void> | null = null
  hasDelivered = false
  /** Before this it is not read, by the monotonic clock: something has failed. */
  notBeforeMs = 0
  /** What went wrong the last time; empty if nothing did. */
  #failure = ''
  /** When it is looked at next where the system does not tell of changes. */
  nextPollMs = 0
  /** When bytes came last. */
  readAtMs = 0

  constructor({ path, tag, lines }: TailedPathOptions) {
    this.path = path
    this.realPath = path
    this.realFolder = dirname(path)
    this.tag = tag
    this.lines = lines
  }

  lead(realPath: string): void {
    if (realPath === this.realPath) return
    this.realPath = realPath
    this.realFolder = dirname(realPath)
  }

  /** Notes what went wrong; whether that is new, so that it is told once. */
  fail(error: unknown): boolean {
    const failure = causeCode(error) || String(error)
    const isNew = failure !== this.#failure
    this.#failure = failure
    return isNew
  }

  /** Notes that it could be read; whether it could not before. */
  recover(): boolean {
    const hadFailed = this.#failure !== ''
    this.#failure = ''
    return hadFailed
  }

  /** The file to be read next: an older one first, so that events keep their order. */
  get unread(): TailedFile | undefined {
    return this.files.find(({ isDirty, isLost }) => isDirty && !isLost)
  }

  /** Whether nothing can come of it any more. */
  get isOver(): boolean {
    return this.files.length === 0
  }
}
