/**
 * What one connection's sender is owed: a request is acknowledged once it is delivered and all
 * requests before it are. Protocol: docs/specs/forward-protocol.md.
 */
import type { Lease } from '../../codecs/lease.ts'
import type { Outcome } from '../../pipeline/batch.ts'

/** A unit on its way through the pipeline. */
export interface Request {
  readonly tag: string
  readonly count: number
  /** Memory it holds until it is settled. */
  readonly bytes: number
  /** Memory it holds until it is acknowledged, which is after all before it. */
  readonly answerBytes: number
  /** Identifiers to acknowledge; empty if the sender does not ask. */
  readonly chunks: readonly Uint8Array[]
  /** Of the memory that its entries are in, until it is settled. */
  readonly lease: Lease | null
  outcome: Outcome | 'pending'
}

export class Acknowledgements {
  #requests: Request[] = []
  /** Requests before it are answered; cut off once they are half of the array. */
  #first = 0

  /** Whether a request is still without its answer. */
  get owing(): boolean {
    return this.#first < this.#requests.length
  }

  add(request: Request): void {
    this.#requests.push(request)
  }

  /** Whether `takeReady` would find something. */
  get ready(): boolean {
    const first = this.#requests[this.#first]
    return first !== undefined && first.outcome !== 'pending'
  }

  /** Requests to acknowledge now, in order. Stops before one that is not to be. */
  takeReady(): Request[] {
    const ready: Request[] = []
    for (let next = this.#requests[this.#first]; next; next = this.#requests[this.#first]) {
      if (next.outcome === 'pending' || next.outcome === 'retry') break
      ready.push(next)
      this.#first++
    }
    if (this.#first * 2 >= this.#requests.length) {
      this.#requests = this.#requests.slice(this.#first)
      this.#first = 0
    }
    return ready
  }

  /** Gives up on what is left, and returns it: its sender gets no answer and sends it again. */
  abandon(): Request[] {
    const left = this.#requests.slice(this.#first)
    this.#requests = []
    this.#first = 0
    return left
  }
}
