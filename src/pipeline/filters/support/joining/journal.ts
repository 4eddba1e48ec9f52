/**
 * A file of what the filter holds, so that a held part survives `kill -9`. Writes are grouped:
 * what is asked for while one is under way goes with the next. Empty while nothing is held,
 * rewritten when most of it is released. Frames: journal-frames.ts.
 */
import { constants } from 'node:fs'
import { access, appendFile, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Timers } from '../../../clock.ts'
import { untilDeadline } from '../../../deadline.ts'
import { type DataFile, type FileAccess, privateFileAccess } from '../../../files/file-access.ts'
import { replaceFile, SafeFolder } from '../../../files/safe-files.ts'
import type { Logger } from '../../../logger.ts'
import { frameOf, readFrames } from './journal-frames.ts'

/** What must be in the journal at the moment. */
export interface Held {
  readonly isEmpty: boolean
  readonly bytes: number
  payloads(): Uint8Array[]
}

export interface JournalOptions {
  readonly path: string
  /** Wait for the disk itself, so that a power failure loses nothing either. */
  readonly fsync: boolean
  readonly held: Held
  readonly timers: Timers
  readonly logger: Logger
  /** `privateFileAccess`, unless a test says otherwise. */
  readonly files?: FileAccess
}

/** A journal smaller than this is not worth rewriting. */
const REWRITE_MIN_BYTES = 16 * 1024 * 1024
/** Rewritten when what is held is less than this share of it. */
const REWRITE_SHARE = 1 / 4
const RETRY_PAUSE_MS = 1000
const FILE_MODE = 0o600

interface Job {
  readonly frames: readonly Uint8Array[]
  readonly written: PromiseWithResolvers<void>
}

export class Journal {
  readonly #options: JournalOptions
  readonly #access: FileAccess
  readonly #folder: SafeFolder
  #file: DataFile | undefined
  /** Where the next frame goes. */
  #length = 0
  #rewriteAt = REWRITE_MIN_BYTES
  #queue: Job[] = []
  #working: Promise<void> | undefined
  #problem: string | null = null
  #isClosed = false
  /** Fires when writing must not be tried any longer. */
  readonly #abandon = new AbortController()

  constructor(options: JournalOptions) {
    const { path, fsync, files = privateFileAccess } = options
    this.#options = options
    this.#access = files
    this.#folder = new SafeFolder(files, dirname(path), fsync)
  }

  /** Why nothing can be written at the moment, or null. */
  get problem(): string | null {
    return this.#problem
  }

  /**
   * What an earlier run has left; whatever follows the last whole frame goes to a file beside.
   * Rejects where nothing could be written: said now, not when the first sender waits for it.
   */
  async open(): Promise<readonly Buffer[]> {
    await this.#checkFolder()
    const bytes = await this.#read()
    if (bytes === undefined) return []
    const { payloads, end, isDamaged } = readFrames(bytes)
    if (end < bytes.length) await this.#setAside(bytes.subarray(end), isDamaged)
    const file = await this.#openFile()
    await file.truncate(end)
    this.#length = end
    return payloads
  }

  /** Settles once the payloads are written; rejects if the journal was closed before. */
  append(payloads: readonly Uint8Array[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('cannot write held parts: stopped'))
    const job = { frames: payloads.map(frameOf), written: Promise.withResolvers<void>() }
    this.#queue.push(job)
    this.#working ??= this.#work()
    return job.written.promise
  }

  /** Like `append`, for what may get lost: the consequence is a line that comes twice. */
  note(payload: Uint8Array): void {
    this.append([payload]).catch(() => {
      this.#options.logger.debug({}, 'a released line stays in the journal')
    })
  }

  /**
   * Settles when there is nothing to write, or when `deadline` fires: then no write is tried again,
   * and one that the system does not end is left behind.
   */
  async drain(deadline: AbortSignal): Promise<void> {
    await untilDeadline(deadline, this.#idle())
    if (deadline.aborted) this.#abandon.abort()
  }

  /** After `drain`. Settles when the file is closed or `deadline` fires. */
  async close(deadline: AbortSignal): Promise<void> {
    this.#isClosed = true
    const file = this.#file
    this.#file = undefined
    if (file) await untilDeadline(deadline, file.close())
  }

  async #idle(): Promise<void> {
    while (this.#working) await this.#working
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const jobs = this.#queue
      this.#queue = []
      await this.#write(jobs)
      await this.#tidy()
    }
    this.#working = undefined
  }

