/** An engine on a memory store, with an output that answers as it is told. */
import assert from 'node:assert/strict'
import { MemoryStore } from '../../../src/pipeline/buffers/memory-store.ts'
import type { Outcome } from '../../../src/pipeline/batch.ts'
import type { Chunk, ChunkAnswer } from '../../../src/pipeline/delivery/chunk.ts'
import type { DeadLetter } from '../../../src/pipeline/delivery/dead-letter.ts'
import { DeliveryEngine } from '../../../src/pipeline/delivery/engine.ts'
import type { DeliverySettings } from '../../../src/pipeline/delivery/settings.ts'
import { KeptLog, ManualTime } from '../../drivers/context.ts'
import { stored } from './pieces.ts'
import { idsOf } from './simulation/events.ts'
import { drain } from './simulation/virtual-time.ts'

export const DEFAULTS: DeliverySettings = {
  chunk: { bytes: 1e9, events: 1e9, ageMs: 0 },
  keys: null,
  concurrency: 1,
  gatherMs: 0,
  isOrdered: true,
  lookAhead: { bytes: 1e9, events: 1e9 },
  timeoutMs: 10_000,
  backoff: { firstMs: 100, maxMs: 1000 },
  giveUpAfter: { kind: 'forever' },
  breakerFailures: 1000,
}

export const DELIVERED: ChunkAnswer = { kind: 'delivered' }
export const RETRY: ChunkAnswer = { kind: 'retry', reason: 'busy' }

/** A chunk that was sent. */
export interface Call {
  readonly ids: number[]
  readonly chunk: Chunk
  readonly signal: AbortSignal
  readonly answer: (answer: ChunkAnswer) => Promise<void>
}

export class Rig {
  readonly time = new ManualTime()
  readonly log = new KeptLog()
  readonly store = new MemoryStore(this.time)
  /** Sent and not answered with `answers`. */
  readonly calls: Call[] = []
  /** Answers to the next chunks; a chunk for which there is none waits in `calls`. */
  readonly answers: ChunkAnswer[] = []
  /** If set, it answers all of them. */
  answerAll: ((ids: readonly number[]) => ChunkAnswer) | null = null
  /** All chunks that were sent, as ids. */
  readonly sent: number[][] = []
  readonly letters: DeadLetter[] = []
  lettersError: Error | null = null
  readonly outcomes = new Map<number, Outcome>()
  readonly finished: string[] = []
  readonly retried: string[] = []
  closedEarly = 0
  readonly engine: DeliveryEngine

  constructor(settings: Partial<DeliverySettings> = {}) {
    this.engine = new DeliveryEngine({
      ...{ store: this.store, clock: this.time, timers: this.time, logger: this.log },
      settings: { ...DEFAULTS, ...settings },
      random: () => 0,
      output: { deliverChunk: (chunk, signal) => this.#deliver(chunk, signal) },
      deadLetters: { add: (letters) => this.#bury(letters) },
      observer: {
        taken: () => undefined,
        finished: ({ tag }, { delivered, rejected }) =>
          void this.finished.push(`${tag}: ${delivered} + ${rejected}`),
        closedEarly: () => void this.closedEarly++,
        retried: (tag, events) => void this.retried.push(`${tag}: ${events}`),
      },
    })
    this.engine.start()
  }

  /** Without waiting for anything. */
  append(tag: string, firstId: number, count = 1): void {
    const answered = this.store.append(stored(tag, firstId, count))
    void answered.then((outcome) => this.outcomes.set(firstId, outcome))
  }

  async add(tag: string, firstId: number, count = 1): Promise<void> {
    this.append(tag, firstId, count)
    await drain()
  }

  async advance(milliseconds: number): Promise<void> {
    this.time.advance(milliseconds)
    await drain()
  }

  /** Answers the oldest chunk that waits. */
  async answer(answer: ChunkAnswer): Promise<void> {
    const call = this.calls[0]
    assert.ok(call, 'nothing was sent')
    await call.answer(answer)
  }

  /** Stops it, with time for what is in flight or without. */
  async stop(deadline = AbortSignal.abort()): Promise<void> {
    await this.engine.stop(deadline)
    assert.equal(this.time.pending, 0, 'timers left behind')
  }

  #deliver(chunk: Chunk, signal: AbortSignal): Promise<ChunkAnswer> {
    const ids = chunk.batches.flatMap(({ entries }) => idsOf(entries))
    this.sent.push(ids)
    const ready = this.answerAll?.(ids) ?? this.answers.shift()
    if (ready) return Promise.resolve(ready)
    const { promise, resolve } = Promise.withResolvers<ChunkAnswer>()
    const call: Call = {
      ...{ ids, chunk, signal },
      answer: async (answer) => {
        this.calls.splice(this.calls.indexOf(call), 1)
        resolve(answer)
        await drain()
      },
    }
    this.calls.push(call)
    return promise
  }

  async #bury(letters: readonly DeadLetter[]): Promise<void> {
    if (this.lettersError) throw this.lettersError
    this.letters.push(...letters)
  }
}
