/**
 * Takes parts out of batches and puts joined lines where the last part was.
 *
 * A part that has to wait is acknowledged at once: with `fluentd-request-ack` Docker sends the next
 * one only then. So it is written to a journal before, and read again at start. When the output
 * does not take a joined line, the parts of earlier batches are held again, and the sender repeats
 * the batch that completed it.
 *
 * A line that is not completed is passed on as far as it has come: after `timeout`; when its
 * connection closes or the collector stops, if nothing more of it can come (it has its last part,
 * or is the end of a stream without a newline); and when memory is short. At a stop the others
 * stay in the journal, for the rest comes after it.
 */
import { join } from 'node:path'
import { ByteWriter } from '../../../../codecs/byte-writer.ts'
import type { Batch, Outcome } from '../../../batch.ts'
import type { Cancel } from '../../../clock.ts'
import type { Filter, FilterContext, Filtered } from '../../../component.ts'
import { untilDeadline } from '../../../deadline.ts'
import { BatchWork } from './batch-work.ts'
import { Journal } from './journal.ts'
import { encodeRelease } from './journal-record.ts'
import { KeptLines, linesFrom, payloadsOf } from './kept-lines.ts'
import { Line, type LineName, type Part } from './line.ts'
import type { Head } from './head.ts'
import { type Cause, JoinMetrics } from './metrics.ts'
import { OpenLines } from './open-lines.ts'

export interface LineJoinerOptions {
  /** The field with the texts that are joined. */
  readonly field: string
  readonly timeoutMs: number
  readonly joinedMaxBytes: number
  readonly memoryMaxBytes: number
  readonly fsync: boolean
}

/** What a sorter does with lines that are not complete. */
export interface Lines {
  readonly open: OpenLines
  openLine(name: Omit<LineName, 'id'>): Line
  /** Adds a part whose entry has been taken out; if it completes the line, that is put there. */
  add(line: Line, part: Part, head: Head, work: BatchWork): void
  /** Puts a line, which is complete now, in front of the entry that starts at `start`. */
  joinBefore(start: number, line: Line, work: BatchWork): void
}

/** Knows which entries are parts, and of what; one kind for each filter that joins. */
export interface Sorter {
  /** False if a batch has no part and completes nothing: it passes as it is. */
  concerns(batch: Batch, open: OpenLines): boolean
  /** Takes parts out of the batch. */
  sort(work: BatchWork, lines: Lines): void
}

/** After a restart senders connect again with pauses of seconds between their attempts. */
const RESTORED_TIMEOUT_MS = 30_000

export class LineJoiner implements Filter, Lines {
  readonly #options: LineJoinerOptions
  readonly #context: FilterContext
  readonly #sorter: Sorter
  readonly open = new OpenLines()
  readonly #kept = new KeptLines()
  readonly #journal: Journal
  /** Lines passed on through `emit` that have not settled. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #metrics: JoinMetrics
  #lastId = 0
  #cancelTimer: Cancel | undefined
  #timerAt = Infinity
  #isStopping = false

  constructor(options: LineJoinerOptions, sorter: Sorter, context: FilterContext) {
    this.#options = options
    this.#sorter = sorter
    this.#context = context
    this.#metrics = new JoinMetrics(context.metrics, context.memory)
    const { dataDir, timers, logger } = context
    const path = join(dataDir, 'parts.journal')
    this.#journal = new Journal({ path, fsync: options.fsync, held: this.#kept, timers, logger })
  }

  /** While it is not null, senders of parts wait. */
  get problem(): string | null {
    return this.#journal.problem
  }

  async start(): Promise<void> {
    const lines = linesFrom(await this.#journal.open(), this.#options)
    for (const line of lines) this.#restore(line)
    if (lines.length > 0) {
      this.#context.logger.info({ lines: lines.length }, 'waiting for the rest of held lines')
    }
  }

  /** Idempotent; lines that it leaves in the journal are read at the next start. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true
    this.#cancelTimer?.()
    await this.#journal.drain(deadline)
    for (const line of this.open.values()) {
      if (line.isEndOfStream && line.unwritten === 0) void this.#passOn(line, 'stop')
    }
    await untilDeadline(deadline, Promise.all(this.#leaving))
    await this.#journal.drain(deadline)
    await this.#journal.close(deadline)
    this.#context.memory.close()
    const lines = this.open.values().filter((line) => line.unwritten === 0).length
    if (lines > 0) this.#context.logger.info({ lines }, 'incomplete lines are kept for later')
  }

  process(batch: Batch): Batch | Filtered | Promise<Filtered> {
    if (!this.#sorter.concerns(batch, this.open)) return batch
    const work = new BatchWork(batch)
    this.#sorter.sort(work, this)
    return work.isUntouched ? batch : this.#answer(work)
  }

  closed(origin: object): void {
    for (const line of this.open.values()) {
      if (line.origin !== origin || !line.isEndOfStream) continue
      line.isClosed = true
      if (line.unwritten === 0) void this.#passOn(line, 'closed')
    }
  }

  async flush(): Promise<void> {
    for (const line of this.open.values())
      if (line.unwritten === 0) void this.#passOn(line, 'reload')
    await Promise.all(this.#leaving)
  }

  openLine(name: Omit<LineName, 'id'>): Line {
    const line = new Line({ id: ++this.#lastId, ...name }, this.#options)
    this.#metrics.hold(line.memoryBytes)
    this.open.add(line)
    return line
  }

  add(line: Line, part: Part, head: Head, work: BatchWork): void {
    const before = line.memoryBytes
    const kept = line.add(part, head)
    this.#metrics.hold(line.memoryBytes - before)
    line.origin = work.batch.origin
    if (!line.isComplete) return work.wait(line, kept)
    this.#close(line)
    work.join(line)
  }

  joinBefore(start: number, line: Line, work: BatchWork): void {
    this.#close(line)
    work.joinBefore(start, line)
  }

  #close(line: Line): void {
    this.open.remove(line)
    this.#metrics.joined.add(1)
    if (line.isTruncated) this.#metrics.truncated.add(1)
  }

  #answer(work: BatchWork): Filtered | Promise<Filtered> {
    const { released, waitingEvents: held } = work
    const settled = (outcome: Outcome) => this.#settleJoined(work, outcome)
    const filtered: Filtered = { batch: work.rest(), held, released, settled }
    if (held === 0) return filtered
    for (const [line, parts] of work.waiting) {
      line.heldEvents += parts.length
      line.isClosed = false
      this.open.touch(line)
      this.#expireIn(line, this.#options.timeoutMs)
    }
    const freed = this.#freeMemory(work)
    return this.#write(work, freed).then(() => filtered)
  }

  async #write(work: BatchWork, freed: Promise<unknown>): Promise<void> {
    const payloads: Uint8Array[] = []
    for (const [line, parts] of work.waiting) {
      this.#kept.add(line)
      line.unwritten++
      payloads.push(...payloadsOf(line, parts))
    }
    try {
      await this.#journal.append(payloads)
    } catch (error) {
      this.#takeBack(work)
      throw error
    }
    for (const line of work.waiting.keys()) {
      line.unwritten--
      if (line.isClosed && line.unwritten === 0) void this.#passOn(line, 'closed')
    }
    await freed
  }

  /** Its batch goes back to the sender, so nothing of it is held. */
  #takeBack(work: BatchWork): void {
    for (const [line, parts] of work.waiting) {
      line.unwritten--
      line.heldEvents -= parts.length
      this.#removeCall(line, work.call)
      if (line.partCount > 0 || !this.open.remove(line)) continue
      this.#settle(line, 'retry')
    }
    this.#settleJoined(work, 'retry')
  }

