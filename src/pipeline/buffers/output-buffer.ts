/**
 * What stands before an output that has a buffer: it takes batches as safe as the store says, and
 * the delivery engine (../delivery/engine.ts) brings them to the output.
 */
import type { Batch, Outcome, ShedFate } from '../batch.ts'
import type { Cancel, Clock, Timers } from '../clock.ts'
import type { ChunkedOutput, Lifecycle, Output } from '../component.ts'
import type { ChunkOutput } from '../delivery/chunk.ts'
import type { DeadLetterSink } from '../delivery/dead-letter.ts'
import { DeliveryEngine } from '../delivery/engine.ts'
import { PlainOutput } from '../delivery/plain-output.ts'
import type { DeliverySettings } from '../delivery/settings.ts'
import type { DeliveryObserver, DeliveryState } from '../delivery/state.ts'
import type { Ledger } from '../ledger.ts'
import type { Counts } from '../ledger-counts.ts'
import type { Logger } from '../logger.ts'
import { LossReport } from '../loss-report.ts'
import type { MemoryAccount } from '../memory-budget.ts'
import type { Metrics } from '../metrics.ts'
import type { Sink } from '../sink.ts'
import type { BatchStore, Damage, Leftover, StoredBatch } from './batch-store.ts'
import { BufferAccount } from './buffer-account.ts'
import { BufferMetrics } from './buffer-metrics.ts'
import { Overflow, type WhenFull } from './overflow.ts'

/** A stop waits so long for what is on its way: it is in the buffer as well. */
const STOP_GRACE_MS = 3000
/** Of `maxBytes`; more makes the collector not ready. */
const NEARLY_FULL = 0.9
const OVERFLOW = 'threw events away: the buffer is full, and when_full says so'
const NONE: Leftover = { bytes: 0, events: 0 }

export interface OutputBufferOptions {
  readonly name: string
  readonly output: Output | ChunkedOutput
  readonly store: BatchStore
  /** What of it `maxBytes` bounds; all of it, if absent. */
  readonly bounded?: BatchStore
  readonly maxBytes: number
  readonly whenFull: WhenFull
  readonly settings: DeliverySettings
  readonly deadLetters: DeadLetterSink
  readonly ledger: Ledger
  readonly logger: Logger
  readonly metrics: Metrics
  readonly memory?: MemoryAccount
  readonly clock: Clock
  readonly timers: Timers
  /** From 0 up to 1, for pauses that differ from one collector to the next. */
  readonly random: () => number
}

/** What /api/buffers shows. */
export interface BufferState extends DeliveryState {
  readonly bytes: number
  readonly events: number
  /** Of those, what an earlier buffer on disk has left. */
  readonly leftover: Leftover
  readonly maxBytes: number
  /** Milliseconds since 1970, or null if nothing waits. */
  readonly oldestAt: number | null
  /** Events given back by the output and sent again, since the start. */
  readonly retries: number
  /** Events lost to damage of the buffer's files, as far as known, since the start. */
  readonly damaged: number
  /** Bytes of its files that are damaged and had events whose number is not known. */
  readonly damagedBytes: number
}

export class OutputBuffer implements Sink, Lifecycle, DeliveryObserver {
  readonly #options: OutputBufferOptions
  readonly #account: BufferAccount
  readonly #metrics: BufferMetrics
  readonly #engine: DeliveryEngine
  readonly #overflow: Overflow
  readonly #lossReport: LossReport
  /** Entries of batches of which there are dead letters now, if their senders wait for that. */
  readonly #kept = new WeakSet<Uint8Array>()
  /** By the entries of batches whose senders wait, and may keep them when they are thrown away. */
  readonly #onShed = new WeakMap<Uint8Array, NonNullable<Batch['onShed']>>()
  /** Sequences below were there before the start. */
  #firstOwn = Infinity
  #cancelHandBack: Cancel = () => undefined

