/**
 * Sends dead letters on their way again, some at a time: those of one tag in one batch and in their
 * order. What was taken is noted before the next ones go, so a kill repeats at most those that were
 * on their way. What is answered `retry` is tried again until it is taken or the replay is stopped;
 * what is `rejected` stays. A letter that fails again is a new one in a newer file, which this
 * replay does not read.
 */
import type { Batch, Outcome } from '../batch.ts'
import type { Cancel, Clock, Timers } from '../clock.ts'
import { doublingDelayMs } from '../delivery/backoff.ts'
import { deliverKept, type KeptAnswer } from '../kept-delivery.ts'
import type { Logger } from '../logger.ts'
import type { LetterFile, PlacedLetter } from './letter-file.ts'
import type { Selection } from './selection.ts'
import type { DeadLetterStore } from './store.ts'

export interface ReplayOptions {
  readonly store: DeadLetterStore
  readonly selection: Selection
  /** The output they go to, or undefined for the way of their tag. */
  readonly to?: string | undefined
  /** Settles like `InputContext.deliver`. */
  readonly deliver: (batch: Batch) => Promise<Outcome>
  readonly clock: Pick<Clock, 'now'>
  readonly timers: Timers
  readonly logger: Logger
}

export interface ReplayState {
  /** `stopping`: what is on its way is waited for. */
  readonly state: 'running' | 'stopping' | 'done' | 'stopped' | 'failed'
  readonly to: string | null
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Null until then. */
  readonly endedAt: number | null
  /** Letters there were when it began, selected or not, and how many of them were looked at. */
  readonly found: number
  readonly examined: number
  /** Taken, and noted as that. */
  readonly delivered: number
  /** Not taken, and still here, be it as newer letters. */
  readonly rejected: number
  /** Damaged lines in the files that it looked at, which cannot be sent, and stay. */
  readonly damaged: number
  /** Events answered `retry`, for each time. */
  readonly retried: number
  /** Why it failed, or which file it had to leave out, or null. */
  readonly problem: string | null
}

/** Of what is on its way at a time. */
const EVENTS_MAX = 1000
const BYTES_MAX = 1024 * 1024
/** After it, a stop does not wait any more for what is on its way. */
const STOP_GRACE_MS = 3000
const PAUSE = { firstMs: 100, maxMs: 10_000 }

