/**
 * What must be known and there before the first document is sent, and again after the server was
 * away: who answers, and what the set-up makes. One at a time, whoever asks.
 */
import type { Logger } from '../../../pipeline/logger.ts'
import { identify, type Identity, type Product } from './identify.ts'
import { notTaken, type NotTaken } from './request-outcome.ts'
import type { Transport } from './transport.ts'

/** Makes templates and the like; answers why documents must not be sent yet, or null. */
export type SetUp = (identity: Identity, signal: AbortSignal) => Promise<NotTaken | null>

export interface SessionOptions {
  readonly transport: Transport
  readonly product: Product
  readonly setUp: SetUp
  readonly logger: Logger
}

export class Session {
  readonly #options: SessionOptions
  #ready: Promise<NotTaken | null> | null = null

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Null once documents may be sent. Rejects with a `TransportError`. */
  ready(signal: AbortSignal): Promise<NotTaken | null> {
    if (this.#ready) return this.#ready
    const ready = this.#begin(signal)
    this.#ready = ready
    ready.then(
      (problem) => problem && this.#forget(ready),
      () => this.#forget(ready),
    )
    return ready
  }

  /** The server was away, or may be another one now. */
  end(): void {
    this.#ready = null
  }

  async #begin(signal: AbortSignal): Promise<NotTaken | null> {
    const { transport, product, setUp, logger } = this.#options
    const found = await identify(transport, product, signal)
    if ('status' in found) return notTaken(found)
    if ('problem' in found)
      return { kind: 'hold', reason: found.problem, isOverload: false, isRefusal: false }
    const problem = await setUp(found, signal)
    if (!problem) logger.info({ product, version: found.version }, 'a server is ready')
    return problem
  }

  #forget(ready: Promise<NotTaken | null>): void {
    if (this.#ready === ready) this.#ready = null
  }
}
