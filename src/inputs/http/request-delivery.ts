/**
 * Delivers what one request brings, batch after batch while its body is read, and says what became
 * of it. A body is held back by what is on its way of it, and by that of all requests
 * (../support/in-flight.ts).
 */
import type { Lease } from '../../codecs/lease.ts'
import type { Outcome } from '../../pipeline/batch.ts'
import type { InputContext } from '../../pipeline/component.ts'
import type { InFlight, Waiter } from '../support/in-flight.ts'
import { Patience } from './patience.ts'

export interface RequestDeliveryOptions {
  readonly context: Pick<InputContext, 'deliver' | 'timers'>
  readonly inFlight: InFlight
  readonly tag: string
  /** Of this request; at it its body is not read on. */
  readonly bytesMax: number
}

/** Counted for each batch besides its entries: promises and closures on its way. */
const BATCH_BYTES = 1024
/** What a piece of a body is at most; room for it is taken before it is read. */
const PIECE_BYTES = 64 * 1024

interface Sent {
  readonly count: number
  outcome: Outcome | 'pending'
}

export class RequestDelivery implements Waiter {
  /** Events from the first one on that are taken, without a gap. */
  accepted = 0
  /** Of them, events that can never be delivered, and are counted as that. */
  rejected = 0
  readonly #options: RequestDeliveryOptions
  readonly #settled: Patience
  readonly #room: Patience
  #unsettled = 0
  #bytes = 0
  /** Of what is held beside: the incomplete rest, and room for the next piece. */
  #heldBytes = 0
  #hasFailed = false
  /** From the first one on that was not taken. */
  readonly #sent: Sent[] = []

  constructor(options: RequestDeliveryOptions) {
    this.#options = options
    this.#settled = new Patience(options.context.timers)
    this.#room = new Patience(options.context.timers)
  }

  /** Whether something came back: the sender must send again. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Events that are on their way: they may be taken or not. */
  get undecided(): number {
    let count = 0
    for (const sent of this.#sent) if (sent.outcome === 'pending') count += sent.count
    return count
  }

  /** Takes room for the next piece; false if there was none in time. */
  async reserve(timeoutMs: number): Promise<boolean> {
    const { inFlight } = this.#options
    if (inFlight.full && !(await this.#untilRoom(timeoutMs))) return false
    if (this.#bytes < this.#options.bytesMax) return true
    return this.#settled.until(() => this.#bytes < this.#options.bytesMax / 2, timeoutMs)
  }

  /** What is held of the body beside what is on its way. */
  hold(bytes: number): void {
    this.#options.inFlight.add(bytes - this.#heldBytes)
    this.#heldBytes = bytes
  }

  /** `lease` is of the memory of `entries`; released once they are settled. */
  take(entries: Uint8Array, count: number, lease: Lease | null): void {
    const { context, inFlight, tag } = this.#options
    const bytes = BATCH_BYTES + entries.length
    const sent: Sent = { count, outcome: 'pending' }
    this.#sent.push(sent)
    this.#bytes += bytes
    this.#unsettled++
    inFlight.add(bytes)
    void context.deliver({ tag, entries, count }).then((outcome) => {
      lease?.release()
      this.#unsettled--
      this.#bytes -= bytes
      inFlight.remove(bytes)
      this.#note(sent, outcome)
      this.#settled.look()
    })
  }

  /** Settles once all is settled; false if that took too long. */
  untilSettled(timeoutMs: number): Promise<boolean> {
    return this.#settled.until(() => this.#unsettled === 0, timeoutMs)
  }

  /** Of a request that is answered. What is on its way still counts until it is settled. */
  close(): void {
    const { inFlight } = this.#options
    inFlight.forget(this)
    inFlight.remove(this.#heldBytes)
    this.#heldBytes = 0
  }

  /** There is room, which is taken at once, before the next is told. */
  resumed(): void {
    this.hold(this.#heldBytes + PIECE_BYTES)
    this.#room.look()
  }

  #untilRoom(timeoutMs: number): Promise<boolean> {
    const before = this.#heldBytes
    this.#options.inFlight.wait(this)
    return this.#room.until(() => this.#heldBytes > before, timeoutMs)
  }

  #note(sent: Sent, outcome: Outcome): void {
    sent.outcome = outcome
    if (outcome === 'retry') this.#hasFailed = true
    for (let next = this.#sent[0]; next && isTaken(next); next = this.#sent[0]) {
      this.accepted += next.count
      if (next.outcome === 'rejected') this.rejected += next.count
      this.#sent.shift()
    }
  }
}

function isTaken({ outcome }: Sent): boolean {
  return outcome === 'delivered' || outcome === 'rejected'
}
