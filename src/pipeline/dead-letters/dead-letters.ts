/** The dead letters as those who run the collector deal with them: look, replay, drop. */
import type { Batch, Outcome } from '../batch.ts'
import type { Clock, Timers } from '../clock.ts'
import { untilDeadline } from '../deadline.ts'
import type { Logger } from '../logger.ts'
import { Replay, type ReplayState } from './replay.ts'
import type { Selection } from './selection.ts'
import type { DeadLetterStore, KeptLetters } from './store.ts'

export interface DeadLettersOptions {
  readonly store: DeadLetterStore
  /** Sends a batch to that output, or the way of its tag. Settles like `InputContext.deliver`. */
  readonly deliver: (batch: Batch, to: string | undefined) => Promise<Outcome>
  readonly clock: Pick<Clock, 'now'>
  readonly timers: Timers
  readonly logger: Logger
}

export interface DeadLettersView {
  kept(): Promise<KeptLetters>
  /** The one that runs, or the last one. */
  readonly replay: ReplayState | null
  /** Begins; undefined if one runs already, or the collector stops. */
  startReplay(selection: Selection, to: string | undefined): ReplayState | undefined
  /** Undefined if none runs. */
  stopReplay(): ReplayState | undefined
  /** How many were dropped; undefined while a replay runs. Rejects if it cannot be written down. */
  drop(selection: Selection): Promise<number | undefined>
  /** The same for lines that are damaged, which nothing else selects. */
  dropDamaged(): Promise<number | undefined>
}

/** An output that is away gives back what it has when it is stopped. */
const STOP_GRACE_MS = 1000

export class DeadLetters implements DeadLettersView {
  readonly #options: DeadLettersOptions
  #replay: Replay | null = null
  #ended: Promise<void> = Promise.resolve()
  #isStopping = false

  constructor(options: DeadLettersOptions) {
    this.#options = options
  }

  kept(): Promise<KeptLetters> {
    return this.#options.store.kept()
  }

  get replay(): ReplayState | null {
    return this.#replay?.state ?? null
  }

  startReplay(selection: Selection, to: string | undefined): ReplayState | undefined {
    if (this.#isReplaying || this.#isStopping) return undefined
    const { deliver } = this.#options
    this.#replay = new Replay({
      ...this.#options,
      selection,
      to,
      deliver: (batch) => deliver(batch, to),
    })
    this.#ended = this.#replay.run()
    return this.#replay.state
  }

  stopReplay(): ReplayState | undefined {
    if (!this.#isReplaying) return undefined
    this.#replay?.stop()
    return this.#replay?.state
  }

  drop(selection: Selection): Promise<number | undefined> {
    if (this.#isReplaying) return Promise.resolve(undefined)
    return this.#options.store.drop(selection)
  }

  dropDamaged(): Promise<number | undefined> {
    if (this.#isReplaying) return Promise.resolve(undefined)
    return this.#options.store.dropDamaged()
  }

  /** Sends nothing more. Before the outputs; what is on its way is waited for, a moment. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true
    this.#replay?.stop()
    const grace = new AbortController()
    const cancel = this.#options.timers.after(STOP_GRACE_MS, () => grace.abort())
    await untilDeadline(AbortSignal.any([deadline, grace.signal]), this.#ended)
    cancel()
  }

  /** After the outputs, which have taken or given back what was on its way. */
  async close(deadline: AbortSignal): Promise<void> {
    await untilDeadline(deadline, this.#ended)
    await this.#options.store.stop()
  }

  get #isReplaying(): boolean {
    return this.#replay !== null && this.#replay.state.endedAt === null
  }
}
