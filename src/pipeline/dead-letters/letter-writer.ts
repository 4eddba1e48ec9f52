/**
 * Writes dead letters to the newest file, all of a call or none: what a failed write has left is
 * cut off before anything else is written, so that the same letters may come again. A process
 * writes only to files it has made.
 */
import { ByteWriter } from '../../codecs/byte-writer.ts'
import type { Clock } from '../clock.ts'
import type { DataFile, FileAccess } from '../files/file-access.ts'
import { SafeFolder } from '../files/safe-files.ts'
import type { Logger } from '../logger.ts'
import { LetterFile } from './letter-file.ts'
import { encodeLetter, type LetterEvent } from './letter-line.ts'
import { dayOfStem, letterId, nextStem } from './names.ts'

export interface LetterWriterOptions {
  readonly folder: string
  readonly access: FileAccess
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
}

/** An event and what is said of it. */
export interface EventToWrite {
  readonly event: LetterEvent
  readonly output: string
  readonly replays: number
}

interface OpenFile {
  readonly letters: LetterFile
  readonly handle: DataFile
}

type Head = ReturnType<typeof encodeLetter>

/** Events that are made lines of without a pause. */
const WRITTEN_AT_ONCE = 500
/** More than they need mostly is not kept in memory. */
const KEPT_BYTES_MAX = 1024 * 1024

export class LetterWriter {
  readonly #options: LetterWriterOptions
  readonly #folder: SafeFolder
  #file: OpenFile | null = null
  /** A file with bytes behind its letters that must not stay there. */
  #uncut: OpenFile | null = null
  #bytes = new ByteWriter(0)
  /** The stem of the newest file there is. */
  last: string | undefined
  /** A file that has as many gets no more letters. */
  fileMaxBytes = Infinity

  constructor(options: LetterWriterOptions) {
    this.#options = options
    this.#folder = new SafeFolder(options.access, options.folder, true)
  }

  get current(): LetterFile | undefined {
    return this.#file?.letters
  }

  /** Fulfilled with the file once they would survive a power cut; if it rejects, none is kept. */
  async write(events: readonly EventToWrite[]): Promise<LetterFile> {
    await this.#cut()
    const file = (await this.#fitting()) ?? (await this.#create())
    const { letters } = file
    const at = this.#options.clock.now()
    try {
      const { heads, bytes } = await this.#append(file, events, at)
      await file.handle.datasync()
      if (!(await file.handle.isLinked())) throw new Error('its file was removed while in use')
      letters.append(heads, bytes, at)
    } catch (error) {
      // After a failed sync nobody knows what is in the file: it gets no more letters.
      this.#uncut = file
      this.#file = null
      throw error
    }
    return letters
  }

  /** What is written from now on goes to a new file. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.handle.close()
  }

  /** Gives up what could not be cut: its letters may be there twice then, but none is missing. */
  async stop(): Promise<void> {
    await this.close()
    try {
      await this.#cut()
    } catch (error) {
      const { letters, handle } = this.#uncut!
      this.#options.logger.warn({ path: letters.path, error }, 'cannot cut off a failed write')
      this.#uncut = null
      await handle.close()
    }
  }

  /** Some at a time, so that other work is not held up. */
  async #append({ letters, handle }: OpenFile, events: readonly EventToWrite[], at: number) {
    const heads: Head[] = []
    let bytes = 0
    for (let start = 0; start < events.length; start += WRITTEN_AT_ONCE) {
      this.#bytes.clear()
      for (const { event, ...of } of events.slice(start, start + WRITTEN_AT_ONCE)) {
        const id = letterId(letters.stem, letters.lines + heads.length)
        heads.push(encodeLetter(event, { ...of, id, at }, this.#bytes))
      }
      await handle.write([this.#bytes.written()], letters.bytes + bytes)
      bytes += this.#bytes.length
    }
    if (this.#bytes.bytes.length > KEPT_BYTES_MAX) this.#bytes = new ByteWriter(0)
    return { heads, bytes }
  }

  async #cut(): Promise<void> {
    if (!this.#uncut) return
    const { letters, handle } = this.#uncut
    await handle.truncate(letters.bytes)
    this.#uncut = null
    await handle.close()
    if (letters.lines === 0) await this.#options.access.remove(letters.path)
  }

  /** The open file, if it may grow. */
  async #fitting(): Promise<OpenFile | null> {
    if (!this.#file) return null
    const { stem, bytes } = this.#file.letters
    const isOfToday = dayOfStem(stem) === dayOfStem(nextStem(this.#options.clock.now(), undefined))
    if (isOfToday && bytes < this.fileMaxBytes) return this.#file
    await this.close()
    return null
  }

  async #create(): Promise<OpenFile> {
    const { access, folder, clock } = this.#options
    await this.#folder.make()
    const stem = nextStem(clock.now(), this.last)
    const letters = new LetterFile({ ...this.#options, stem })
    this.last = stem
    const handle = await access.open(letters.path, 'create')
    letters.startEmpty()
    this.#file = { letters, handle }
    try {
      await access.syncFolder(folder)
    } catch (error) {
      this.#uncut = this.#file
      this.#file = null
      throw error
    }
    return this.#file
  }
}
