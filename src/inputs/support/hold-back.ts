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
  /** Takes bytes of the connection, in their order. */
  readonly read: (bytes: Uint8Array) => void
}

export class HoldBack implements Waiter {
  readonly #options: HoldBackOptions
  #active = false
  #over = false
  /** Came after reading was stopped. */
  #kept: Uint8Array[] = []
  #wake: () => void = () => undefined

  constructor(options: HoldBackOptions) {
    this.#options = options
  }

  /** Whether nothing is read now. */
  get active(): boolean {
    return this.#active
  }

  /**
   * Reads `bytes`, or keeps them until there is room: what they are decoded to may be many times as
   * large, and of all connections each may have some in hand when the limit is reached.
   */
  offer(bytes: Uint8Array): void {
    this.regulate()
    if (this.#active) return void this.#kept.push(bytes)
    this.#options.read(bytes)
    this.regulate()
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

  /** Reads on from now on, whatever is on its way. */
  release(): void {
    this.#over = true
    this.#active = false
    this.#options.inFlight.forget(this)
    this.#goOn()
  }

  #goOn(): void {
    const { socket, read } = this.#options
    socket.resume()
    this.#wake()
    if (this.#kept.length === 0) return
    const kept = this.#kept
    this.#kept = []
    for (const bytes of kept) read(bytes)
    this.regulate()
  }
}
