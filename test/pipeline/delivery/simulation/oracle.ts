/**
 * Knows what must become of every event, by the rules alone, and says so as soon as the engine does
 * something else. It is told what goes in, what the output is asked and what it answers.
 */
import assert from 'node:assert/strict'
import type { Chunk } from '../../../../src/pipeline/delivery/chunk.ts'
import type { DeadLetter } from '../../../../src/pipeline/delivery/dead-letter.ts'
import type { DeliverySettings } from '../../../../src/pipeline/delivery/settings.ts'
import { BreakerRule } from './breaker-rule.ts'
import { idsOf, secondsOf } from './events.ts'

/**
 * In this run of the collector: `open` to be sent, `sent`, `taken` as the engine knows, `dead` on
 * its way to the dead letters, `kept` there.
 */
type State = 'open' | 'sent' | 'taken' | 'dead' | 'kept'

export class ModelEvent {
  readonly id: number
  readonly tag: string
  readonly padding: number
  readonly sequence: number
  readonly index: number
  readonly isPoison: boolean
  state: State = 'open'
  attempts = 0
  failures = 0
  failingSinceMs: number | null = null
  notBeforeMs = 0
  suspicions = 0
  cause: DeadLetter['cause'] | null = null
  /** By the output and by the dead letters, over all runs; and without the engine knowing now. */
  timesTaken = 0
  timesTakenUnseen = 0
  timesKept = 0
  timesKeptUnseen = 0

  constructor(
    fields: Pick<ModelEvent, 'id' | 'tag' | 'padding' | 'sequence' | 'index' | 'isPoison'>,
  ) {
    this.id = fields.id
    this.tag = fields.tag
    this.padding = fields.padding
    this.sequence = fields.sequence
    this.index = fields.index
    this.isPoison = fields.isPoison
  }

  /** A new run knows nothing of the one before. */
  forget(): void {
    if (this.state === 'taken') this.timesTakenUnseen++
    if (this.state === 'kept') this.timesKeptUnseen++
    this.state = 'open'
    this.attempts = 0
    this.failures = 0
    this.failingSinceMs = null
    this.notBeforeMs = 0
    this.suspicions = 0
    this.cause = null
  }
}

export interface ModelBatch {
  readonly tag: string
  readonly sequence: number
  readonly events: readonly ModelEvent[]
  isFinished: boolean
}

export interface ModelAttempt {
  readonly chunk: Chunk
  readonly events: readonly ModelEvent[]
  readonly startedAtMs: number
}

/** What an answer means for each event, or for all of them. */
export type Meaning =
  | { readonly kind: 'failed'; readonly countsForGiveUp: boolean; readonly afterMs: number }
  | { readonly kind: 'fates'; readonly fates: readonly Fate[]; readonly afterMs: number }

export type Fate = 'taken' | 'retry' | 'rejected' | 'suspected'

export class Oracle {
  readonly batches = new Map<number, ModelBatch>()
  readonly events = new Map<number, ModelEvent>()
  readonly #settings: DeliverySettings
  readonly #nowMs: () => number
  /** Not finished, by tag, in order. */
  readonly #queues = new Map<string, ModelBatch[]>()
  #breaker: BreakerRule
  readonly inFlight = new Set<ModelAttempt>()
  retried = 0
  /** The first rule that was broken, which the engine may have taken for an output's failure. */
  broken: Error | null = null

  constructor(settings: DeliverySettings, nowMs: () => number) {
    this.#settings = settings
    this.#nowMs = nowMs
    this.#breaker = new BreakerRule(settings)
  }

  /** Runs what the engine calls; what it throws ends the simulation. */
  watch<Result>(call: () => Result): Result {
    try {
      return call()
    } catch (error) {
      this.broken ??= error as Error
      throw error
    }
  }

  append(batch: ModelBatch): void {
    this.batches.set(batch.sequence, batch)
    for (const event of batch.events) this.events.set(event.id, event)
    const queue = this.#queues.get(batch.tag) ?? []
    queue.push(batch)
    this.#queues.set(batch.tag, queue)
  }

