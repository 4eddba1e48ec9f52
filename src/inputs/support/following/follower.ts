/**
 * Follows files: finds them, reads them in turns, keeps to them when they are rotated, and notes
 * how far they are delivered. What is made of their lines is said by whoever uses it.
 */
import { durationInMs, sizeInBytes } from '../../../config/units.ts'
import type { Cancel } from '../../../pipeline/clock.ts'
import type { InputContext } from '../../../pipeline/component.ts'
import { fileAccess } from '../../../pipeline/files/file-access.ts'
import { BlockReader } from './block-reader.ts'
import { Discovery } from './discovery.ts'
import { Endings } from './endings.ts'
import { FollowedFiles } from './followed-files.ts'
import type { Glob } from './glob.ts'
import type { LineReader } from './lines.ts'
import type { TailMetrics } from './metrics.ts'
import { OpenFiles } from './open-files.ts'
import { Positions } from './positions.ts'
import { logsFirst, statOrNull } from './siblings.ts'
import { Succession } from './succession.ts'
import { TailedPath } from './tailed-path.ts'
import { Turns } from './turns.ts'

/** How often rotated files are looked at, which nobody tells of. */
const ROTATED_LOOK_MS = 500
/** A file that has not changed is polled this part of that time later, up to the most. */
const POLL_AGE_PART = 1 / 10
const POLL_MAX_MS = 2000
/** Positions of files that are gone are left out every so many looks. */
const PRUNE_EVERY = 30

/** The options that all that follow files have, as they are in the configuration. */
export interface FollowingConfig {
  readonly read_from: 'position' | 'head' | 'tail'
  readonly refresh_interval: string
  readonly poll_interval: string
  readonly watch: boolean
  readonly rotate_wait: string
  readonly line_max: string
  readonly open_files_max: number
  readonly files_max: number
  readonly ignore_older?: string
  readonly flush_after?: string
}

/** What a path's events are like. */
export interface PathSettings {
  readonly tag: () => string
  readonly lines: LineReader
}

export interface FollowerOptions {
  readonly context: InputContext
  readonly config: FollowingConfig
  readonly metrics: TailMetrics
  readonly patterns: readonly Glob[]
  readonly excluded: readonly Glob[]
  readonly settingsFor: (path: string) => Promise<PathSettings> | PathSettings
}

export class Follower {
  readonly #options: FollowerOptions
  readonly #paths = new Map<string, TailedPath>()
  readonly #positions: Positions
  readonly #openFiles: OpenFiles
  readonly #files: FollowedFiles
  readonly #succession: Succession
  readonly #endings: Endings
  readonly #reader: BlockReader
  readonly #turns: Turns
  readonly #discovery: Discovery
  readonly #pollMs: number
  readonly #refreshMs: number
  readonly #flushesRest: boolean
  #cancel: Cancel | null = null
  #lookedAtMs = 0
  #scannedAtMs = 0
  #scans = 0
  /** What was rotated before is nobody's business. */
  #sinceMs = 0
  /** Until all paths are looked for. */
  #isStarting = true
  #isStopped = false
  #isFull = false

