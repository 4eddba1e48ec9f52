/**
 * One connection of the `forward` input: reads its bytes, holds it back while too much is on its
 * way, and ends it with FIN once all it is owed is written.
 *
 *     reading ──▶ finishing (nothing more is wanted; what was taken settles, acknowledgements go)
 *                    └──▶ FIN sent ──▶ the peer's FIN, or a short linger ──▶ closed
 *
 * Decoding: src/codecs/forward/decoder.ts. Delivering, acknowledging: delivery.ts. When it is read:
 * hold-back.ts. HELO, PING and PONG: handshake.ts.
 */
import type { Socket } from 'node:net'
import type { CodecError } from '../../codecs/codec-error.ts'
import { encodeAck, ForwardDecoder, type ForwardUnit } from '../../codecs/forward/decoder.ts'
import type { Cancel } from '../../pipeline/clock.ts'
import { tagForLog } from '../../pipeline/sink.ts'
import type { HostnameCache } from '../support/hostname-cache.ts'
import { Farewell } from '../support/farewell.ts'
import type { Peer } from '../support/peer.ts'
import { readRest } from '../support/read-rest.ts'
import type { Session } from '../support/session-server.ts'
import type { DecompressionError } from './decompression.ts'
import { Delivery, type DeliveryListener } from './delivery.ts'
import type { Handshake } from './handshake.ts'
import { HoldBack } from '../support/hold-back.ts'
import type { Limit } from './metrics.ts'
import type { Holder } from '../support/pending-frames.ts'
import type { SessionShare } from './session-share.ts'

/** Errors of the decoder that an option could have allowed. */
const DECODER_LIMITS: Readonly<Record<string, Limit>> = {
  frame_too_large: 'frame_max',
  depth_exceeded: 'depth_max',
}

/** Why a connection is ended; `fields` go into its log line. */
interface EndReason {
  readonly reason: string
  readonly limit?: Limit
  readonly fields?: Readonly<Record<string, unknown>>
}

export class ForwardSession implements DeliveryListener, Holder, Session {
  readonly closed: Promise<void>
  bytesRead = 0
  finishing = false

  readonly #socket: Socket
  readonly #peer: Peer
  readonly #share: SessionShare
  readonly #ready: Promise<void>
  readonly #farewell: Farewell
  #decoder: ForwardDecoder | null = null
  #delivery: Delivery | null = null
  #holdBack: HoldBack | null = null
  #handshake: Handshake | null = null
  #resolveClosed: () => void = () => undefined
  #drained: Promise<void> | null = null
  #cancelHandshake: Cancel | null = null
  #pendingBytes = 0
  #quietSweeps = 0
  #stalledSweeps = 0
  /** What still comes is thrown away. */
  #deaf = false
  #finSent = false

  constructor(socket: Socket, peer: Peer, share: SessionShare) {
    this.#socket = socket
    this.#peer = peer
    this.#share = share
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    this.#farewell = new Farewell(socket, share.context.timers)
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

  async untilReading(): Promise<void> {
    await this.#holdBack?.untilReading()
  }

  destroy(): void {
    this.#deaf = true
    this.#socket.destroy()
    this.#holdBack?.release()
    this.#resolveClosed()
  }

  sweep(): void {
    this.#quietSweeps++
    const isOurTurn = this.#delivery?.idle === false
    if (this.#quietSweeps > 2 && !isOurTurn && !this.finishing) {
      this.#end({ reason: 'idle_timeout', limit: 'idle_timeout' })
    }
  }

  sweepFrame(): void {
    const isTheirTurn = this.#pendingBytes > 0 && this.#holdBack?.active === false
    this.#stalledSweeps = isTheirTurn ? this.#stalledSweeps + 1 : 0
    if (this.#stalledSweeps > 2) this.#end({ reason: 'frame_timeout', limit: 'frame_timeout' })
  }

  async #open(): Promise<void> {
    const { hostnames, context, options, decompressor, inFlight, metrics } = this.#share
    const appendFields = this.#sourceFields(await this.#hostname(hostnames))
    const now = () => context.clock.now()
    const decoder = new ForwardDecoder({
      ...options.decoder,
      appendFields,
      now,
      ownsChunks: true,
    })
    const { tag, tagPrefix } = options
    const common = { context, decoder, decompressor, inFlight, metrics, tag, tagPrefix }
    const delivery = new Delivery({ ...common, listener: this })
    this.#decoder = decoder
    this.#delivery = delivery
    this.#holdBack = new HoldBack({
      socket: this.#socket,
      inFlight,
      bytesMax: options.connectionInFlightMaxBytes,
      limitHits: metrics.limitHits.connection_in_flight_max,
      bytes: () => delivery.bytes,
      read: (bytes) => this.#decode(bytes, decoder, delivery),
    })
    if (this.#socket.destroyed) return this.#onClose()
    this.#socket.on('end', () => this.#onPeerFinished())
    this.#socket.on('drain', () => this.#holdBack?.regulate())
    this.#greet()
    this.#socket.on('data', (bytes) => this.#read(bytes))
  }

