/**
 * Stops and goes on reading one connection: by what is on its way over it, by what is on its way
 * over all (in-flight.ts), and by the acknowledgements that its peer has not read.
 */
import type { Socket } from 'node:net'
import type { Counter } from '../../pipeline/metrics.ts'
import type { InFlight, Waiter } from './in-flight.ts'

export interface HoldBackOptions {
  readonly socket: Socket
  readonly inFlight: InFlight
  /** Of this connection; at it reading stops, at half of it reading goes on. */
  readonly bytesMax: number
  readonly limitHits: Counter
  /** Bytes on their way over this connection. */
  readonly bytes: () => number
}

export class HoldBack implements Waiter {
  readonly #options: HoldBackOptions
  #active = false
  #over = false
  #wake: () => void = () => undefined

  constructor(options: HoldBackOptions) {
    this.#options = options
  }

  /** Called whenever something changed. */
  regulate(): void {
    if (this.#over) return
    const { socket, inFlight, bytesMax, limitHits, bytes } = this.#options
    const full = bytes() >= (this.#active ? bytesMax / 2 : bytesMax)
    if (full && !this.#active) limitHits.add(1)
    const { full: allFull } = inFlight
    if (allFull) inFlight.wait(this)
    const hold = full || allFull || socket.writableNeedDrain
    if (hold === this.#active) return
    this.#active = hold
    if (hold) socket.pause()
    else this.#goOn()
  }

  resumed(): void {
    this.regulate()
  }

  /** Settles once the connection is being read. */
  async untilReading(): Promise<void> {
    if (this.#active) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** Reads on from now on, whatever is on its way: nothing of it is kept. */
  release(): void {
    this.#over = true
    this.#active = false
    this.#options.inFlight.forget(this)
    this.#goOn()
  }

  #goOn(): void {
    this.#options.socket.resume()
    this.#wake()
  }
}