  constructor(options: FollowerOptions) {
    this.#options = options
    const { context, config, metrics, patterns, excluded } = options
    const { logger, dataDir, memory } = context
    this.#pollMs = Math.max(1, durationInMs(config.poll_interval))
    this.#refreshMs = Math.max(1, durationInMs(config.refresh_interval))
    this.#flushesRest = config.flush_after !== undefined
    this.#positions = new Positions({
      access: fileAccess,
      folder: dataDir,
      logger,
      nowMs: context.clock.now(),
    })
    this.#openFiles = new OpenFiles(config.open_files_max, metrics.openFiles)
    this.#files = new FollowedFiles(this.#openFiles, metrics.files)
    this.#succession = this.#createSuccession()
    this.#endings = new Endings({
      context,
      files: this.#files,
      positions: this.#positions,
      reader: () => this.#reader,
      rotateWaitMs: durationInMs(config.rotate_wait),
    })
    this.#reader = new BlockReader({
      context,
      metrics,
      openFiles: this.#openFiles,
      positions: this.#positions,
      lineMaxBytes: sizeInBytes(config.line_max),
      flushAfterMs: flushAfterMs(config),
      replaced: (path, file) => this.#succession.replaced(path, file),
      filled: (path) => this.#succession.filled(path),
      missing: (path, file) => this.#succession.missing(path, file),
    })
    this.#turns = new Turns({
      memory,
      now: () => context.clock.monotonic(),
      look: async (path) => void (await this.#look(path)),
      check: (path) => this.#check(path),
      read: (path) => this.#reader.read(path),
    })
    this.#discovery = new Discovery({
      context,
      patterns,
      excluded,
      isWatching: config.watch,
      paths: this.#paths,
      found: (path) => this.#found(path),
      grown: (path) => this.#grown(path),
      changed: (path) => this.#turns.check(path),
      rotated: (path) => this.#settle(path),
      scanned: () => this.#scanned(),
    })
  }

  async start(): Promise<void> {
    await this.#positions.load()
    this.#sinceMs = this.#positions.sinceMs
    if (this.#options.config.read_from === 'head') this.#forgetAll()
    this.#succession.isFirstScan = this.#positions.isFirstRun
    await this.#positions.flush()
    const { timers, clock } = this.#options.context
    this.#scannedAtMs = clock.monotonic()
    void this.#firstScan()
    this.#cancel = timers.every(this.#pollMs, () => this.#sweep())
  }

  #forgetAll(): void {
    this.#sinceMs = this.#options.context.clock.now()
    for (const { id } of this.#positions.all) this.#positions.forget(id)
  }

  async stop(deadline: AbortSignal): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#endings.stop()
    this.#cancel?.()
    const { context } = this.#options
    const settled = this.#discovery.stop().then(() => this.#turns.stop())
    await Promise.race([settled, aborted(deadline)])
    await this.#positions.close()
    for (const path of this.#paths.values()) {
      for (const file of path.files) await file.closeCompressed()
      if (path.hasDelivered) context.closed(path.origin)
    }
    await this.#openFiles.closeAll()
    context.memory.close()
  }

  #createSuccession(): Succession {
    const { context, config, metrics } = this.#options
    return new Succession({
      context,
      metrics,
      files: this.#files,
      positions: this.#positions,
      isWatched: (path) => this.#discovery.fits(path),
      found: (path) => void this.#found(path),
      paths: this.#paths,
      isLog: (realPath) => this.#isLog(realPath),
      ignoreOlderMs: config.ignore_older === undefined ? 0 : durationInMs(config.ignore_older),
      untold: (path) => this.#discovery.distrust(path),
      sinceMs: () => this.#sinceMs,
      startsAtEnd: config.read_from === 'tail',
      startsAtHead: config.read_from === 'head',
    })
  }

  #isLog(realPath: string): boolean {
    return this.#paths.get(realPath)?.realPath === realPath || this.#discovery.leadsTo(realPath)
  }

  /** First paths of earlier runs, also without a file now: they may have left rotated ones. */
  async #firstScan(): Promise<void> {
    const left = new Set(this.#positions.all.filter(({ isDone }) => !isDone).map(({ of }) => of))
    for (const path of [...left].sort(logsFirst))
      if (this.#discovery.fits(path)) await this.#found(path)
    await this.#discovery.scan()
    this.#isStarting = false
    this.#succession.isFirstScan = false
  }

  async #found(path: string): Promise<void> {
    const known = this.#paths.get(path)
    if (known) return this.#foundAgain(known)
    if (this.#isStopped || !this.#hasRoomFor(path)) return
    const settings = await this.#options.settingsFor(path)
    if (this.#paths.has(path)) return
    const tailed = new TailedPath({ path, ...settings })
    this.#paths.set(path, tailed)
    tailed.isBusy = true
    const isToldOf = this.#discovery.isToldOf(tailed)
    await this.#look(tailed)
    tailed.isBusy = false
    if (tailed.isOver) await this.#warnOfNoFile(path)
    // What came before it was watched; or that was told of meanwhile.
    if (!isToldOf || tailed.mustCheck || tailed.realPath !== path) this.#turns.check(tailed)
    this.#turns.read(tailed)
  }

  /** At the start those of earlier runs were looked at a moment ago. */
  #foundAgain(path: TailedPath): void {
    const isKnown = this.#isStarting && path.isAdopted && this.#discovery.isToldOf(path)
    if (!isKnown) this.#turns.check(path)
  }

  /** A pattern may well fit folders. */
  async #warnOfNoFile(path: string): Promise<void> {
    const stat = await statOrNull(path)
    if (!stat || stat.isFile || (stat.isFolder && !this.#discovery.names(path))) return
    const { logger } = this.#options.context
    logger.warn({ path }, 'cannot read a path: expected a file, not a folder, pipe or the like')
  }

  /** Whether it could. */
  async #look(path: TailedPath): Promise<boolean> {
    path.mustCheck = false
    path.mustLook = false
    const isSeen = await this.#attempt(path, () => this.#succession.look(path))
    if (!this.#isStopped) this.#discovery.watch(path)
    return isSeen
  }

  async #attempt(path: TailedPath, work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      path.mustLook = true
      this.#options.metrics.readErrors.add(1)
      const { logger } = this.#options.context
      if (path.fail(error))
        logger.warn({ path: path.path, error }, 'cannot look at a path; will try again')
      return false
    }
  }

  #hasRoomFor(path: string): boolean {
    const isFull = this.#paths.size >= this.#options.config.files_max
    if (isFull && !this.#isFull) {
      this.#options.metrics.filesMaxHits.add(1)
      const { logger } = this.#options.context
      logger.error(
        { path, files_max: this.#paths.size },
        'too many files: further ones are not read',
      )
    }
    this.#isFull = isFull
    return !isFull
  }

  #grown(path: TailedPath): void {
    if (path.current) path.current.isDirty = true
    else return this.#turns.check(path)
    this.#turns.read(path)
  }

  /** Something has become of what lies beside it. */
  #settle(path: TailedPath): void {
    path.mustSettle = true
    this.#turns.check(path)
  }

  async #check(path: TailedPath): Promise<void> {
    if (!(await this.#look(path))) return
    await this.#attempt(path, async () => {
      // First, since rotated files are looked at as if they had something new.
      await this.#endings.flushIdle(path)
      await this.#endings.endRotated(path)
    })
  }

  async #scanned(): Promise<void> {
    this.#scannedAtMs = this.#options.context.clock.monotonic()
    for (const path of this.#paths.values()) if (path.isOver) await this.#leaveIfGone(path)
    if (this.#scans++ % PRUNE_EVERY === 0) await this.#endings.prune()
  }

  async #leaveIfGone(path: TailedPath): Promise<void> {
    if (path.isBusy || (await statOrNull(path.path)) !== null || !path.isOver) return
    this.#paths.delete(path.path)
    path.lines.reset()
    this.#discovery.forget(path)
    if (path.hasDelivered) this.#options.context.closed(path.origin)
  }

  #sweep(): void {
    const now = this.#options.context.clock.monotonic()
    const isLook = now - this.#lookedAtMs >= ROTATED_LOOK_MS
    if (isLook) this.#lookedAtMs = now
    for (const path of this.#paths.values()) this.#sweepPath(path, now, isLook)
    if (now - this.#scannedAtMs < this.#refreshMs) return
    this.#scannedAtMs = now
    void this.#discovery.scan()
  }

  #sweepPath(path: TailedPath, now: number, isLook: boolean): void {
    if (path.isBusy && !path.isDelivering) return
    if (isLook && this.#isWaiting(path)) return this.#turns.check(path)
    if (path.unread && this.#isReadable(path, now)) return this.#turns.read(path)
    if (now < path.nextPollMs || this.#discovery.watch(path)) return
    const idleMs = now - path.readAtMs
    path.nextPollMs = now + Math.min(POLL_MAX_MS, Math.max(this.#pollMs, idleMs * POLL_AGE_PART))
    this.#turns.check(path)
  }

  /** Else it is only looked at: its turn has not come, or may not yet. */
  #isReadable({ isBusy, isQueued, notBeforeMs }: TailedPath, now: number): boolean {
    return !isBusy && !isQueued && notBeforeMs <= now
  }

  /** Whether time alone makes something of it. */
  #isWaiting({ files, current, mustLook, mustSettle, lines }: TailedPath): boolean {
    const hasRest = this.#flushesRest && current !== null && current.size > current.offset
    const mustBeSeen = mustLook || mustSettle || lines.heldBytes > 0
    return files.length > (current ? 1 : 0) || mustBeSeen || hasRest
  }
}

function flushAfterMs({ flush_after }: FollowingConfig): number {
  return flush_after === undefined ? Infinity : durationInMs(flush_after)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