  constructor(options: OutputBufferOptions) {
    const { output, ledger, name, store, maxBytes, whenFull } = options
    this.#options = options
    this.#account = new BufferAccount(ledger, name)
    this.#metrics = new BufferMetrics(options.metrics)
    this.#lossReport = new LossReport(options, OVERFLOW)
    const chunked = isChunked(output) ? output : new PlainOutput(output)
    this.#engine = new DeliveryEngine({ ...options, output: chunked, observer: this })
    const onDropped = (batch: StoredBatch) => this.#dropStored(batch)
    const heldBytes = () => this.#engine.heldBytes
    const bounds = { maxBytes, whenFull, heldBytes, onDropped }
    this.#overflow = new Overflow({ store: this.#bounded, ...bounds })
    store.onDamaged = (damage, below) => this.#loseDamaged(damage, below)
  }

  get problem(): string | null {
    const { store } = this.#options
    return store.problem ?? this.#problemOfOutput ?? this.#fullness()
  }

  get state(): BufferState {
    const { store, maxBytes } = this.#options
    const { bytes, events, oldestAt, leftover = NONE } = store
    const { retries, damaged, damagedBytes } = this.#metrics
    const waiting = { bytes, events, leftover, maxBytes, oldestAt }
    return { ...waiting, retries, damaged, damagedBytes, ...this.#engine.state }
  }

  /** Whether it has something that is there after a restart. */
  get isOnDisk(): boolean {
    const { isDurable, leftover = NONE } = this.#options.store
    return isDurable || leftover.events > 0
  }

  /** Events that only memory has, and their senders: given back by a stop. */
  get inMemory(): number {
    return this.#options.store.isDurable ? 0 : this.#bounded.events
  }

  /** Whether the output has failed and has not delivered since. */
  get isFailing(): boolean {
    return this.#problemOfOutput !== null || this.#engine.state.lastFailure !== null
  }

  get #bounded(): BatchStore {
    return this.#options.bounded ?? this.#options.store
  }

  async start(): Promise<void> {
    const { output, store } = this.#options
    await output.start()
    await store.start()
    this.#firstOwn = store.nextSequence
    this.#engine.start()
    this.#show()
  }

  /**
   * Before a stop, while inputs still wait for answers: senders of what an output cannot take keep
   * it, if the buffer is in memory, and are told so; at once if the output fails, else in a while.
   */
  prepareStop(): void {
    const { store, timers } = this.#options
    if (store.isDurable) return
    if (this.isFailing) this.#handBack()
    else this.#cancelHandBack = timers.after(STOP_GRACE_MS, () => this.#handBack())
  }

