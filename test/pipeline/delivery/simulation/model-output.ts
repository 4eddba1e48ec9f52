/**
 * A peer that takes events, and does what peers do: it is slow, away, busy, talks nonsense, answers
 * too late or never, takes what it denies, and can never take certain events.
 */
import assert from 'node:assert/strict'
import type {
  Chunk,
  ChunkAnswer,
  ChunkOutput,
  EventRange,
} from '../../../../src/pipeline/delivery/chunk.ts'
import type { Fate, Meaning, ModelAttempt, ModelEvent, Oracle } from './oracle.ts'
import type { SeededRandom } from './random.ts'
import type { Run } from './run.ts'
import type { OwnTimers } from './virtual-time.ts'

export interface ModelOutputParts {
  readonly oracle: Oracle
  readonly random: SeededRandom
  readonly timers: OwnTimers
  readonly timeoutMs: number
}

/** What it will answer, what the engine must make of that, and which events it takes. */
interface Plan {
  readonly answer: unknown
  readonly meaning: Meaning
  readonly taken: readonly ModelEvent[]
}

const FAILED: Meaning = { kind: 'failed', countsForGiveUp: true, afterMs: 0 }
const FAULTS = [
  ...['retry', 'retry', 'hold', 'throw', 'reject', 'garbage', 'lost', 'never', 'late'],
  ...['partly', 'partly', 'value'],
] as const
const OUTAGE_FAULTS = ['retry', 'hold', 'throw', 'reject', 'garbage', 'never', 'late'] as const
type Fault = (typeof FAULTS)[number]

export class ModelOutput {
  isCalm = false
  isAway = false
  /** It answers at last, and must be given the time. */
  withoutTimeout = false
  /** Share of the attempts that something goes wrong with. */
  faultRate = 0.3
  attempts = 0
  readonly #parts: ModelOutputParts

  constructor(parts: ModelOutputParts) {
    this.#parts = parts
  }

  outputOf(run: Run): ChunkOutput {
    const { withoutTimeout } = this
    return { withoutTimeout, deliverChunk: (...call) => this.#deliver(...call, run) }
  }

  #deliver(chunk: Chunk, signal: AbortSignal, run: Run): Promise<ChunkAnswer> {
    const { oracle } = this.#parts
    this.attempts++
    const attempt = oracle.watch(() => {
      assert.ok(!run.isStopping, 'sent after the stop')
      return oracle.begin(chunk)
    })
    const call = new Call(attempt, signal, run, oracle)
    return this.#behave(call, this.#fault()) as Promise<ChunkAnswer>
  }

  #fault(): Fault | null {
    if (this.isCalm) return null
    const fault = this.#anyFault()
    return fault === 'never' && this.withoutTimeout ? 'late' : fault
  }

  #anyFault(): Fault | null {
    const { random } = this.#parts
    if (this.isAway) return random.pick(OUTAGE_FAULTS)
    return random.chance(this.faultRate) ? random.pick(FAULTS) : null
  }

  #behave(call: Call, fault: Fault | null): unknown {
    const { random, timers, timeoutMs } = this.#parts
    if (fault === 'throw' || fault === 'value') return this.#failAtOnce(call, fault)
    const plan = this.#plan(call.attempt, fault)
    if (fault === 'never') {
      // It may take them all the same.
      if (random.chance(0.3)) timers.after(random.whole(0, timeoutMs), () => call.take(plan.taken))
      return new Promise(() => undefined)
    }
    if (fault === null && random.chance(0.3)) return call.answerAtOnce(plan)
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const delayMs = fault === 'late' ? timeoutMs + random.whole(1, 50) : this.#delayMs()
    timers.after(delayMs, () => {
      call.answer(plan)
      if (call.run.isKilled) return
      if (fault === 'reject') reject(new Error('connection reset'))
      else resolve(plan.answer)
    })
    return promise
  }

  #failAtOnce(call: Call, fault: 'throw' | 'value'): unknown {
    queueMicrotask(() => call.answer({ answer: null, meaning: FAILED, taken: [] }))
    if (fault === 'throw') throw new Error('cannot encode')
    return 17
  }

  /** Also a time just before, at and after the timeout. */
  #delayMs(): number {
    const { random, timeoutMs } = this.#parts
    if (this.isCalm) return random.whole(0, 5)
    return random.chance(0.1) ? timeoutMs + random.whole(-1, 1) : random.whole(0, 30)
  }

  #plan(attempt: ModelAttempt, fault: Fault | null): Plan {
    const { random } = this.#parts
    const takeable = attempt.events.filter(({ isPoison }) => !isPoison)
    if (fault === 'reject') return { answer: null, meaning: FAILED, taken: [] }
    if (fault === 'garbage')
      return { answer: this.#garbage(attempt.chunk), meaning: FAILED, taken: [] }
    if (fault === 'lost') {
      const answer: ChunkAnswer = { kind: 'retry', reason: 'reset after the request' }
      return { answer, meaning: FAILED, taken: takeable }
    }
    if (fault === 'retry' || fault === 'hold') {
      const afterMs = random.chance(0.3) ? random.whole(1, 300) : 0
      const answer = { kind: fault, reason: 'busy', ...(afterMs > 0 && { afterMs }) }
      const meaning: Meaning = { kind: 'failed', countsForGiveUp: fault === 'retry', afterMs }
      return { answer, meaning, taken: [] }
    }
    return this.#planFates(attempt, fault === 'partly' ? 0.4 : 0)
  }

  #planFates(attempt: ModelAttempt, retryRate: number): Plan {
    const { random } = this.#parts
    const { events } = attempt
    const hasPoison = events.some(({ isPoison }) => isPoison)
    if (hasPoison && random.chance(0.4)) {
      const meaning: Meaning = { kind: 'fates', fates: events.map(() => 'suspected'), afterMs: 0 }
      return { answer: { kind: 'rejected', reason: 'poison' }, meaning, taken: [] }
    }
    const poisonFate = random.chance(0.6) ? 'rejected' : 'suspected'
    const fates = events.map(({ isPoison }): Fate => {
      if (isPoison) return poisonFate
      if (hasPoison && poisonFate === 'suspected' && random.chance(0.3)) return 'suspected'
      return random.chance(retryRate) ? 'retry' : 'taken'
    })
    const afterMs = retryRate > 0 && random.chance(0.2) ? random.whole(1, 200) : 0
    return answerFor(attempt, fates, afterMs)
  }

  #garbage({ batches }: Chunk): unknown {
    const range = { batch: 0, first: 0, count: 1 }
    const tooLong = { batch: 0, first: 0, count: batches[0]!.count + 1 }
    return this.#parts.random.pick([
      ...[null, undefined, 'delivered', 0, {}, { kind: 'ok' }, { kind: 'toString' }],
      { kind: 'partly', reason: '', retry: [{ batch: 99, first: 0, count: 1 }] },
      { kind: 'partly', reason: '', retry: [{ batch: 0, first: 0, count: 1e9 }] },
      { kind: 'partly', reason: '', retry: [{ batch: 0, first: -1, count: 2 }] },
      { kind: 'partly', reason: '', retry: [{ batch: 0.5, first: 0, count: 1 }] },
      { kind: 'partly', reason: '', retry: [{ batch: 0, first: 0, count: NaN }] },
      { kind: 'partly', reason: '', retry: 'all' },
      { kind: 'partly', reason: '', retry: [tooLong] },
      { kind: 'partly', reason: '', rejected: [range], retry: [range] },
      { kind: 'partly', reason: '', suspected: [range, range] },
    ])
  }
}