  #hostname(hostnames: HostnameCache | null): Promise<string> | string {
    const { address } = this.#peer
    return hostnames && address !== null ? hostnames.nameOf(address) : ''
  }

  #sourceFields(hostname: string) {
    const { sourceAddressKey, sourceHostnameKey } = this.#share.options
    const { address } = this.#peer
    const fields: { key: string; value: string }[] = []
    if (address === null) return fields
    if (sourceAddressKey !== null) fields.push({ key: sourceAddressKey, value: address })
    if (sourceHostnameKey !== null) fields.push({ key: sourceHostnameKey, value: hostname })
    return fields
  }

  #greet(): void {
    const { authenticator, context, options } = this.#share
    if (!authenticator) return
    this.#handshake = authenticator.begin(this.#peer.address)
    this.#socket.write(this.#handshake.helo)
    this.#cancelHandshake = context.timers.after(options.handshakeTimeoutMs, () =>
      this.#end({ reason: 'handshake_timeout', limit: 'handshake_timeout' }),
    )
  }

  #read(bytes: Uint8Array): void {
    this.bytesRead += bytes.length
    this.#quietSweeps = this.#stalledSweeps = 0
    this.#share.metrics.receivedBytes.add(bytes.length)
    if (this.#deaf) return
    if (this.#handshake) this.#shakeHands(this.#handshake, bytes)
    else this.#holdBack?.offer(bytes)
  }

  #shakeHands(handshake: Handshake, bytes: Uint8Array): void {
    const result = handshake.push(bytes)
    if (!result) return
    this.#endHandshake()
    this.#socket.write(result.pong)
    if (result.refusal === null) this.#holdBack?.offer(result.rest)
    else this.#end({ reason: 'handshake_refused', fields: { cause: result.refusal } })
  }

  #endHandshake(): void {
    this.#cancelHandshake?.()
    this.#cancelHandshake = null
    this.#handshake = null
  }

  #decode(bytes: Uint8Array, decoder: ForwardDecoder, delivery: Delivery): void {
    if (this.#deaf) return
    const units = decoder.push(bytes)
    for (const unit of units) {
      if (this.#hasLongTag(unit)) return this.#endForTag(unit.tag)
      delivery.take(unit)
    }
    if (decoder.error) this.#endForBytes(decoder.error)
    else this.#notePending(decoder.pendingBytes)
    if (units.length > 0 && this.#share.options.denyKeepalive) void this.drain()
  }

  /** Here and not in the decoder, so that no way of reading goes past it. */
  #hasLongTag({ tag }: ForwardUnit): boolean {
    const { tagMaxBytes } = this.#share.options
    // A character of a string is three bytes of UTF-8 at most.
    return tag.length * 3 > tagMaxBytes && Buffer.byteLength(tag) > tagMaxBytes
  }

  #endForTag(tag: string): void {
    const found = `${Buffer.byteLength(tag)} bytes`
    const expected = `a tag of at most ${this.#share.options.tagMaxBytes} bytes`
    const fields = { tag: tagForLog(tag), found, expected }
    this.#end({ reason: 'tag_too_large', limit: 'tag_max', fields })
  }

  #endForBytes({ reason, offset, found, expected }: CodecError): void {
    const limit = DECODER_LIMITS[reason]
    this.#end({ reason, ...(limit && { limit }), fields: { offset, found, expected } })
  }

  #notePending(bytes: number): void {
    if (bytes === this.#pendingBytes) return
    this.#pendingBytes = bytes
    this.#share.pendingFrames.note(this, bytes)
  }

  evict(): void {
    this.#end({ reason: 'pending_frames_too_large', limit: 'pending_max' })
  }

  acknowledge(chunks: readonly Uint8Array[]): void {
    if (!this.#socket.writable || !this.#decoder) return
    const { format } = this.#decoder
    this.#share.metrics.acknowledgements.add(chunks.length)
    const [first] = chunks
    if (first && chunks.length === 1) this.#socket.write(encodeAck(first, format))
    else this.#socket.write(Buffer.concat(chunks.map((chunk) => encodeAck(chunk, format))))
  }

  refused(): void {
    this.#share.context.logger.info(
      { peer: this.#peer.text },
      'ended a connection so that its sender repeats what could not be taken',
    )
    this.#finish()
  }

  corrupt(error: DecompressionError): void {
    const { reason, message } = error
    const limit = reason === 'decompressed_max' ? { limit: reason } : {}
    this.#end({ reason, ...limit, fields: { cause: message } })
  }

  settled(): void {
    this.#holdBack?.regulate()
    this.#continueFinish()
  }

  #onPeerFinished(): void {
    if (this.#pendingBytes > 0) this.#noteTruncated()
    this.#finish()
  }

  #noteTruncated(): void {
    const fields = { offset: this.bytesRead, found: 'the end', expected: 'the rest of a message' }
    this.#note({ reason: 'truncated', fields: { ...fields, incompleteBytes: this.#pendingBytes } })
    this.#forgetPending()
  }

  #forgetPending(): void {
    this.#notePending(0)
    this.#decoder?.discard()
  }

  /** Takes nothing more from this peer; what came before is delivered and acknowledged. */
  #end(reason: EndReason): void {
    if (this.#deaf) return
    this.#note(reason)
    this.#deaf = true
    this.#forgetPending()
    this.#finish()
  }

  #note({ reason, limit, fields = {} }: EndReason): void {
    const { metrics, context } = this.#share
    metrics.errors(reason).add(1)
    if (limit !== undefined) metrics.limitHits[limit].add(1)
    context.logger.warn({ peer: this.#peer.text, reason, ...fields }, 'ended a connection')
  }

  #finish(): void {
    if (this.finishing) return
    this.finishing = true
    // Whoever has not proved anything yet is not listened to any more.
    if (this.#handshake) this.#deaf = true
    this.#endHandshake()
    this.#delivery?.end()
    if (this.#deaf) this.#holdBack?.release()
    this.#continueFinish()
  }

  #continueFinish(): void {
    const delivery = this.#delivery
    if (!this.finishing || !delivery?.answered) return
    if (!this.#finSent) this.#sendFin(delivery)
    if (this.#socket.destroyed && delivery.idle) this.#resolveClosed()
  }

  #sendFin(delivery: Delivery): void {
    this.#finSent = true
    delivery.stopAnswering()
    // Unread bytes would turn our FIN into a RST, which takes acknowledgements along.
    this.#holdBack?.release()
    this.#farewell.say()
  }

  #onClose(): void {
    this.#holdBack?.release()
    if (this.#pendingBytes > 0) this.#noteTruncated()
    this.#finish()
    this.#farewell.cancel()
    this.#delivery?.end()
    this.#continueFinish()
  }
}