  #handBack(): void {
    const over = AbortSignal.abort()
    void this.#engine.stop(over).then(() => this.#options.store.stop(over))
  }

  /** What is on its way is waited for, a while; the rest waits for the next start. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#cancelHandBack()
    try {
      await this.#stopDelivering(deadline)
    } finally {
      await this.#overflow.stop()
      this.#lossReport.stop()
      await this.#options.store.stop(deadline)
      this.#leaveRest()
    }
  }

  async #stopDelivering(deadline: AbortSignal): Promise<void> {
    const { output, timers } = this.#options
    const grace = new AbortController()
    const cancel = timers.after(STOP_GRACE_MS, () => grace.abort())
    // One that cannot write is not waited for: what it has in hand is in the store as well.
    if (this.#problemOfOutput !== null) grace.abort()
    const soon = AbortSignal.any([deadline, grace.signal])
    const stopped = this.#engine.stop(soon)
    // A plain output knows no signal but this: what it has in hand is written or given back.
    if (!isChunked(output)) await output.stop(soon)
    await stopped
    if (isChunked(output)) await output.stop(soon)
    cancel()
  }

  reopen(): void {
    const { output } = this.#options
    if (!isChunked(output)) output.reopen?.()
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    const { store } = this.#options
    const { count } = batch
    this.#account.letIn(tagCounts, count)
    if (!this.#overflow.admits(batch)) {
      this.#overflowed(tagCounts, count, batch.onShed)
      return Promise.resolve('rejected')
    }
    if (batch.onShed && !store.isDurable) this.#onShed.set(batch.entries, batch.onShed)
    return store.append(batch).then((outcome) => {
      this.#overflow.appended(batch)
      // What was taken is settled when it is finished.
      if (outcome === 'retry') this.#account.settle(tagCounts, count, outcome)
      if (outcome === 'rejected' && this.#kept.has(batch.entries)) batch.onKept?.()
      this.#show()
      return outcome
    })
  }

  taken({ sequence, tag, count }: StoredBatch): void {
    if (sequence < this.#firstOwn) this.#account.takeUp(this.#account.tag(tag), count)
  }

  finished({ tag, entries }: StoredBatch, settled: { delivered: number; rejected: number }): void {
    const { delivered, rejected } = settled
    const tagCounts = this.#account.tag(tag)
    if (delivered > 0) this.#account.settle(tagCounts, delivered, 'delivered')
    if (rejected > 0) this.#account.settle(tagCounts, rejected, 'rejected')
    if (rejected > 0 && !this.#options.store.isDurable) this.#kept.add(entries)
    this.#show()
  }

  retried(_tag: string, events: number): void {
    this.#metrics.retried(events)
  }

  closedEarly(): void {
    this.#metrics.closedEarly()
  }

  get #problemOfOutput(): string | null {
    return this.#engine.problem ?? this.#options.output.problem
  }

  #dropStored(batch: StoredBatch): void {
    this.taken(batch)
    const tagCounts = this.#account.tag(batch.tag)
    this.#overflowed(tagCounts, batch.count, this.#onShed.get(batch.entries))
  }

  #overflowed(tagCounts: Counts, count: number, onShed: Batch['onShed']): void {
    const settle = (fate: ShedFate) => {
      if (fate !== 'dropped') return this.#account.settle(tagCounts, count, fate)
      this.#account.shed(tagCounts, count, 'buffer_full')
      this.#metrics.dropped(count)
      this.#lossReport.add('events', count)
    }
    if (onShed) onShed(settle)
    else settle('dropped')
  }

  /** Which tags they had nobody can tell any more. */
  #loseDamaged(damage: Damage, below: number): void {
    this.#metrics.lostToDamage(damage)
    this.#account.damage(damage.bytes)
    const { events } = damage
    if (Number.isNaN(events)) return
    if (below <= this.#firstOwn) this.#account.shedFound(events, 'buffer_damaged')
    else this.#account.shedAny(events, 'buffer_damaged')
    this.#show()
  }

  #fullness(): string | null {
    const share = this.#bounded.bytes / this.#options.maxBytes
    return share < NEARLY_FULL ? null : `its buffer is full to ${Math.round(share * 100)} %`
  }

  #leaveRest(): void {
    const { store, logger } = this.#options
    const lost = this.#loseRemoved()
    this.#account.leaveRest()
    this.#show()
    const { bytes } = store
    const events = store.events - lost
    if (events > 0) logger.info({ events, bytes }, 'left in the buffer for later')
  }

  /** What was in files that are gone; all there is where that is not known. Gives how many. */
  #loseRemoved(): number {
    const { store, logger } = this.#options
    const { lostEvents, events } = store
    const lost = Math.min(Number.isNaN(lostEvents) ? events : lostEvents, events)
    if (lost === 0) return 0
    this.#account.shedAny(lost, 'buffer_removed')
    this.#metrics.dropped(lost)
    const message = 'lost what waited in buffer files that were removed and cannot be put back'
    logger.error({ events: lost }, message)
    return lost
  }

  #show(): void {
    this.#metrics.show(this.#options.store, this.#engine.keysOpen)
  }
}

function isChunked(output: Output | ChunkedOutput): output is ChunkedOutput & ChunkOutput {
  return 'deliverChunk' in output
}