  /** Passes on the lines that have waited longest; settles when they have gone. */
  #freeMemory(work: BatchWork): Promise<unknown> {
    const leaving: Promise<void>[] = []
    let bytes = this.#metrics.heldBytes
    if (bytes <= this.#options.memoryMaxBytes) return Promise.resolve()
    for (const line of this.open.values()) {
      if (bytes <= this.#options.memoryMaxBytes) break
      if (line.unwritten > 0 || work.waiting.has(line)) continue
      bytes -= line.memoryBytes
      leaving.push(this.#passOn(line, 'memory'))
    }
    const fields = { lines: leaving.length }
    if (leaving.length > 0) this.#context.logger.warn(fields, 'memory_max reached: lines cut short')
    return Promise.all(leaving)
  }

  /** Sends an incomplete line on its way. */
  async #passOn(line: Line, cause: Cause): Promise<void> {
    if (!this.open.remove(line)) return
    this.#metrics.incomplete[cause].add(1)
    const writer = new ByteWriter(line.memoryBytes)
    line.write(writer)
    const batch = { tag: line.name.tag, entries: writer.written(), count: 1 }
    const leaving = this.#context
      .emit(batch, line.heldEvents)
      .then((outcome) => this.#settle(line, outcome))
    this.#leaving.add(leaving)
    await leaving
    this.#leaving.delete(leaving)
  }

  #settleJoined(work: BatchWork, outcome: Outcome): void {
    for (const line of work.joined) {
      if (outcome === 'retry') this.#removeCall(line, work.call)
      this.#settle(line, outcome)
    }
  }

  #removeCall(line: Line, call: number): void {
    const before = line.memoryBytes
    line.removeCall(call)
    this.#metrics.hold(line.memoryBytes - before)
  }

  #settle(line: Line, outcome: Outcome): void {
    if (outcome === 'retry' && line.partCount > 0) {
      this.open.add(line)
      this.#expireIn(line, this.#options.timeoutMs)
      return
    }
    this.#metrics.hold(-line.memoryBytes)
    this.#metrics.openLines.set(this.open.size)
    if (this.#kept.remove(line)) this.#journal.note(encodeRelease(line.name.id))
  }

  #restore(line: Line): void {
    this.#lastId = Math.max(this.#lastId, line.name.id)
    line.heldEvents = line.partCount
    this.#metrics.hold(line.memoryBytes)
    this.#kept.add(line)
    this.open.add(line)
    this.#context.restored(line.name.tag, line.heldEvents)
    this.#expireIn(line, Math.max(this.#options.timeoutMs, RESTORED_TIMEOUT_MS))
  }

  #expireIn(line: Line, milliseconds: number): void {
    line.expiresAt = this.#now() + milliseconds
    this.#metrics.openLines.set(this.open.size)
    this.#armFor(line.expiresAt)
  }

  #armFor(expiresAt: number): void {
    if (this.#isStopping || expiresAt >= this.#timerAt) return
    this.#cancelTimer?.()
    this.#timerAt = expiresAt
    this.#cancelTimer = this.#context.timers.after(Math.max(1, expiresAt - this.#now()), () => {
      this.#timerAt = Infinity
      this.#expire()
      this.#armFor(this.open.nextExpiry)
    })
  }

  #expire(): void {
    const now = this.#now()
    for (const line of this.open.values()) {
      if (line.expiresAt > now) continue
      if (line.unwritten === 0) void this.#passOn(line, 'timeout')
      else line.expiresAt = now + this.#options.timeoutMs
    }
  }

  #now(): number {
    return this.#context.clock.monotonic()
  }
}