  countOf(wanted: State): number {
    let count = 0
    for (const queue of this.#queues.values())
      for (const { events } of queue) for (const { state } of events) if (state === wanted) count++
    return count
  }

  /** A new engine comes; nothing of the old one counts any more. */
  restart(): void {
    this.inFlight.clear()
    this.#breaker = new BreakerRule(this.#settings)
    for (const queue of this.#queues.values())
      for (const { events } of queue) for (const event of events) event.forget()
  }

  begin(chunk: Chunk): ModelAttempt {
    const events = this.#eventsOf(chunk)
    const attempt = { chunk, events, startedAtMs: this.#nowMs() }
    this.#checkLimits(chunk)
    this.#checkKey(chunk, events)
    for (const event of events) this.#checkSendable(event, chunk)
    if (this.#settings.isOrdered) this.#checkOrder(events)
    this.#breaker.begin(attempt, this.#nowMs())
    this.inFlight.add(attempt)
    assert.ok(this.inFlight.size <= this.#settings.concurrency, 'too many chunks in flight')
    for (const event of events) {
      event.state = 'sent'
      event.attempts++
    }
    return attempt
  }

  /** Only for an answer that the engine sees. */
  end(attempt: ModelAttempt, meaning: Meaning): void {
    assert.ok(this.inFlight.delete(attempt), 'answered twice')
    if (meaning.kind === 'failed') {
      this.#breaker.fail(attempt, this.#nowMs(), meaning.afterMs)
      for (const event of attempt.events) this.#fail(event, attempt, meaning)
    } else this.#endMixed(attempt, meaning)
  }

  finish(sequence: number): ModelBatch {
    const batch = this.batches.get(sequence)
    assert.ok(batch && !batch.isFinished, `batch ${sequence} finished twice`)
    for (const { id, state } of batch.events)
      assert.ok(state === 'taken' || state === 'kept', `finished with event ${id} ${state}`)
    batch.isFinished = true
    const queue = this.#queues.get(batch.tag)!
    queue.splice(queue.indexOf(batch), 1)
    return batch
  }

  /** Letters that the sink is asked to keep. */
  checkLetter(letter: DeadLetter): readonly ModelEvent[] {
    const events = idsOf(letter.entries).map((id) => this.events.get(id)!)
    assert.equal(events.length, letter.count, 'events of a letter')
    events.forEach((event, index) => {
      assert.equal(event.state, 'dead', `event ${event.id} is no dead letter`)
      assert.equal(event.cause, letter.cause, `cause of event ${event.id}`)
      assert.equal(event.attempts, letter.attempts, `attempts of event ${event.id}`)
      assert.deepEqual(
        [event.sequence, event.index, event.tag],
        [letter.sequence, letter.firstEvent + index, letter.tag],
      )
    })
    return events
  }

  #endMixed(attempt: ModelAttempt, { fates, afterMs }: Extract<Meaning, { kind: 'fates' }>): void {
    this.#breaker.succeed()
    const suspected = fates.filter((fate) => fate === 'suspected').length
    attempt.events.forEach((event, place) => {
      const fate = fates[place]!
      if (fate === 'taken') event.state = 'taken'
      else if (fate === 'rejected' || (fate === 'suspected' && suspected === 1))
        this.#bury(event, 'rejected')
      else if (fate === 'suspected') this.#suspect(event)
      else this.#fail(event, attempt, { countsForGiveUp: true, afterMs })
    })
  }

  #suspect(event: ModelEvent): void {
    event.state = 'open'
    event.suspicions++
    const allowed = Math.ceil(Math.log2(this.#settings.chunk.events)) + 1
    assert.ok(event.suspicions <= allowed, `event ${event.id} halved ${event.suspicions} times`)
  }

  #fail(
    event: ModelEvent,
    { startedAtMs }: ModelAttempt,
    { countsForGiveUp, afterMs }: { countsForGiveUp: boolean; afterMs: number },
  ): void {
    const nowMs = this.#nowMs()
    if (countsForGiveUp) {
      event.failures++
      event.failingSinceMs ??= startedAtMs
      if (this.#isGivenUp(event, nowMs)) return this.#bury(event, 'given_up')
    } else event.failingSinceMs = null
    event.state = 'open'
    event.notBeforeMs = nowMs + Math.max(this.#settings.backoff.firstMs, afterMs)
    this.retried++
  }

  #isGivenUp({ failures, failingSinceMs }: ModelEvent, nowMs: number): boolean {
    const { giveUpAfter } = this.#settings
    if (giveUpAfter.kind === 'count') return failures === giveUpAfter.failures
    return giveUpAfter.kind === 'duration' && nowMs - failingSinceMs! >= giveUpAfter.ms
  }

  #bury(event: ModelEvent, cause: DeadLetter['cause']): void {
    event.state = 'dead'
    event.cause = cause
  }

  #eventsOf({ batches }: Chunk): ModelEvent[] {
    return batches.flatMap((piece) => {
      const ids = idsOf(piece.entries)
      assert.equal(ids.length, piece.count, 'count of a piece')
      return ids.map((id, index) => {
        const event = this.events.get(id)
        assert.ok(event, `no event ${id} was appended`)
        const place = [piece.tag, piece.sequence, piece.firstEvent + index]
        assert.deepEqual([event.tag, event.sequence, event.index], place)
        return event
      })
    })
  }

  #checkLimits({ batches, events, bytes }: Chunk): void {
    const { chunk } = this.#settings
    const sum = batches.reduce((sum, { entries }) => sum + entries.length, 0)
    assert.equal(sum, bytes, 'bytes of a chunk')
    assert.ok(events >= 1 && events <= chunk.events, `${events} events in a chunk`)
    assert.ok(bytes <= chunk.bytes || events === 1, `${bytes} bytes in a chunk`)
  }

  #checkKey({ key }: Chunk, events: readonly ModelEvent[]): void {
    const { keys } = this.#settings
    assert.equal(key === null, keys === null, 'key of a chunk')
    if (!key || !keys) return
    const [first] = events
    for (const event of events) assert.equal(this.#keyOf(event), this.#keyOf(first!), 'keys differ')
    const hour = Math.floor(secondsOf(first!.padding) / 3600)
    assert.equal(key.time, keys.time ? hour * 3_600_000 : undefined)
    assert.equal(key.tag, keys.byTag ? first!.tag : undefined)
    const padding = keys.fields.length > 0 ? 'x'.repeat(first!.padding) : undefined
    assert.equal(key.fields.get('["p"]'), padding)
  }

  #keyOf({ tag, padding }: ModelEvent): string {
    const { keys } = this.#settings
    const hour = keys?.time ? padding % 3 : 0
    return `${keys?.byTag ? tag : ''} ${hour} ${keys?.fields.length ? padding : ''}`
  }

  #checkSendable(event: ModelEvent, chunk: Chunk): void {
    assert.ok(!this.batches.get(event.sequence)!.isFinished, `event ${event.id} was finished`)
    assert.equal(event.state, 'open', `event ${event.id} sent again`)
    assert.ok(event.notBeforeMs <= this.#nowMs(), `event ${event.id} sent too early`)
    assert.equal(event.attempts, chunk.attempts, `attempts of event ${event.id}`)
  }

  /** Of a tag and key nothing is sent before all that came earlier is done with, or goes along. */
  #checkOrder(sent: readonly ModelEvent[]): void {
    const inChunk = new Set(sent)
    const latest = new Map<string, ModelEvent>()
    for (const event of sent) {
      const before = latest.get(event.tag)
      assert.ok(!before || isBefore(before, event), `event ${event.id} out of order in its chunk`)
      latest.set(event.tag, event)
    }
    for (const [tag, last] of latest) this.#checkNothingBefore(tag, last, inChunk)
  }

  #checkNothingBefore(tag: string, last: ModelEvent, inChunk: ReadonlySet<ModelEvent>): void {
    for (const { sequence, events } of this.#queues.get(tag)!) {
      if (sequence > last.sequence) return
      for (const event of events) {
        if (!isBefore(event, last) || inChunk.has(event)) continue
        if (this.#keyOf(event) !== this.#keyOf(last)) continue
        const isOpen = event.state === 'open' || event.state === 'sent'
        assert.ok(!isOpen, `event ${last.id} sent before event ${event.id} was done with`)
      }
    }
  }
}

function isBefore(a: ModelEvent, b: ModelEvent): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && a.index < b.index)
}
