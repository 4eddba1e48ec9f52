/**
 * Keeps what outputs did not get, in `data_dir/dead-letters/` (docs/specs/dead-letters.md). Bounded
 * by bytes and age: whole files go then, the oldest first, which is counted and logged as the loss
 * that it is, but neither the newest nor what a replay or drop is about. One call at a time changes
 * something; the others wait.
 */
import type { Cancel, Clock, Timers } from '../clock.ts'
import type { DeadLetter, DeadLetterSink } from '../delivery/dead-letter.ts'
import { reasonOf } from '../delivery/verdict.ts'
import type { FileAccess } from '../files/file-access.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { type Group, Groups } from './groups.ts'
import { LetterFile, type PlacedLetter } from './letter-file.ts'
import { eventKey, eventsOf, type Letter, type LetterEvent } from './letter-line.ts'
import { LetterWriter } from './letter-writer.ts'
import { DeadLetterMetrics, type DropReason } from './metrics.ts'
import { companionStem, lettersStem } from './names.ts'
import { ReplayCounts } from './replay-counts.ts'
import type { Selection } from './selection.ts'

export interface Bounds {
  readonly maxBytes: number
  readonly maxAgeMs: number
}

export interface DeadLetterStoreOptions {
  readonly folder: string
  readonly bounds: Bounds
  readonly access: FileAccess
  readonly clock: Pick<Clock, 'now'>
  readonly timers: Timers
  readonly logger: Logger
  readonly metrics: Metrics
}

export interface KeptLetters {
  readonly events: number
  readonly bytes: number
  readonly files: number
  readonly damaged: number
  /** Milliseconds since 1970 of the oldest file, or null. */
  readonly oldestAt: number | null
  /** Largest first. */
  readonly groups: readonly Group[]
}

/** Of files, for bounds to drop in not too large pieces. */
const FILE_MAX_BYTES = 16 * 1024 * 1024
const FILES_PER_BOUND = 8
const LOOK_EVERY_MS = 3_600_000
/** Files in which is looked for events that come a second time after a kill. */
const FILES_REMEMBERED = 2

export class DeadLetterStore {
  readonly #options: DeadLetterStoreOptions
  readonly #metrics: DeadLetterMetrics
  readonly #writer: LetterWriter
  /** The oldest first. */
  #files: LetterFile[] = []
  /** Of the run before, in which is looked for events that come again. */
  #remembered: readonly LetterFile[] = []
  #bounds: Bounds
  /** Events of the run before that may come again. */
  readonly #known = new Set<string>()
  readonly #replays = new ReplayCounts()
  #loaded: Promise<void> = Promise.resolve()
  #last: Promise<unknown> = Promise.resolve()
  #cancelLook: Cancel = () => undefined
  #isStopping = false

  constructor(options: DeadLetterStoreOptions) {
    this.#options = options
    this.#bounds = options.bounds
    this.#metrics = new DeadLetterMetrics(options.metrics)
    this.#writer = new LetterWriter(options)
    this.setBounds(options.bounds)
  }

