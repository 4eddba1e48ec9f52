/**
 * What stands before an output that has a buffer: it takes batches at once, as safe as the store
 * says, and delivers them in their order, as fast as the output can. What the output gives back
 * is tried again with growing pauses; nothing else overtakes it.
 */
import type { Batch, Outcome } from '../batch.ts'
import type { Timers } from '../clock.ts'
import type { Lifecycle, Output } from '../component.ts'
import { untilDeadline } from '../deadline.ts'
import type { Ledger } from '../ledger.ts'
import type { Counts, OutputCounts } from '../ledger-counts.ts'
import type { Logger } from '../logger.ts'
import type { Counter, Gauge, Metrics } from '../metrics.ts'
import { type Sink, tagForLog } from '../sink.ts'
import type { BatchStore, StoredBatch } from './batch-store.ts'

/** What is on its way to the output at a time. */
const IN_HAND = { bytes: 4 * 1024 * 1024, events: 100_000 }
const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 30_000

export interface OutputBufferOptions {
  readonly name: string
  readonly output: Output
  readonly store: BatchStore
  readonly ledger: Ledger
  readonly logger: Logger
  readonly metrics: Metrics
  readonly timers: Timers
  /** From 0 up to 1, for pauses that differ from one collector to the next. */
  readonly random: () => number
}

export class OutputBuffer implements Sink, Lifecycle {
  readonly #options: OutputBufferOptions
  readonly #counts: OutputCounts
  readonly #metrics: BufferMetrics
  /** Of what this process has let in and not delivered, by row of the ledger. */
  readonly #waiting = new Map<Counts, number>()
  /** Sequences below were there before the start. */
  #firstOwn = Infinity
  #isStopping = false
  #running: Promise<void> = Promise.resolve()
  #wake: () => void = () => undefined

  constructor(options: OutputBufferOptions) {
    this.#options = options
    this.#counts = options.ledger.output(options.name)
    this.#metrics = bufferMetrics(options.metrics)
    options.store.onAvailable = () => this.#wake()
  }

  get problem(): string | null {
    const { store, output } = this.#options
    return store.problem ?? output.problem
  }

  async start(): Promise<void> {
    const { output, store } = this.#options
    await output.start()
    await store.start()
    this.#firstOwn = store.nextSequence
    this.#running = this.#run()
  }

  /** What is in hand is delivered or given back; the rest waits for the next start. */
  async stop(deadline: AbortSignal): Promise<void> {
    const { output, store, ledger, logger, name } = this.#options
    this.#isStopping = true
    this.#wake()
    // One that cannot write is not waited for: what it has in hand is in the store as well.
    await output.stop(output.problem === null ? deadline : AbortSignal.abort())
    await untilDeadline(deadline, this.#running)
    await store.stop(deadline)
    for (const [tagCounts, count] of this.#waiting)
      ledger.leaveBuffered(this.#counts, tagCounts, count)
    this.#waiting.clear()
    this.#show()
    const { events, bytes } = store
    if (events > 0) logger.info({ output: name, events, bytes }, 'left in the buffer for later')
  }

  reopen(): void {
    this.#options.output.reopen?.()
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    const { store, ledger } = this.#options
    const { count } = batch
    ledger.send(this.#counts, count)
    this.#hold(tagCounts, count)
    return store.append(batch).then((outcome) => {
      if (outcome !== 'delivered') this.#settle(tagCounts, count, outcome)
      this.#show()
      return outcome
    })
  }

  async #run(): Promise<void> {
    const { store } = this.#options
    while (!this.#isStopping) {
      const available = new Promise<void>((resolve) => (this.#wake = resolve))
      const batches = await store.take(IN_HAND)
      if (this.#isStopping) return
      if (batches.length === 0) await available
      else await this.#deliverAll(batches)
    }
  }

  /** Again from the first that was given back, until all are gone or the buffer is stopped. */
  async #deliverAll(batches: readonly StoredBatch[]): Promise<void> {
    for (const batch of batches) if (batch.sequence < this.#firstOwn) this.#restore(batch)
    let rest = batches
    for (let failures = 0; rest.length > 0; failures++) {
      if (failures > 0) await this.#pause(failures)
      if (this.#isStopping && failures > 0) return
      const outcomes = await Promise.all(rest.map((batch) => this.#offer(batch)))
      for (const [index, outcome] of outcomes.entries())
        if (outcome !== 'retry') this.#finish(rest[index]!, outcome)
      rest = rest.filter((_batch, index) => outcomes[index] === 'retry')
    }
  }

  async #offer({ tag, entries, count }: StoredBatch): Promise<Outcome> {
    const { output, logger, name } = this.#options
    try {
      return await output.deliver({ tag, entries, count })
    } catch (error) {
      const fields = { output: name, tag: tagForLog(tag), events: count, error }
      logger.error(fields, 'BUG: an output failed instead of answering')
      return 'retry'
    }
  }

  #finish(batch: StoredBatch, outcome: Outcome): void {
    const { store, ledger } = this.#options
    this.#settle(ledger.tag(batch.tag), batch.count, outcome)
    store.finish(batch, outcome)
    this.#show()
  }

  #restore({ tag, count }: StoredBatch): void {
    const { ledger } = this.#options
    const tagCounts = ledger.tag(tag)
    ledger.restoreBuffered(this.#counts, tagCounts, count)
    this.#hold(tagCounts, count)
  }

  #hold(tagCounts: Counts, count: number): void {
    this.#waiting.set(tagCounts, (this.#waiting.get(tagCounts) ?? 0) + count)
  }

  #settle(tagCounts: Counts, count: number, outcome: Outcome): void {
    this.#options.ledger.settle(this.#counts, tagCounts, count, outcome)
    this.#hold(tagCounts, -count)
  }

  #show(): void {
    const { bytes, events } = this.#options.store
    this.#metrics.bytes.set(bytes)
    this.#metrics.events.set(events)
  }

  /** Between half and all of a time that doubles. */
  #pause(failures: number): Promise<void> {
    const { timers, random } = this.#options
    this.#metrics.retries.add(1)
    const longest = Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_MAX_MS)
    return new Promise((resolve) => {
      const cancel = timers.after((longest * (1 + random())) / 2, resolve)
      this.#wake = () => {
        if (!this.#isStopping) return
        cancel()
        resolve()
      }
    })
  }
}

interface BufferMetrics {
  readonly bytes: Gauge
  readonly events: Gauge
  readonly retries: Counter
}

function bufferMetrics(metrics: Metrics): BufferMetrics {
  return {
    bytes: metrics.gauge('buffer_bytes', 'Bytes of entries that wait in the buffer.'),
    events: metrics.gauge('buffer_events', 'Events that wait in the buffer.'),
    retries: metrics.counter('buffer_retries_total', 'Times that the output gave batches back.'),
  }
}
