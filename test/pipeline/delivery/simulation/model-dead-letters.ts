/** A sink for dead letters that is slow, and fails at times without having kept anything. */
import assert from 'node:assert/strict'
import type { DeadLetter, DeadLetterSink } from '../../../../src/pipeline/delivery/dead-letter.ts'
import type { ModelEvent, Oracle } from './oracle.ts'
import type { SeededRandom } from './random.ts'
import type { Run } from './run.ts'
import type { OwnTimers } from './virtual-time.ts'

export interface ModelDeadLettersParts {
  readonly oracle: Oracle
  readonly random: SeededRandom
  readonly timers: OwnTimers
}

export class ModelDeadLetters {
  isCalm = false
  /** In the run at hand. */
  isBusy = false
  readonly #parts: ModelDeadLettersParts

  constructor(parts: ModelDeadLettersParts) {
    this.#parts = parts
  }

  sinkOf(run: Run): DeadLetterSink {
    this.isBusy = false
    return { add: (letters) => this.#add(letters, run) }
  }

  #add(letters: readonly DeadLetter[], run: Run): Promise<void> {
    const { random, timers } = this.#parts
    const events = this.#parts.oracle.watch(() => this.#check(letters, run))
    this.isBusy = true
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const fails = !this.isCalm && random.chance(0.3)
    timers.after(this.#delayMs(), () => {
      if (!run.isOver) this.isBusy = false
      if (!fails) keep(events, run)
      if (run.isKilled) return
      if (fails) reject(new Error('no room for dead letters'))
      else resolve()
    })
    return promise
  }

  #check(letters: readonly DeadLetter[], run: Run): readonly ModelEvent[] {
    assert.ok(!run.isOver, 'dead letters of a dead engine')
    assert.ok(!this.isBusy, 'two calls at a time')
    return letters.flatMap((letter) => this.#parts.oracle.checkLetter(letter))
  }

  #delayMs(): number {
    const { random } = this.#parts
    if (this.isCalm || random.chance(0.5)) return 0
    return random.chance(0.9) ? random.whole(0, 30) : 1000
  }
}

/** Kept for an engine that is gone, they come again: its batches are not finished. */
function keep(events: readonly ModelEvent[], run: Run): void {
  for (const event of events) {
    event.timesKept++
    if (!run.isOver) event.state = 'kept'
    else event.timesKeptUnseen++
  }
}
