/**
 * One file of dead letters: how many are in it, which of them are done with, and where the torn end
 * of one that was being written is. Which are done is in a small file beside it, replaced as a
 * whole; a letter's line never changes.
 */
import { join } from 'node:path'
import type { FileAccess } from '../files/file-access.ts'
import { replaceFile } from '../files/safe-files.ts'
import type { Logger } from '../logger.ts'
import { decodeDone, encodeDone } from './done-lines.ts'
import { Groups } from './groups.ts'
import { decodeHead, decodeLetter, type Letter, type LetterHead } from './letter-line.ts'
import { DONE_SUFFIX, LETTERS_SUFFIX, timeOfStem } from './names.ts'
import { rawLines } from './raw-lines.ts'
import { isSelected, type Selection } from './selection.ts'

export interface LetterFileOptions {
  readonly folder: string
  readonly stem: string
  readonly access: FileAccess
  readonly logger: Logger
}

/** A letter and the line it stands in, counted from 0. */
export interface PlacedLetter extends Letter {
  readonly line: number
}

/** Instead of a group's place, for a line that is damaged or done with. */
const NONE = -1

export class LetterFile {
  readonly stem: string
  readonly path: string
  groups = new Groups()
  /** Of whole lines. */
  bytes = 0
  /** When the last letter was added, in milliseconds since 1970. */
  newestAt: number
  /** Letters that are not done with. */
  events = 0
  isGone = false
  /** Replays and drops that are about it. */
  holders = 0
  isLoaded = false
  /** Why it could not be read the last time, or null. */
  problem: string | null = null
  readonly #options: LetterFileOptions
  /** By line. */
  readonly #placeOf: number[] = []
  /** Lines, and not done with. */
  #damaged: number[] = []
  #done = new Set<number>()
  #loaded: Promise<void> | null = null

  constructor(options: LetterFileOptions) {
    const { folder, stem } = options
    this.#options = options
    this.stem = stem
    this.path = join(folder, this.name)
    this.newestAt = timeOfStem(stem)
  }

  get name(): string {
    return this.stem + LETTERS_SUFFIX
  }

  get damaged(): number {
    return this.#damaged.length
  }

  get lines(): number {
    return this.#placeOf.length
  }

  /** Milliseconds since 1970. */
  get oldestAt(): number {
    return timeOfStem(this.stem)
  }

  /** Nothing in it is worth keeping; what is damaged is, for people. */
  get isFinished(): boolean {
    return this.events === 0 && this.damaged === 0
  }

  /** For a file that this process has made: there is nothing in it to be read. */
  startEmpty(): void {
    this.isLoaded = true
    this.#loaded = Promise.resolve()
  }

