/**
 * A buffer in memory behind what one on disk has left that the output had before (none at all is
 * one in memory too, see src/buffering.ts). What is left is handed out first, so that events of one
 * tag keep their order; once all of it is finished its files are removed.
 *
 *     append ──────────────▶ memory ─┐
 *                                    ├─▶ take ─▶ finish
 *     (nothing) ─▶ leftover on disk ─┘
 *                  goes first
 */
import type { Batch, Outcome } from '../batch.ts'
import type { Logger } from '../logger.ts'
import type { BatchLimit, BatchStore, Leftover, StoredBatch } from './batch-store.ts'
import type { DiskStore } from './disk/disk-store.ts'
import type { MemoryStore } from './memory-store.ts'

const NONE: Leftover = { bytes: 0, events: 0 }
const CANNOT_REMOVE = 'cannot remove the files of a buffer of which all is delivered'
const NEVER = new AbortController().signal

interface LeftoverFirstParts {
  /** Nothing is appended to it. */
  readonly leftover: DiskStore
  readonly memory: MemoryStore
  readonly logger: Logger
}

export class LeftoverFirst implements BatchStore {
  readonly isDurable = false
  onAvailable: () => void = () => undefined
  onDamaged: BatchStore['onDamaged'] = () => undefined
  readonly #parts: LeftoverFirstParts
  /** Sequences from it on are those of the memory. */
  #firstInMemory = Infinity
  #takes = 0
  /** All of it is finished: its files are being removed, or gone. */
  #isDone = false
  /** It is being closed, or is. */
  #closed: Promise<void> | null = null

  constructor(parts: LeftoverFirstParts) {
    this.#parts = parts
  }

  get leftover(): Leftover {
    return this.#isDone ? NONE : this.#parts.leftover
  }

  get bytes(): number {
    return this.leftover.bytes + this.#parts.memory.bytes
  }

  get events(): number {
    return this.leftover.events + this.#parts.memory.events
  }

  get nextSequence(): number {
    return this.#parts.memory.nextSequence
  }

  get oldestAt(): number | null {
    const { leftover, memory } = this.#parts
    return (this.#isDone ? null : leftover.oldestAt) ?? memory.oldestAt
  }

  get lostEvents(): number {
    return this.#isDone ? 0 : this.#parts.leftover.lostEvents
  }

  get problem(): string | null {
    return this.#isDone ? null : this.#parts.leftover.problem
  }

  async start(): Promise<void> {
    const { leftover, memory } = this.#parts
    leftover.onAvailable = memory.onAvailable = () => this.onAvailable()
    leftover.onDamaged = (...damage) => this.onDamaged(...damage)
    await leftover.start()
    this.#firstInMemory = memory.nextSequence = leftover.nextSequence
    this.#removeIfDone()
  }

  append(batch: Batch): Promise<Outcome> {
    return this.#parts.memory.append(batch)
  }

  async take(limit: BatchLimit): Promise<readonly StoredBatch[]> {
    const { leftover, memory } = this.#parts
    if (this.#closed) return memory.take(limit)
    this.#takes++
    const taken = await leftover.take(limit)
    this.#takes--
    // While it cannot be read, what came later must not pass it by.
    if (taken.length > 0 || leftover.problem !== null) return taken
    this.#removeIfDone()
    return memory.take(limit)
  }

  finish(batch: StoredBatch, outcome: Outcome): void {
    const { leftover, memory } = this.#parts
    if (batch.sequence >= this.#firstInMemory) return memory.finish(batch, outcome)
    leftover.finish(batch)
    this.#removeIfDone()
  }

  async stop(deadline: AbortSignal): Promise<void> {
    const { leftover, memory } = this.#parts
    await memory.stop()
    this.#closed ??= leftover.stop(deadline)
    await this.#closed
  }

  #removeIfDone(): void {
    const { leftover } = this.#parts
    if (this.#closed || this.#takes > 0 || leftover.bytes > 0 || leftover.events > 0) return
    this.#isDone = true
    this.#closed = this.#remove()
  }

  /** What cannot be removed is looked at again by the next start. */
  async #remove(): Promise<void> {
    const { leftover, logger } = this.#parts
    try {
      await leftover.stop(NEVER)
      if (await leftover.discard())
        logger.info({}, 'delivered all that a buffer on disk had left; its files are removed')
      else logger.warn({}, CANNOT_REMOVE)
    } catch (error) {
      logger.warn({ error }, CANNOT_REMOVE)
    }
  }
}
