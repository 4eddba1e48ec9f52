/**
 * The file output at work: finds the files a batch goes to, hands its entries to their writers
 * (file-writer.ts), and looks after everything that is to be done by the clock.
 */
import type { Batch, Outcome } from '../../pipeline/batch.ts'
import type { Cancel } from '../../pipeline/clock.ts'
import type { Output } from '../../pipeline/component.ts'
import { untilDeadline } from '../../pipeline/deadline.ts'
import { Compressor } from './rotated/compressor.ts'
import { makeFolders } from './writing/creation.ts'
import { DiskGuard } from './writing/disk-guard.ts'
import type { Lines } from '../support/batch-queue.ts'
import { DatedPaths } from './path/dated-paths.ts'
import { FileWriter } from './writing/file-writer.ts'
import { Housekeeping } from './rotated/housekeeping.ts'
import { KnownFiles } from './rotated/known-files.ts'
import { LongNames } from './path/long-names.ts'
import { OpenFiles, type Closable } from './writing/open-files.ts'
import { PathResolver, type ResolvedPath } from './path/path-resolver.ts'
import type { PathTemplate } from './path/path-template.ts'
import { Patience } from '../support/patience.ts'
import type { FileSettings, Surroundings } from './settings.ts'
import type { Shared } from './output-context.ts'
import { Troubles } from './writing/troubles.ts'
import { BufferPool } from '../support/buffer-pool.ts'
import { WorkQueue } from './writing/work-queue.ts'

const HOUSEKEEPING_MS = 3_600_000
/** Files written at once, each with a slice of lines: a bound on memory, not on open files. */
const AT_WORK_MAX = 512

export interface FileOutputOptions {
  readonly template: PathTemplate
  readonly link: PathTemplate | undefined
  readonly time: 'event' | 'arrival'
  readonly settings: FileSettings
  readonly around: Surroundings
}

export class FileOutput implements Output {
  readonly #shared: Shared
  readonly #resolver: PathResolver
  readonly #longNames: LongNames
  readonly #known: KnownFiles
  readonly #compressor: Compressor
  readonly #housekeeping: Housekeeping
  readonly #writers = new Map<string, FileWriter>()
  #isTaking = false
  #cancelTick: Cancel = () => {}
  #housekeepingDueAtMs = 0
  #stopping: Promise<void> | null = null

