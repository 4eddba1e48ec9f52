/** Somebody who connects again and again, and counts how often that cannot be done. */
import { once } from 'node:events'
import { connect } from 'node:net'

export class Visitor {
  readonly #target: { readonly port: number } | { readonly path: string }
  #isLeaving = false
  #visits = 0
  readonly #failures: string[] = []
  readonly #gone: Promise<void>

  constructor(target: { readonly port: number } | { readonly path: string }) {
    this.#target = target
    this.#gone = this.#visitOnAndOn()
  }

  /** Connections that were made so far. */
  get visits(): number {
    return this.#visits
  }

  /** Ends it; resolves with what went wrong, `ECONNREFUSED` for instance. */
  async leave(): Promise<readonly string[]> {
    this.#isLeaving = true
    await this.#gone
    return this.#failures
  }

  async #visitOnAndOn(): Promise<void> {
    while (!this.#isLeaving) {
      const socket = connect({ host: '127.0.0.1', ...this.#target })
      try {
        await once(socket, 'connect')
        this.#visits++
        // Until the collector has seen that we leave: one that was reset meanwhile fails here.
        socket.end().resume()
        await once(socket, 'close')
      } catch (error) {
        this.#failures.push((error as NodeJS.ErrnoException).code ?? String(error))
      }
    }
  }
}
