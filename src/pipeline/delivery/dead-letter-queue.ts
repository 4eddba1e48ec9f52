/**
 * Letters on their way to the sink, one call of it at a time. Nothing counts as kept until the sink
 * says so: if it fails, the same letters are tried again after a while, however long that takes.
 * What waits here is part of the engine's look-ahead, which bounds it.
 */
import type { Cancel, Timers } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { nextDelayMs, type Random } from './backoff.ts'
import type { DeadLetterSink } from './dead-letter.ts'
import type { Letter } from './parcel.ts'
import type { BackoffSettings } from './settings.ts'
import { reasonOf } from './verdict.ts'

export interface DeadLetterQueueOptions {
  readonly sink: DeadLetterSink
  readonly backoff: BackoffSettings
  readonly timers: Timers
  readonly random: Random
  readonly logger: Logger
  /** The letters are safe. */
  readonly onKept: (letters: readonly Letter[]) => void
  /** Called whenever nothing is being written any more. */
  readonly onIdle: () => void
}

export class DeadLetterQueue {
  readonly #options: DeadLetterQueueOptions
  #waiting: Letter[] = []
  #writing: readonly Letter[] = []
  #isWriting = false
  #isStopping = false
  #isAbandoned = false
  #problem: string | null = null
  #delayMs = 0
  #cancelRetry: Cancel | null = null

  constructor(options: DeadLetterQueueOptions) {
    this.#options = options
  }

  /** Why letters cannot be kept at the moment, or null. */
  get problem(): string | null {
    return this.#problem
  }

  /** Not kept yet. */
  get events(): number {
    return countOf(this.#waiting) + countOf(this.#writing)
  }

  get isWriting(): boolean {
    return this.#isWriting
  }

  add(letters: readonly Letter[]): void {
    for (const letter of letters) this.#waiting.push(letter)
    if (!this.#isWriting && this.#cancelRetry === null && letters.length > 0) void this.#write()
  }

  /** Does not try again what fails from now on; what is being written goes on. */
  stop(): void {
    this.#isStopping = true
    this.#cancelRetry?.()
    this.#cancelRetry = null
  }

  /** Whatever the sink says from now on changes nothing. */
  abandon(): void {
    this.#isAbandoned = true
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const letters = this.#waiting
      this.#waiting = []
      this.#writing = letters
      const isKept = await this.#tryToKeep(letters)
      if (this.#isAbandoned) return
      this.#writing = []
      if (!isKept) {
        this.#waiting = letters.concat(this.#waiting)
        break
      }
      this.#options.onKept(letters)
    }
    this.#isWriting = false
    if (this.#waiting.length > 0 && !this.#isStopping) this.#tryLater()
    this.#options.onIdle()
  }

  async #tryToKeep(letters: readonly Letter[]): Promise<boolean> {
    try {
      await this.#options.sink.add(letters)
      this.#problem = null
      this.#delayMs = 0
      return true
    } catch (error) {
      this.#problem = `cannot keep dead letters: ${reasonOf(error)}`
      this.#options.logger.error({ error }, 'cannot keep dead letters: their events wait')
      return false
    }
  }

  #tryLater(): void {
    const { timers, backoff, random } = this.#options
    this.#delayMs = nextDelayMs(this.#delayMs, backoff, random)
    this.#cancelRetry = timers.after(this.#delayMs, () => {
      this.#cancelRetry = null
      void this.#write()
    })
  }
}

function countOf(letters: readonly Letter[]): number {
  let events = 0
  for (const { count } of letters) events += count
  return events
}
