/** Events of batches that are finished and will be read all the same, on the way to others. */
import type { Run } from './progress.ts'

export class Ahead {
  events = 0
  readonly #runs: Run[]

  constructor(runs: readonly Readonly<Run>[]) {
    this.#runs = runs.map((run) => ({ ...run }))
    for (const { events } of runs) this.events += events
  }

  /** A batch of it was read. */
  passed(sequence: number, count: number): void {
    const [run] = this.#runs
    if (run && run.first <= sequence) this.#forget(run, Math.min(count, run.events))
    this.passedBelow(sequence + 1)
  }

  passedBelow(sequence: number): void {
    for (let run = this.#runs[0]; run && run.last < sequence; run = this.#runs[0]) {
      this.#forget(run, run.events)
      this.#runs.shift()
    }
  }

  #forget(run: Run, events: number): void {
    run.events -= events
    this.events -= events
  }
}