  constructor(options: FileOutputOptions) {
    const { template, link, time, settings, around } = options
    const dated = new DatedPaths(template, settings.zone, time)
    this.#shared = this.#share(settings, around, dated)
    this.#known = new KnownFiles(settings.dataDir, around)
    this.#longNames = new LongNames(this.#shared)
    this.#resolver = new PathResolver({
      template,
      link,
      time,
      zone: settings.zone,
      noteRendered: (path, values) => this.#longNames.note(path, values),
    })
    this.#compressor = new Compressor(settings, around)
    this.#housekeeping = new Housekeeping({
      template,
      dated,
      settings,
      around,
      compressor: this.#compressor,
      known: this.#known,
      isInUse: (path) => this.#writers.has(path),
      retire: (path) => this.#retire(path),
    })
  }

  get problem(): string | null {
    return this.#shared.guard.problem ?? this.#shared.troubles.problem
  }

  async start(): Promise<void> {
    const { root } = this.#shared.settings
    try {
      await makeFolders(this.#shared, root)
    } catch (cause) {
      throw new Error(`cannot create the folder ${root}: expected one that can be written`, {
        cause,
      })
    }
    this.#isTaking = true
    this.#housekeeping.request()
    this.#scheduleTick()
  }

  deliver(batch: Batch): Promise<Outcome> {
    if (!this.#isTaking) return Promise.resolve('retry')
    const arrivalMs = this.#shared.around.clock.now()
    if (!this.#resolver.isPerEntry)
      return this.#append(this.#resolver.resolveTag(batch.tag, arrivalMs), batch)
    return this.#deliverRuns(batch, arrivalMs)
  }

  reopen(): void {
    for (const writer of this.#writers.values()) writer.reopen()
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(deadline)
    return this.#stopping
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#isTaking = false
    this.#cancelTick()
    const writers = () => [...this.#writers.values()]
    const finished = this.#housekeeping
      .stop()
      .then(() => Promise.all(writers().map((writer) => writer.drain())))
      .then(() => Promise.all([this.#longNames.settled(), this.#known.settled()]))
      .then(() => Promise.all(writers().map((writer) => writer.close())))
    await untilDeadline(deadline, finished)
    this.#shared.patience.end()
    for (const writer of writers()) writer.abandon()
    await this.#compressor.stop()
  }

  #share(settings: FileSettings, around: Surroundings, dated: DatedPaths): Shared {
    const openFiles = new OpenFiles(settings.openFilesMax)
    return {
      settings,
      around,
      openFiles,
      guard: new DiskGuard(settings, around),
      troubles: new Troubles(around.logger, around.metrics),
      patience: new Patience(around.timers),
      pool: new BufferPool(),
      workQueue: new WorkQueue(() => Math.min(openFiles.max, AT_WORK_MAX)),
      dated,
      linkChanges: new Map(),
      noteOpened: (path, link) => this.#known.add(path, link),
      noteWhole: (path, size) => this.#known.setWhole(path, size),
      isWhole: (path, size) => this.#known.isWhole(path, size),
      noteRotated: (path) => this.#housekeeping.noteRotated(path),
      noteEvicted: (path, writer) => this.#forget(path, writer),
    }
  }

  #append(target: ResolvedPath, lines: Lines): Promise<Outcome> {
    const writer = this.#writer(target.path)
    writer.link = target.link
    return writer.append(lines)
  }

  #writer(path: string): FileWriter {
    const known = this.#writers.get(path)
    if (known) return known
    const writer = new FileWriter(path, this.#shared)
    this.#writers.set(path, writer)
    return writer
  }

  #retire(path: string): Promise<void> {
    const writer = this.#writer(path)
    writer.link ??= this.#known.linkOf(path)
    return writer.retire()
  }

  #forget(path: string, writer: Closable): void {
    if (this.#writers.get(path) === writer) this.#writers.delete(path)
  }

  async #deliverRuns(batch: Batch, arrivalMs: number): Promise<Outcome> {
    const outcomes: Promise<Outcome>[] = []
    const { tag } = batch
    for (const { target, entries, count } of this.#resolver.split(batch, arrivalMs))
      outcomes.push(this.#append(target, { tag, entries, count }))
    const settled = await Promise.all(outcomes)
    // The sender repeats all of the batch when any of it was not taken.
    if (settled.includes('retry')) return 'retry'
    return settled.includes('rejected') ? 'rejected' : 'delivered'
  }

  #scheduleTick(): void {
    const { settings, around } = this.#shared
    const now = around.clock.now()
    const boundary =
      settings.everyMs === 0 ? Infinity : settings.zone.nextBoundary(now, settings.everyMs)
    this.#housekeepingDueAtMs = Math.min(now + HOUSEKEEPING_MS, boundary)
    this.#waitForTick()
  }

  #waitForTick(): void {
    const { timers, clock } = this.#shared.around
    const wait = Math.max(0, this.#housekeepingDueAtMs - clock.now())
    const { lookEveryMs } = this.#shared.dated
    this.#cancelTick = timers.after(Math.min(wait, lookEveryMs), () => this.#tick())
  }

  #tick(): void {
    for (const writer of this.#writers.values()) writer.care()
    this.#housekeeping.care()
    if (this.#shared.around.clock.now() < this.#housekeepingDueAtMs) return this.#waitForTick()
    this.#housekeeping.request()
    this.#scheduleTick()
  }
}
