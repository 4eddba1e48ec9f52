/**
 * One connection of an input whose protocol has no answers: reads its bytes, gives them to a
 * decoder, holds the connection back while too much is on its way, keeps what was cut off.
 *
 *     reading ──▶ finishing (nothing more is wanted; what was taken settles)
 *                    └──▶ FIN sent ──▶ the peer's FIN, or a short linger ──▶ closed
 *
 * So a sender that ends its side and waits for ours knows that all it sent is delivered.
 */
import type { Socket } from 'node:net'
import type { Decoded, Source, StreamDecoder } from './decoded.ts'
import { Farewell } from './farewell.ts'
import { HoldBack } from './hold-back.ts'
import { OneWayDelivery } from './one-way-delivery.ts'
import type { Peer } from './peer.ts'
import type { Holder } from './pending-frames.ts'
import { readRest } from './read-rest.ts'
import type { Session } from './session-server.ts'
import type { StreamShare } from './stream-share.ts'

export interface StreamSessionOptions {
  readonly socket: Socket
  readonly peer: Peer
  readonly share: StreamShare
  readonly createDecoder: (source: Source) => StreamDecoder
}

/** Why a connection is ended; `fields` go into its log line. */
interface EndReason {
  readonly reason: string
  readonly limit?: string
  readonly fields?: Readonly<Record<string, unknown>>
}

export class StreamSession implements Session, Holder {
  readonly closed: Promise<void>
  bytesRead = 0
  finishing = false

  readonly #options: StreamSessionOptions
  readonly #socket: Socket
  readonly #share: StreamShare
  readonly #ready: Promise<void>
  readonly #delivery: OneWayDelivery
  readonly #holdBack: HoldBack
  readonly #farewell: Farewell
  #decoder: StreamDecoder | null = null
  #resolveClosed: () => void = () => undefined
  #drained: Promise<void> | null = null
  #pendingBytes = 0
  #quietSweeps = 0
  #stalledSweeps = 0
  /** What still comes is thrown away. */
  #deaf = false
  #ended = false
  #finSent = false

  constructor(options: StreamSessionOptions) {
    const { socket, share } = options
    const { context, inFlight } = share
    this.#options = options
    this.#socket = socket
    this.#share = share
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    this.#farewell = new Farewell(socket, context.timers)
    const settled = () => this.#settled()
    this.#delivery = new OneWayDelivery({ context, inFlight, settled })
    this.#holdBack = this.#makeHoldBack()
    socket.on('close', () => this.#onClose())
    this.#ready = this.#open()
  }

  drain(): Promise<void> {
    return (this.#drained ??= this.#drain())
  }

  async #drain(): Promise<void> {
    await this.#ready
    await readRest(this)
    this.#finish()
    await this.closed
  }

  untilReading(): Promise<void> {
    return this.#holdBack.untilReading()
  }

  destroy(): void {
    this.#finish()
    this.#deaf = true
    this.#socket.destroy()
    this.#holdBack.release()
    this.#resolveClosed()
  }

  sweep(): void {
    this.#quietSweeps++
    if (this.#quietSweeps > 2 && this.#delivery.idle && !this.finishing) {
      this.#end({ reason: 'idle_timeout', limit: 'idle_timeout' })
    }
  }

  sweepFrame(): void {
    const isTheirTurn = this.#pendingBytes > 0 && !this.#holdBack.active
    this.#stalledSweeps = isTheirTurn ? this.#stalledSweeps + 1 : 0
    if (this.#stalledSweeps > 2) this.#end({ reason: 'frame_timeout', limit: 'frame_timeout' })
  }

  evict(): void {
    this.#pendingBytes = 0
    this.#end({ reason: 'pending_frames_too_large', limit: 'pending_max' })
  }

  #makeHoldBack(): HoldBack {
    const { inFlight, metrics, connectionInFlightMaxBytes } = this.#share
    return new HoldBack({
      socket: this.#socket,
      inFlight,
      bytesMax: connectionInFlightMaxBytes,
      limitHits: metrics.limitHits('connection_in_flight_max'),
      bytes: () => this.#delivery.bytes,
      read: (bytes) => this.#decode(bytes),
    })
  }

  async #open(): Promise<void> {
    const { peer, createDecoder } = this.#options
    const { hostnames } = this.#share
    const { address } = peer
    const hostname = hostnames && address !== null ? await hostnames.nameOf(address) : ''
    this.#decoder = createDecoder({ address, hostname })
    if (this.#socket.destroyed) return this.#onClose()
    this.#socket.on('end', () => this.#finish())
    this.#socket.on('data', (bytes) => this.#read(bytes))
  }

  #read(bytes: Uint8Array): void {
    this.bytesRead += bytes.length
    this.#quietSweeps = this.#stalledSweeps = 0
    this.#share.metrics.receivedBytes.add(bytes.length)
    if (!this.#deaf) this.#holdBack.offer(bytes)
  }

  #decode(bytes: Uint8Array): void {
    const decoder = this.#decoder
    if (this.#deaf || !decoder) return
    this.#take(decoder.push(bytes))
    if (!decoder.error) return this.#notePending(decoder.pendingBytes)
    const { reason, offset, found, expected } = decoder.error
    this.#end({ reason, fields: { offset, found, expected } })
  }

  #take(batches: readonly Decoded[]): void {
    for (const batch of batches) this.#delivery.take(batch)
  }

  #notePending(bytes: number): void {
    if (bytes === this.#pendingBytes) return
    this.#pendingBytes = bytes
    this.#share.pendingFrames.note(this, bytes)
  }

  #settled(): void {
    this.#holdBack.regulate()
    this.#continueFinish()
  }

  /** Takes nothing more from this peer; what came before is delivered. */
  #end({ reason, limit, fields = {} }: EndReason): void {
    if (this.#ended || this.finishing) return
    this.#ended = true
    const { metrics, context } = this.#share
    metrics.errors(reason).add(1)
    if (limit !== undefined) metrics.limitHits(limit).add(1)
    const { text: peer } = this.#options.peer
    context.logger.warn({ peer, reason, ...fields }, 'ended a connection')
    this.#finish()
  }

  #finish(): void {
    if (this.finishing) return
    // What is kept back was read before the end, and comes before what the decoder holds.
    this.#holdBack.release()
    if (this.finishing) return
    this.finishing = this.#deaf = true
    if (this.#decoder) this.#take(this.#decoder.end())
    this.#notePending(0)
    this.#delivery.end()
    this.#continueFinish()
  }

  #continueFinish(): void {
    if (!this.finishing || !this.#delivery.idle) return
    if (!this.#finSent) {
      this.#finSent = true
      this.#farewell.say()
    }
    if (this.#socket.destroyed) this.#resolveClosed()
  }

  #onClose(): void {
    this.#finish()
    this.#farewell.cancel()
    this.#continueFinish()
  }
}
