/**
 * Brings what is in a store to an output.
 *
 *     store ─▶ intake ─▶ lanes ─▶ job ─▶ attempt ─▶ output
 *       ▲    (look-ahead) (tags)   ▲ │                 │
 *       │                          │ └── waits ◀── settler ─▶ dead letters
 *       └───── finish ◀─────────── halves, rest        └─────────────┐
 *       └──────────────────────────────────────── finish ◀──────────┘
 *
 * Everything happens in `#pump`, which sends what may be sent: after each answer, when something
 * was taken from the store, and when the one timer says that something is due. A batch is finished
 * once all its events are delivered or safe as dead letters, and not before; what is not finished
 * stays in the store. At least once: an attempt whose answer was not seen is repeated.
 */
import type { BatchStore } from '../buffers/batch-store.ts'
import type { Clock, Timers } from '../clock.ts'
import { untilDeadline } from '../deadline.ts'
import type { Logger } from '../logger.ts'
import type { MemoryAccount } from '../memory-budget.ts'
import { tagForLog } from '../sink.ts'
import { Attempt } from './attempt.ts'
import type { Random } from './backoff.ts'
import { Breaker } from './breaker.ts'
import type { ChunkOutput } from './chunk.ts'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import type { DeadLetterSink } from './dead-letter.ts'
import { Intake } from './intake.ts'
import { Job, type Letter, Parcel } from './parcel.ts'
import type { HeldBatch } from './piece.ts'
import { type Answered, Settler } from './settler.ts'
import type { DeliverySettings } from './settings.ts'
import type { DeliveryObserver, DeliveryState, LastFailure } from './state.ts'
import { judge, type Verdict } from './verdict.ts'
import { WakeTimer } from './wake-timer.ts'

export interface DeliveryParts {
  /** Started already; the engine takes `onAvailable` for itself. */
  readonly store: BatchStore
  readonly output: ChunkOutput
  readonly deadLetters: DeadLetterSink
  readonly settings: DeliverySettings
  readonly observer: DeliveryObserver
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly logger: Logger
  readonly memory?: MemoryAccount
}

/** So long an output may fail, or say nothing, before it is a problem. */
const UNANSWERED_MAX_MS = 10_000

type Sent = Omit<Answered, 'verdict'> & { readonly probe: number }

export class DeliveryEngine {
  readonly #parts: DeliveryParts
  readonly #intake: Intake
  readonly #breaker: Breaker
  readonly #letters: DeadLetterQueue
  readonly #settler: Settler
  readonly #wakeTimer: WakeTimer
  readonly #inFlight = new Set<Attempt>()
  /** Jobs between two attempts. No more than the look-ahead has batches; mostly a few. */
  readonly #waiting = new Set<Job>()
  readonly #idle = Promise.withResolvers<void>()
  #lastFailure: LastFailure | null = null
  /** Monotonic; when the first attempt was sent after the last that went well, or null. */
  #tryingSinceMs: number | null = null
  #isStopping = false
  #stopped: Promise<void> | null = null