export class Replay {
  readonly #options: ReplayOptions
  readonly #counts = { found: 0, examined: 0, delivered: 0, rejected: 0, retried: 0, damaged: 0 }
  readonly #startedAt: number
  #endedAt: number | null = null
  #state: ReplayState['state'] = 'running'
  #problem: string | null = null
  #isStopping = false
  /** Settles when what is on its way is not waited for any more. */
  readonly #abandoned = Promise.withResolvers<'abandoned'>()
  #cancelGrace: Cancel = () => undefined
  /** Ends the pause before something is tried again. */
  #goOn: () => void = () => undefined

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
  }

  get state(): ReplayState {
    return {
      state: this.#state === 'running' && this.#isStopping ? 'stopping' : this.#state,
      to: this.#options.to ?? null,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      ...this.#counts,
      problem: this.#problem,
    }
  }

  /** Settles when it has ended, however it has; never rejects. */
  async run(): Promise<void> {
    const { logger, clock, store } = this.#options
    let files: readonly LetterFile[] = []
    try {
      files = await store.holdFiles()
      for (const { events } of files) this.#counts.found += events
      logger.info({ ...this.state }, 'replaying dead letters')
      for (const file of files) await this.#replayFile(file)
      this.#state = this.#isStopping ? 'stopped' : 'done'
    } catch (error) {
      this.#state = 'failed'
      this.#problem = error instanceof Error ? error.message : String(error)
      logger.error({ error }, 'cannot go on replaying dead letters; what was not is still there')
    }
    this.#cancelGrace()
    for (const { damaged } of files) this.#counts.damaged += damaged
    await store.releaseFiles(files)
    this.#endedAt = clock.now()
    logger.info({ ...this.state }, 'dead letters replayed')
  }

  /** Sends nothing more; what is on its way is waited for by `run`, a while. */
  stop(): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#goOn()
    if (this.#endedAt !== null) return
    const abandon = () => this.#abandoned.resolve('abandoned')
    this.#cancelGrace = this.#options.timers.after(STOP_GRACE_MS, abandon)
  }

  async #replayFile(file: LetterFile): Promise<void> {
    if (this.#isStopping || file.isGone) return
    const before = file.events
    const examinedBefore = this.#counts.examined
    const { store, selection } = this.#options
    for await (const letters of store.select(file, selection)) {
      for (const portion of portions(letters)) await this.#replayPortion(file, portion)
      if (this.#isStopping) return
    }
    if (file.problem === null) this.#counts.examined = examinedBefore + before
    else this.#problem ??= file.problem
  }

  async #replayPortion(file: LetterFile, letters: readonly PlacedLetter[]): Promise<void> {
    let waiting = [...Map.groupBy(letters, ({ head }) => head.tag)]
    for (let attempts = 1; waiting.length > 0; attempts++) {
      if (this.#isStopping || file.isGone) return
      const outcomes = await Promise.all(
        waiting.map(([tag, group]) => this.#send(file, tag, group)),
      )
      const groupsWith = (outcome: Outcome) => waiting.filter((_, at) => outcomes[at] === outcome)
      const delivered = groupsWith('delivered').flatMap(([, group]) => group)
      this.#counts.rejected += eventsIn(groupsWith('rejected'))
      if (delivered.length > 0) await this.#options.store.finishReplayed(file, linesOf(delivered))
      this.#counts.delivered += delivered.length
      waiting = groupsWith('retry')
      this.#counts.retried += eventsIn(waiting)
      if (waiting.length > 0) await this.#pause(doublingDelayMs(attempts, PAUSE))
    }
    this.#counts.examined += letters.length
  }

  async #send(file: LetterFile, tag: string, letters: readonly PlacedLetter[]): Promise<Outcome> {
    const { store } = this.#options
    store.expectAgain(letters)
    const entries = new Uint8Array(Buffer.concat(letters.map(({ entry }) => entry)))
    const sent = deliverKept(this.#options.deliver, { tag, entries, count: letters.length })
    const answer = await Promise.race([sent, this.#abandoned.promise])
    if (answer === 'abandoned') {
      void this.#finishLate(sent, file, letters)
      return 'retry'
    }
    const { outcome, isKept } = answer
    // Of these there are newer letters now.
    if (outcome === 'rejected' && isKept) await store.finishReplayed(file, linesOf(letters))
    return outcome
  }

  /** Noted as replayed whenever it is taken; until then the letters are still here. */
  async #finishLate(
    sent: Promise<KeptAnswer>,
    file: LetterFile,
    letters: readonly PlacedLetter[],
  ): Promise<void> {
    const { store, logger } = this.#options
    try {
      if ((await sent).outcome === 'delivered') await store.finishReplayed(file, linesOf(letters))
    } catch (error) {
      logger.error({ error }, 'cannot note which dead letters were replayed: they come again')
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#isStopping) return
    let cancel: Cancel = () => undefined
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
      cancel = this.#options.timers.after(milliseconds, resolve)
    })
    cancel()
  }
}

/** In their order, none larger than is to be on its way at a time, but for a single letter. */
function portions(letters: readonly PlacedLetter[]): PlacedLetter[][] {
  const all: PlacedLetter[][] = []
  let bytes = Infinity
  for (const letter of letters) {
    const current = all.at(-1)
    const isFull = !current || current.length >= EVENTS_MAX || bytes >= BYTES_MAX
    if (isFull) all.push([letter])
    else current.push(letter)
    bytes = (isFull ? 0 : bytes) + letter.entry.length
  }
  return all
}

function eventsIn(groups: readonly (readonly [string, readonly PlacedLetter[]])[]): number {
  return groups.reduce((sum, [, letters]) => sum + letters.length, 0)
}

function linesOf(letters: readonly PlacedLetter[]): number[] {
  return letters.map(({ line }) => line)
}