  /** For the output of that name. */
  sinkFor(output: string): DeadLetterSink {
    return { add: (letters) => this.#inTurn(() => this.#add(output, letters)) }
  }

  /** What an earlier run has left is read in the background; never rejects. */
  async start(): Promise<void> {
    const { access, folder, timers, logger } = this.#options
    try {
      const names = await access.list(folder)
      const stems = names.flatMap((name) => lettersStem(name) ?? []).toSorted()
      this.#files = stems.map((stem) => new LetterFile({ ...this.#options, stem }))
      this.#remembered = this.#files.slice(-FILES_REMEMBERED)
      this.#writer.last = stems.at(-1)
      await this.#removeLeftovers(names, new Set(stems))
    } catch (error) {
      logger.error({ path: folder, error }, 'cannot look through the dead letters of earlier runs')
    }
    this.#loaded = this.#inTurn(() => this.#load())
    this.#cancelLook = timers.every(LOOK_EVERY_MS, () => {
      void this.#inTurn(() => this.#load())
    })
  }

  /** Outputs have to be stopped before. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#cancelLook()
    await this.#inTurn(() => this.#writer.stop())
  }

  /** Of a new configuration; they hold from the next letter on. */
  setBounds(bounds: Bounds): void {
    this.#bounds = bounds
    this.#writer.fileMaxBytes = Math.min(FILE_MAX_BYTES, bounds.maxBytes / FILES_PER_BOUND)
  }

  async kept(): Promise<KeptLetters> {
    await this.#loaded
    await this.#inTurn(() => this.#noticeRemoved())
    const groups = new Groups()
    for (const file of this.#files) groups.addAll(file.groups)
    const largest = groups.all.toSorted((one, other) => other.events - one.events)
    return {
      ...this.#sums(),
      files: this.#files.length,
      damaged: this.#files.reduce((sum, { damaged }) => sum + damaged, 0),
      oldestAt: this.#files[0]?.oldestAt ?? null,
      groups: largest,
    }
  }

  /**
   * All there are now; what comes later goes to other files. They are exempt from bounds until they
   * are released: nobody loses what he is about to replay.
   */
  holdFiles(): Promise<readonly LetterFile[]> {
    return this.#inTurn(async () => {
      await this.#writer.close()
      const files = [...this.#files]
      for (const file of files) file.holders++
      await this.#load()
      return files.filter(({ isGone }) => !isGone)
    })
  }

  /** Each once for each time that they were held. Never rejects. */
  releaseFiles(files: readonly LetterFile[]): Promise<void> {
    for (const file of files) file.holders--
    return this.#inTurn(() => this.#dropBeyondBounds())
  }

  /** As `LetterFile.select`; a file that cannot be read is reported, and left for another time. */
  async *select(file: LetterFile, selection: Selection): AsyncGenerator<PlacedLetter[]> {
    if (!file.isLoaded) return
    try {
      yield* file.select(selection)
    } catch (error) {
      this.#reportUnreadable(file, error)
    }
  }

  /** These are about to be replayed: if they fail again, it is said how often they were. */
  expectAgain(letters: readonly Letter[]): void {
    for (const letter of letters) this.#replays.expect(letter)
  }

  /** Rejects if that cannot be written down; they are not replayed again by this process. */
  finishReplayed(file: LetterFile, lines: readonly number[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#metrics.replayed.add(lines.length)
      await file.finish(lines)
      await this.#removeDone()
    })
  }

  /** Throws away what is selected, and returns how many those were. */
  drop(selection: Selection): Promise<number> {
    return this.#dropBy((file) => this.#dropIn(file, selection))
  }

  /** Throws away lines that are damaged, and returns how many those were. */
  dropDamaged(): Promise<number> {
    return this.#dropBy(async (file) => {
      const lines = await file.finishDamaged()
      this.#metrics.dropped('operator', lines)
      return lines
    })
  }

  async #dropBy(dropIn: (file: LetterFile) => Promise<number>): Promise<number> {
    const files = await this.holdFiles()
    try {
      return await this.#inTurn(async () => {
        let events = 0
        for (const file of files) events += await dropIn(file)
        await this.#removeDone()
        if (events > 0) this.#options.logger.warn({ events }, 'dead letters dropped by an operator')
        return events
      })
    } finally {
      await this.releaseFiles(files)
    }
  }

  async #add(output: string, letters: readonly DeadLetter[]): Promise<void> {
    const events = eventsOf(letters)
    const fresh = events.filter((event) => !this.#isKnown(output, event))
    if (fresh.length > 0) await this.#write(output, fresh)
    const repeated = events.length - fresh.length
    if (repeated === 0) return
    this.#metrics.repeated.add(repeated)
    const message = 'dead letters came again after a kill, and were kept already'
    this.#options.logger.info({ output, events: repeated }, message)
  }

  async #write(output: string, events: readonly LetterEvent[]): Promise<void> {
    const file = await this.#writer.write(
      events.map((event) => ({ event, output, replays: this.#replays.of(event) })),
    )
    if (this.#files.at(-1) !== file) this.#files.push(file)
    for (const [cause, of] of Map.groupBy(events, ({ letter }) => letter.cause))
      this.#metrics.added(output, cause, of.length)
    await this.#keepBounds()
  }

  #isKnown(output: string, event: LetterEvent): boolean {
    if (this.#known.size === 0) return false
    const { buffer, sequence } = event.letter
    return this.#known.has(eventKey(output, { ...event, buffer, sequence }))
  }

  /** Files that could not be read before are tried again. Never rejects. */
  async #load(): Promise<void> {
    for (const file of this.#files.toReversed()) {
      if (this.#isStopping) return
      const isRemembered = this.#remembered.includes(file)
      try {
        await file.load(isRemembered ? (letter) => this.#remember(letter) : undefined)
        file.problem = null
      } catch (error) {
        this.#reportUnreadable(file, error)
      }
    }
    await this.#keepBounds()
  }

  #reportUnreadable(file: LetterFile, error: unknown): void {
    const { path } = file
    file.problem = `cannot read ${path}: ${reasonOf(error)}`
    const message = 'cannot read dead letters; they are left where they are'
    this.#options.logger.error({ path, error }, message)
  }

  #remember({ head, crc }: Letter): void {
    this.#known.add(eventKey(head.output, { ...head, crc }))
  }

  async #removeLeftovers(names: readonly string[], stems: ReadonlySet<string>): Promise<void> {
    const { access, folder } = this.#options
    for (const name of names) {
      const stem = companionStem(name)
      const isOver = stem !== undefined && (!stems.has(stem) || name.endsWith('.new'))
      if (isOver) await access.remove(`${folder}/${name}`)
    }
  }

  async #dropIn(file: LetterFile, selection: Selection): Promise<number> {
    let events = 0
    for await (const letters of this.select(file, selection))
      events += await file.finish(letters.map(({ line }) => line))
    this.#metrics.dropped('operator', events)
    return events
  }

  /** Never rejects: what was added is safe whether or not something else could be deleted. */
  async #keepBounds(): Promise<void> {
    await this.#noticeRemoved()
    await this.#removeDone()
    await this.#dropBeyondBounds()
  }

  async #dropBeyondBounds(): Promise<void> {
    const { maxBytes, maxAgeMs } = this.#bounds
    const oldestKept = this.#options.clock.now() - maxAgeMs
    const newest = this.#files.at(-1)
    for (const file of this.#closed()) {
      // The newest stays until there is a newer one: else a start alone would throw it away.
      if (file === newest || file.holders > 0) continue
      if (file.newestAt < oldestKept) await this.#dropFile(file, 'max_age')
      else if (this.#sums().bytes > maxBytes) await this.#dropFile(file, 'max_bytes')
    }
    this.#metrics.show(this.#sums())
  }

  /** Files that somebody has deleted count no more. Never rejects. */
  async #noticeRemoved(): Promise<void> {
    if (this.#files.length === 0) return
    const { access, folder, logger } = this.#options
    let names: ReadonlySet<string>
    try {
      names = new Set(await access.list(folder))
    } catch (error) {
      logger.error({ path: folder, error }, 'cannot look which dead letters are there')
      return
    }
    for (const file of this.#files) if (!names.has(file.name)) await this.#forget(file)
    this.#metrics.show(this.#sums())
  }

  async #forget(file: LetterFile): Promise<void> {
    const { logger } = this.#options
    const { events, path } = file
    try {
      if (file === this.#writer.current) await this.#writer.close()
    } catch (error) {
      logger.warn({ path, error }, 'cannot close a file of dead letters that was deleted')
    }
    file.isGone = true
    this.#files = this.#files.filter((other) => other !== file)
    this.#metrics.dropped('deleted', events)
    const message = 'a file of dead letters was deleted by somebody: what was in it is lost'
    logger.warn({ path, events: file.isLoaded ? events : 'unknown' }, message)
  }

  async #dropFile(file: LetterFile, reason: DropReason): Promise<void> {
    const { events, bytes, path } = file
    if (!(await this.#remove(file))) return
    this.#metrics.dropped(reason, events)
    const message = 'dead letters dropped: there were more, or older ones, than are to be kept'
    this.#options.logger.error({ path, events, bytes, reason }, message)
  }

  async #removeDone(): Promise<void> {
    for (const file of this.#closed()) if (file.isFinished) await this.#remove(file)
    this.#metrics.show(this.#sums())
  }

  async #remove(file: LetterFile): Promise<boolean> {
    try {
      await file.remove()
      this.#files = this.#files.filter((other) => other !== file)
      return true
    } catch (error) {
      this.#options.logger.error({ path: file.path, error }, 'cannot delete dead letters')
      return false
    }
  }

  #closed(): LetterFile[] {
    return this.#files.filter((file) => file !== this.#writer.current && file.isLoaded)
  }

  #sums(): { events: number; bytes: number } {
    let [events, bytes] = [0, 0]
    for (const file of this.#files) {
      events += file.events
      bytes += file.bytes
    }
    return { events, bytes }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }
}