  /** Reads what an earlier run has left; once. Rejects if it cannot be read: later it may be. */
  load(onLetter?: (letter: Letter) => void): Promise<void> {
    this.#loaded ??= this.#load(onLetter).catch((error: unknown) => {
      this.#forget()
      throw error
    })
    return this.#loaded
  }

  append(heads: readonly Omit<LetterHead, 'time'>[], bytes: number, at: number): void {
    for (const head of heads) this.#placeOf.push(this.groups.add(head))
    this.events += heads.length
    this.bytes += bytes
    this.newestAt = at
  }

  /** Those that are selected and not done with, some at a time, in their order. */
  async *select(selection: Selection): AsyncGenerator<PlacedLetter[]> {
    await this.load()
    const file = await this.#options.access.open(this.path, 'read')
    try {
      for await (const lines of rawLines(file, this.bytes)) {
        const open = lines.filter(({ line }) => (this.#placeOf[line] ?? NONE) !== NONE)
        yield open.flatMap(({ line, bytes }) => this.#letterIn(line, bytes, selection))
      }
    } finally {
      await file.close()
    }
  }

  /** Notes for good that these are replayed or dropped; returns how many were not before. */
  async finish(lines: readonly number[]): Promise<number> {
    const open = lines.filter((line) => (this.#placeOf[line] ?? NONE) !== NONE)
    if (open.length === 0 || this.isGone) return 0
    for (const line of open) {
      this.#done.add(line)
      this.#close(line)
    }
    await replaceFile(this.#options.access, this.#donePath, encodeDone(this.#done), true)
    return open.length
  }

  /** As `finish`, for the lines that are damaged. */
  async finishDamaged(): Promise<number> {
    const damaged = this.#damaged
    if (damaged.length === 0 || this.isGone) return 0
    const done = new Set([...this.#done, ...damaged])
    await replaceFile(this.#options.access, this.#donePath, encodeDone(done), true)
    this.#done = done
    this.#damaged = []
    return damaged.length
  }

  /** Deletes it, the letters first: marks without letters mean nothing. */
  async remove(): Promise<void> {
    const { access, folder } = this.#options
    await access.remove(this.path)
    this.isGone = true
    if (!(await access.list(folder)).includes(this.stem + DONE_SUFFIX)) return
    await this.#syncRemoval()
    await access.remove(this.#donePath)
  }

  /** Or a power cut could bring the letters back without the marks that they are done with. */
  async #syncRemoval(): Promise<void> {
    const { access, folder, logger } = this.#options
    const message = 'cannot sync a folder: a power cut now may bring dead letters back'
    await access
      .syncFolder(folder)
      .catch((error: unknown) => logger.warn({ path: this.path, error }, message))
  }

  get #donePath(): string {
    return join(this.#options.folder, this.stem + DONE_SUFFIX)
  }

  #letterIn(line: number, bytes: Buffer, selection: Selection): PlacedLetter[] {
    const head = decodeHead(bytes)
    if (!head || !isSelected(head, selection)) return []
    const letter = decodeLetter(bytes)
    if (letter) return [{ ...letter, line }]
    this.#close(line)
    this.#reportDamage([line])
    return []
  }

  #close(line: number): void {
    this.groups.remove(this.#placeOf[line]!)
    this.#placeOf[line] = NONE
    this.events--
  }

  async #load(onLetter?: (letter: Letter) => void): Promise<void> {
    const { access } = this.#options
    const size = await access.size(this.path)
    const file = await access.open(this.path, 'read')
    try {
      await this.#loadDone()
      const damaged: number[] = []
      for await (const lines of rawLines(file, size)) {
        for (const { line, bytes, end } of lines) {
          if (!this.#loadLine(line, bytes, onLetter)) damaged.push(line)
          this.bytes = end
        }
      }
      if (damaged.length > 0) this.#reportDamage(damaged)
      if (this.bytes < size) await this.#cut(size)
      this.isLoaded = true
    } finally {
      await file.close()
    }
  }

  /** What was read of it before it failed. */
  #forget(): void {
    this.#loaded = null
    this.isLoaded = false
    this.#placeOf.length = 0
    this.#done = new Set()
    this.groups = new Groups()
    this.bytes = this.events = 0
    this.#damaged = []
    this.newestAt = this.oldestAt
  }

  /** False if it is damaged. */
  #loadLine(line: number, bytes: Buffer, onLetter?: (letter: Letter) => void): boolean {
    const letter = decodeLetter(bytes)
    if (letter) this.newestAt = Math.max(this.newestAt, Date.parse(letter.head.at))
    const isDone = this.#done.has(line)
    this.#placeOf.push(isDone || !letter ? NONE : this.groups.add(letter.head))
    if (isDone || !letter) return isDone
    this.events++
    onLetter?.(letter)
    return true
  }

  async #loadDone(): Promise<void> {
    const { access, folder, logger } = this.#options
    if (!(await access.list(folder)).includes(this.stem + DONE_SUFFIX)) return
    const file = await access.open(this.#donePath, 'read')
    try {
      const done = decodeDone(await file.read(0, await access.size(this.#donePath)))
      if (done) this.#done = done
      else logger.warn({ path: this.#donePath }, 'cannot tell which dead letters are done with')
    } finally {
      await file.close()
    }
  }

  async #cut(size: number): Promise<void> {
    const bytes = size - this.bytes
    const file = await this.#options.access.open(this.path, 'existing')
    try {
      await file.truncate(this.bytes)
    } finally {
      await file.close()
    }
    const message =
      'cut off a dead letter that is not whole: one that was being written when its process ' +
      'ended, and comes again; if the file was cut by something else, it is lost'
    this.#options.logger.warn({ path: this.path, bytes }, message)
  }

  #reportDamage(lines: readonly number[]): void {
    this.#damaged.push(...lines)
    const numbers = lines.slice(0, 10).map((line) => line + 1)
    this.#options.logger.error(
      { path: this.path, events: lines.length, lines: numbers },
      'dead letters are damaged; they are left where they are',
    )
  }
}