/** One call of `deliverChunk`, and whether the engine still waits for it. */
class Call {
  readonly attempt: ModelAttempt
  readonly run: Run
  readonly #oracle: Oracle
  #isOver = false

  constructor(attempt: ModelAttempt, signal: AbortSignal, run: Run, oracle: Oracle) {
    this.attempt = attempt
    this.run = run
    this.#oracle = oracle
    signal.addEventListener('abort', () => this.#abort(), { once: true })
  }

  /** What the engine does not learn. */
  take(events: readonly ModelEvent[]): void {
    for (const event of events) {
      event.timesTaken++
      event.timesTakenUnseen++
    }
  }

  answer({ meaning, taken }: Plan): void {
    if (this.#isOver || this.run.isOver) return this.take(taken)
    this.#isOver = true
    this.#oracle.watch(() => this.#oracle.end(this.attempt, meaning))
    for (const event of taken) {
      event.timesTaken++
      if (event.state !== 'taken') event.timesTakenUnseen++
    }
  }

  /** The oracle has to know first, and it may not be known to the engine before. */
  answerAtOnce(plan: Plan): Promise<unknown> {
    queueMicrotask(() => this.answer(plan))
    return Promise.resolve(plan.answer)
  }

  /** Its time is over, unless the engine ends. */
  #abort(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.run.isPastDeadline) return
    this.#oracle.watch(() => this.#oracle.end(this.attempt, FAILED))
  }
}

/** The answer that says of each event what is to become of it. */
function answerFor({ chunk, events }: ModelAttempt, fates: readonly Fate[], afterMs: number): Plan {
  const taken = events.filter((_, place) => fates[place] === 'taken')
  const meaning: Meaning = { kind: 'fates', fates, afterMs }
  if (taken.length === events.length) return { answer: { kind: 'delivered' }, meaning, taken }
  const named = (wanted: Fate) => rangesOf(chunk, fates, wanted)
  const rejected = named('rejected').map((range) => ({ ...range, reason: 'poison' }))
  const parts = { rejected, retry: named('retry'), suspected: named('suspected') }
  const answer = { kind: 'partly', ...parts, reason: 'parts', afterMs }
  if (fates.some((fate) => fate !== 'retry')) return { answer, meaning, taken }
  return { answer, meaning: { kind: 'failed', countsForGiveUp: true, afterMs }, taken }
}

/** Runs of events of one batch of the chunk with the wanted fate. */
function rangesOf({ batches }: Chunk, fates: readonly Fate[], wanted: Fate): EventRange[] {
  const ranges: EventRange[] = []
  let start = 0
  batches.forEach(({ count: events }, batch) => {
    for (let first = 0; first < events; first++) {
      let count = 0
      while (first + count < events && fates[start + first + count] === wanted) count++
      if (count > 0) ranges.push({ batch, first, count })
      first += count
    }
    start += events
  })
  return ranges
}