  constructor(parts: DeliveryParts) {
    const { settings, clock, timers, random, logger } = parts
    this.#parts = parts
    this.#breaker = new Breaker(settings.breakerFailures, settings.backoff, random)
    this.#wakeTimer = new WakeTimer({ clock, timers, onWake: () => this.#pump() })
    this.#intake = new Intake({
      ...parts,
      onTaken: () => {
        this.#checkIdle()
        this.#pump()
      },
      onBatch: (stored) => parts.observer.taken(stored),
      onFinished: (held) => this.#finished(held),
      onClosedEarly: () => parts.observer.closedEarly(),
    })
    this.#settler = new Settler({
      ...parts,
      onDelivered: ({ held, count }) =>
        this.#intake.settle(held, { delivered: count, rejected: 0 }),
      onRetried: ({ tag, count }) => parts.observer.retried(tag, count),
      onDead: (letters) => this.#bury(letters),
    })
    this.#letters = new DeadLetterQueue({
      ...{ sink: parts.deadLetters, backoff: settings.backoff, timers, random, logger },
      onKept: (letters) => this.#kept(letters),
      onIdle: () => this.#checkIdle(),
    })
  }

  /** Why the output does not get what it should, or null; for /readyz. */
  get problem(): string | null {
    const nowMs = this.#parts.clock.monotonic()
    const overdueMs = this.#overdueMs(nowMs)
    // With nothing left to send nothing is wrong, whatever became of what there was.
    const isNeeded = this.#inFlight.size + this.#waiting.size + this.#parts.store.events > 0
    const isFailing = (isNeeded && this.#breaker.state(nowMs) !== 'closed') || overdueMs > 0
    if (isFailing && this.#lastFailure) return this.#lastFailure.reason
    if (overdueMs > 0) return `no answer for ${Math.round(overdueMs / 1000)} s`
    return this.#letters.problem
  }

  /** How long nothing went well of what is being sent, once that is long; else 0. */
  #overdueMs(nowMs: number): number {
    const isTrying = this.#inFlight.size > 0 || this.#waiting.size > 0
    if (this.#tryingSinceMs === null || !isTrying) return 0
    const trying = nowMs - this.#tryingSinceMs
    return trying < UNANSWERED_MAX_MS ? 0 : trying
  }

  get state(): DeliveryState {
    const { clock } = this.#parts
    const nowMs = clock.monotonic()
    const dueAtMs = this.#nextTryAtMs(nowMs)
    const attempts = [...this.#waiting].map((job) => job.next?.attempts ?? 0)
    return {
      chunksInFlight: this.#inFlight.size,
      chunksWaiting: this.#waiting.size,
      heldEvents: this.#intake.events,
      heldBytes: this.heldBytes,
      keysOpen: this.keysOpen,
      breaker: this.#breaker.state(nowMs),
      failures: this.#breaker.failures,
      attempts: Math.max(0, ...attempts),
      nextTryAt: dueAtMs === Infinity ? null : clock.now() + Math.max(0, dueAtMs - nowMs),
      lastFailure: this.#lastFailure,
      deadLettersWaiting: this.#letters.events,
      deadLetterProblem: this.#letters.problem,
    }
  }

  /** Of entries: taken from the store and not settled. */
  get heldBytes(): number {
    return this.#intake.bytes
  }

  get keysOpen(): number {
    return this.#intake.lanes.open
  }

  start(): void {
    this.#intake.start()
  }

  /**
   * Sends nothing new, and settles once what is on its way is answered and the store has ended a
   * `take`, at the deadline at the latest. What is not finished stays in the store. Idempotent.
   */
  stop(deadline: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop(deadline)
    return this.#stopped
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true
    this.#intake.stop()
    this.#wakeTimer.clear()
    this.#letters.stop()
    this.#checkIdle()
    await untilDeadline(deadline, this.#idle.promise)
    for (const attempt of this.#inFlight) attempt.abandon()
    this.#inFlight.clear()
    this.#letters.abandon()
    this.#intake.close()
  }

  #pump(): void {
    if (this.#isStopping) return
    const nowMs = this.#parts.clock.monotonic()
    while (this.#maySend(nowMs)) {
      const job = this.#nextJob(nowMs)
      if (!job) break
      this.#send(job, nowMs)
    }
    this.#intake.refill()
    this.#wakeTimer.set(Math.min(this.#nextTryAtMs(nowMs), this.#intake.askAgainAtMs))
  }

  #maySend(nowMs: number): boolean {
    if (this.#inFlight.size >= this.#parts.settings.concurrency) return false
    return this.#breaker.freeAtMs <= nowMs
  }

  /** When the next chunk can go, if no answer comes before. */
  #nextTryAtMs(nowMs: number): number {
    if (this.#inFlight.size >= this.#parts.settings.concurrency) return Infinity
    const dueAtMs = Math.min(this.#retryJob()?.readyAtMs ?? Infinity, this.#newJobDueAtMs(nowMs))
    return Math.max(dueAtMs, this.#breaker.freeAtMs)
  }

  #newJobDueAtMs(nowMs: number): number {
    const { chunk, gatherMs } = this.#parts.settings
    const { lanes, mustMakeRoom } = this.#intake
    if (mustMakeRoom || lanes.fills(chunk)) return nowMs
    return this.#inFlight.size === 0 ? lanes.dueAtMs : lanes.dueAtMs + gatherMs
  }

  /**
   * What was tried already comes first. But a probe asks whether the output works, and what has
   * failed often is the worst to ask with: chunks that fail for ever would keep all others back.
   */
  #nextJob(nowMs: number): Job | null {
    const isProbe = this.#breaker.state(nowMs) !== 'closed'
    if (isProbe) return this.#newJob(nowMs) ?? this.#takeWaiting(this.#probeJob(nowMs), nowMs)
    return this.#takeWaiting(this.#retryJob(), nowMs) ?? this.#newJob(nowMs)
  }

  #takeWaiting(job: Job | null, nowMs: number): Job | null {
    if (!job || job.readyAtMs > nowMs) return null
    this.#waiting.delete(job)
    return job
  }

  #newJob(nowMs: number): Job | null {
    if (this.#newJobDueAtMs(nowMs) > nowMs) return null
    const pieces = this.#intake.lanes.take(this.#parts.settings.chunk, nowMs)
    return pieces.length === 0 ? null : new Job(new Parcel(pieces))
  }

  #retryJob(): Job | null {
    let first: Job | null = null
    for (const job of this.#waiting) if (!first || job.readyAtMs < first.readyAtMs) first = job
    return first
  }

  /** Of those that may go, the one that has failed least. */
  #probeJob(nowMs: number): Job | null {
    let best: Job | null = null
    for (const job of this.#waiting)
      if (job.readyAtMs <= nowMs && (!best || job.failures < best.failures)) best = job
    return best
  }

  #send(job: Job, sentAtMs: number): void {
    const { output, settings, timers, clock } = this.#parts
    const parcel = job.next!
    this.#tryingSinceMs ??= sentAtMs
    const sent = { job, parcel, sentAt: clock.now(), sentAtMs, probe: this.#breaker.send() }
    const attempt = new Attempt({
      chunk: parcel,
      timeoutMs: settings.timeoutMs,
      onAnswer: (attempt, answer) => this.#answered(attempt, sent, answer),
    })
    this.#inFlight.add(attempt)
    attempt.start(output, timers)
  }

  #answered(attempt: Attempt, sent: Sent, answer: unknown): void {
    const { job } = sent
    this.#inFlight.delete(attempt)
    const verdict = judge(answer, sent.parcel)
    if (verdict.kind === 'failed') this.#fail(verdict, sent.probe)
    else this.#succeed()
    this.#settler.settle({ ...sent, verdict })
    for (const lane of job.dropLanes()) this.#intake.lanes.release(lane)
    if (job.parcels.length > 0) this.#waiting.add(job)
    this.#checkIdle()
    this.#pump()
  }

  #fail(verdict: Extract<Verdict, { kind: 'failed' }>, probe: number): void {
    const { clock, logger } = this.#parts
    const { reason, afterMs, countsForGiveUp } = verdict
    const nowMs = clock.monotonic()
    const isKnown = this.#lastFailure?.reason === reason
    this.#lastFailure = { reason, at: clock.now() }
    if (afterMs > 0) this.#breaker.keepQuiet(nowMs + afterMs)
    const hasOpened = this.#breaker.fail(nowMs, probe)
    const fields = { reason, failures: this.#breaker.failures }
    // An alarm is for somebody to act on: one is enough until something changes.
    if (!countsForGiveUp && !isKnown)
      logger.error(fields, 'an output holds its events until somebody sets it right')
    else if (hasOpened && countsForGiveUp)
      logger.warn(fields, 'an output keeps failing: sending pauses, then one try')
    else logger.debug(fields, 'an attempt to deliver failed: it is tried again')
  }

  #succeed(): void {
    const wasOpen = this.#breaker.state(-Infinity) !== 'closed'
    this.#breaker.succeed()
    this.#lastFailure = null
    this.#tryingSinceMs = this.#inFlight.size > 0 ? this.#parts.clock.monotonic() : null
    if (wasOpen) this.#parts.logger.info({}, 'an output works again')
  }

  #bury(letters: readonly Letter[]): void {
    const message =
      'an output did not get some events: they go to the dead letters, or where its secondary or ' +
      'on_error says'
    for (const { tag, count, cause, reason, attempts } of letters)
      this.#parts.logger.warn(
        { tag: tagForLog(tag), events: count, cause, reason, attempts },
        message,
      )
    this.#letters.add(letters)
  }

  #kept(letters: readonly Letter[]): void {
    for (const { piece } of letters)
      this.#intake.settle(piece.held, { delivered: 0, rejected: piece.count })
    this.#pump()
  }

  #finished({ stored, delivered, rejected }: HeldBatch): void {
    this.#parts.observer.finished(stored, { delivered, rejected })
  }

  #checkIdle(): void {
    if (!this.#isStopping || this.#inFlight.size > 0) return
    if (this.#letters.isWriting || this.#intake.isTaking) return
    this.#idle.resolve()
  }
}
