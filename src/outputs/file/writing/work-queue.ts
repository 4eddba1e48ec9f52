/**
 * Lets writers have their turn: at the end of a turn of the loop, so that all sockets have had
 * their say, and no more at once than may have their file open. The others wait and hold nothing.
 */

export interface Worker {
  /** Does what there is to do; never rejects. */
  work(): Promise<void>
}

export class WorkQueue {
  readonly #atWorkMax: () => number
  readonly #waiting = new Set<Worker>()
  /** Kept, because a new one has to pass over all that has been deleted. */
  #order = this.#waiting.values()
  #atWork = 0
  #isStarting = false

  constructor(atWorkMax: () => number) {
    this.#atWorkMax = atWorkMax
  }

  /** Has the worker work soon; in the order of the calls. */
  add(worker: Worker): void {
    this.#waiting.add(worker)
    this.#startSoon()
  }

  #startSoon(): void {
    if (this.#isStarting || this.#atWork >= this.#atWorkMax()) return
    this.#isStarting = true
    setImmediate(this.#start)
  }

  readonly #start = (): void => {
    this.#isStarting = false
    while (this.#atWork < this.#atWorkMax()) {
      const worker = this.#takeFirst()
      if (!worker) return
      this.#atWork++
      void worker.work().then(this.#ended)
    }
  }

  #takeFirst(): Worker | undefined {
    if (this.#waiting.size === 0) return undefined
    let first = this.#order.next()
    if (first.done) {
      this.#order = this.#waiting.values()
      first = this.#order.next()
    }
    if (first.value) this.#waiting.delete(first.value)
    return first.value
  }

  readonly #ended = (): void => {
    this.#atWork--
    if (this.#waiting.size > 0) this.#startSoon()
  }
}