  async #write(jobs: readonly Job[]): Promise<void> {
    const bytes = Buffer.concat(jobs.flatMap((job) => job.frames))
    try {
      await this.#writeUntilDone(bytes)
      for (const job of jobs) job.written.resolve()
    } catch (error) {
      for (const job of jobs) job.written.reject(error)
    }
  }

  async #writeUntilDone(bytes: Buffer): Promise<void> {
    for (;;) {
      try {
        await this.#writeAt(bytes, this.#length)
        this.#length += bytes.length
        if (!(await this.#isLinked())) await this.#writeAnew()
        this.#reportWorking()
        return
      } catch (cause) {
        this.#reportFailing(cause)
        if (await this.#isAbandoned()) {
          const message = `cannot write held parts to ${this.#options.path}`
          throw new Error(`${message}: ${String(cause)}`, { cause })
        }
      }
    }
  }

  /** Cutting first leaves nothing of an attempt that failed half-way. */
  async #writeAt(bytes: Buffer, position: number): Promise<void> {
    const file = await this.#openFile()
    if (this.#problem !== null) await file.truncate(position)
    await file.write([bytes], position)
    if (this.#options.fsync) await file.datasync()
  }

  async #isLinked(): Promise<boolean> {
    return (await this.#file?.isLinked()) ?? true
  }

  /** Somebody has removed the file, and with it all that is held; that is here still. */
  async #writeAnew(): Promise<void> {
    const { held, logger, path } = this.#options
    await this.#file?.close()
    this.#file = undefined
    this.#length = 0
    const bytes = Buffer.concat(held.payloads().map(frameOf))
    await (await this.#openFile()).truncate(0)
    await this.#writeAt(bytes, 0)
    this.#length = bytes.length
    logger.warn({ path }, 'wrote the journal of held parts anew: somebody had removed it')
  }

  async #tidy(): Promise<void> {
    if (this.#isClosed) return
    const { held, logger, path } = this.#options
    try {
      if (held.isEmpty && this.#queue.length === 0) await this.#clear()
      else if (this.#length >= this.#rewriteAt) await this.#rewrite()
    } catch (error) {
      this.#rewriteAt = this.#length * 2
      logger.warn({ path, error }, 'cannot make the journal of held parts smaller; going on')
    }
  }

  async #clear(): Promise<void> {
    if (this.#length === 0) return
    await (await this.#openFile()).truncate(0)
    this.#length = 0
  }

  async #rewrite(): Promise<void> {
    const { held, path } = this.#options
    this.#rewriteAt = Math.max(REWRITE_MIN_BYTES, this.#length * 2)
    if (held.bytes > this.#length * REWRITE_SHARE) return
    const bytes = Buffer.concat(held.payloads().map(frameOf))
    await replaceFile(this.#access, path, bytes, this.#options.fsync)
    await this.#file?.close()
    this.#file = undefined
    this.#length = bytes.length
    this.#rewriteAt = Math.max(REWRITE_MIN_BYTES, bytes.length * 2)
  }

  /** Waits before the next attempt; true if there must not be one. */
  async #isAbandoned(): Promise<boolean> {
    const { signal } = this.#abandon
    if (!signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancel = this.#options.timers.after(RETRY_PAUSE_MS, resolve)
      const stopWaiting = () => resolve()
      signal.addEventListener('abort', stopWaiting)
      await promise
      signal.removeEventListener('abort', stopWaiting)
      cancel()
    }
    return signal.aborted
  }

  async #openFile(): Promise<DataFile> {
    if (this.#file) return this.#file
    if (this.#isClosed) throw new Error('stopped')
    const { path, fsync } = this.#options
    await this.#folder.make()
    const file = await this.#access.open(path, 'keep')
    try {
      // Each time: an earlier process may have made it and died.
      if (fsync) await this.#access.syncFolder(dirname(path))
    } catch (error) {
      await file.close()
      throw error
    }
    return (this.#file = file)
  }

  /** Makes no file: there is none while nothing is held. */
  async #checkFolder(): Promise<void> {
    const folder = dirname(this.#options.path)
    try {
      await this.#folder.make()
      await access(folder, constants.W_OK | constants.X_OK)
    } catch (cause) {
      const message = `cannot keep held parts in ${folder}: ${String(cause)}`
      throw new Error(`${message}; expected a folder that can be written`, { cause })
    }
  }

  /** Undefined if there is no journal. */
  async #read(): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#options.path)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      const message = `cannot read held parts in ${this.#options.path}`
      throw new Error(`${message}: ${String(cause)}`, { cause })
    }
  }

  async #setAside(bytes: Buffer, isDamaged: boolean): Promise<void> {
    const { fsync, logger } = this.#options
    const path = `${this.#options.path}.damaged`
    await appendFile(path, bytes, { mode: FILE_MODE, flush: fsync })
    const fields = { path, bytes: bytes.length }
    if (isDamaged) {
      logger.error(fields, 'the journal of held parts is damaged: the rest of it is set aside')
    } else {
      logger.warn(fields, 'a write to the journal of held parts was cut short: it is set aside')
    }
  }

  #reportFailing(error: unknown): void {
    const isKnown = this.#problem !== null
    const cause = error instanceof Error ? error.message : String(error)
    this.#problem = `cannot write held parts: ${cause}`
    if (isKnown) return
    const { logger, path } = this.#options
    logger.error({ path, error }, 'cannot write held parts; their senders wait until it works')
  }

  #reportWorking(): void {
    if (this.#problem === null) return
    this.#problem = null
    this.#options.logger.info({ path: this.#options.path }, 'held parts can be written again')
  }
}
