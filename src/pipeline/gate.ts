/**
 * Between the inputs and the pipeline. It is closed for the moment in which one pipeline takes the
 * place of another: what comes meanwhile waits here in its order. Nothing is acknowledged as long
 * as it waits, so the inputs' own bounds on what is in flight bound it.
 */
import type { Batch, Outcome } from './batch.ts'
import type { InputPort } from './pipeline.ts'

export class Gate {
  #waiting: (() => void)[] | null = null

  get isOpen(): boolean {
    return this.#waiting === null
  }

  /** What comes from now on waits; idempotent. */
  close(): void {
    this.#waiting ??= []
  }

  /** Lets in what has waited, then everything; idempotent. */
  open(): void {
    for (const enter of this.#waiting ?? []) enter()
    this.#waiting = null
  }

  /** To be called while it is closed. */
  wait(enter: () => void): void {
    this.#waiting?.push(enter)
  }
}

/** An input's way through the gate, to whichever pipeline is behind it. */
export class GatedPort implements InputPort {
  readonly #gate: Gate
  #pipeline: InputPort

  constructor(gate: Gate, pipeline: InputPort) {
    this.#gate = gate
    this.#pipeline = pipeline
  }

  /** Leads to another pipeline; what waits goes there too. */
  leadTo(pipeline: InputPort): void {
    this.#pipeline = pipeline
  }

  deliver(batch: Batch): Promise<Outcome> {
    if (this.#gate.isOpen) return this.#pipeline.deliver(batch)
    return new Promise((resolve) => {
      this.#gate.wait(() => resolve(this.#pipeline.deliver(batch)))
    })
  }

  drop(tag: string, count: number, reason: string): void {
    this.#pipeline.drop(tag, count, reason)
  }

  lose(tag: string, count: number, reason: string): void {
    this.#pipeline.lose(tag, count, reason)
  }

  closed(origin: object): void {
    if (this.#gate.isOpen) this.#pipeline.closed(origin)
    else this.#gate.wait(() => this.#pipeline.closed(origin))
  }
}
