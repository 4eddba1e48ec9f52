/**
 * Takes the units of one connection through the pipeline in their order, without waiting for one
 * before the next, and acknowledges them by their outcome alone. Which acknowledgement may go when:
 * acknowledgements.ts. Compressed units wait for their decompression, and those behind for them.
 */
import type { Outcome } from '../../pipeline/batch.ts'
import type { InputContext } from '../../pipeline/component.ts'
import type { ForwardDecoder, ForwardUnit } from '../../codecs/forward/decoder.ts'
import { tagForLog } from '../../pipeline/sink.ts'
import { Acknowledgements, type Request } from './acknowledgements.ts'
import type { ForwardMetrics } from './metrics.ts'
import { DecompressionError, type Decompressor } from './decompression.ts'
import { answerBytes, heldBytes } from './held-bytes.ts'
import type { InFlight } from '../support/in-flight.ts'

export interface DeliveryOptions {
  readonly context: InputContext
  readonly decoder: ForwardDecoder
  readonly decompressor: Decompressor
  readonly inFlight: InFlight
  readonly metrics: ForwardMetrics
  /** Replaces the tag of every unit, unless null. */
  readonly tag: string | null
  /** Put before every tag, with its dot; or empty. */
  readonly tagPrefix: string
  readonly listener: DeliveryListener
}

/** The connection, as its delivery sees it. */
export interface DeliveryListener {
  /** To be written at once: one write for all that is ready. */
  acknowledge(chunks: readonly Uint8Array[]): void
  /** A request was not taken: the connection must end, so that the sender sends it again. */
  refused(): void
  /** A payload cannot be decompressed. */
  corrupt(error: DecompressionError): void
  /** Something was settled: there may be room, or nothing left to wait for. */
  settled(): void
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #acknowledgements = new Acknowledgements()
  /** Behind the payload that is being decompressed. */
  #queue: ForwardUnit[] = []
  #decompressing = false
  #flushDue = false
  #unsettled = 0
  #bytes = 0
  /** What the pipeline knows the connection by; null before its first batch. */
  #origin: object | null = null
  #ending = false
  #answering = true

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Memory held for what is not settled or not acknowledged yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether all that was asked for is acknowledged, or will never be. */
  get answered(): boolean {
    return !this.#decompressing && !this.#acknowledgements.owing
  }

  /** Whether nothing that was taken is on its way any more. */
  get idle(): boolean {
    return !this.#decompressing && this.#unsettled === 0
  }

  take(unit: ForwardUnit): void {
    if (this.#ending && unit.chunks.length > 0) return
    const bytes = heldBytes(unit)
    this.#hold(bytes)
    if (unit.kind === 'compressed' || this.#decompressing) {
      this.#queue.push(unit)
      if (!this.#decompressing) void this.#workQueue()
    } else this.#pass(unit, bytes)
  }

  /**
   * The connection ends, so the pipeline need not wait for more of it. What was taken goes on; a
   * request that still comes is not taken, as its sender will repeat it elsewhere.
   */
  end(): void {
    this.#ending = true
    this.#closeOrigin()
  }

  /**
   * From now on no acknowledgement can be sent. A request that asks for one is not taken either:
   * its sender will repeat it, and it would be there twice.
   */
  stopAnswering(): void {
    this.#answering = false
    this.#forget(this.#acknowledgements.abandon())
  }

  async #workQueue(): Promise<void> {
    this.#decompressing = true
    for (let unit = this.#queue.shift(); unit; unit = this.#queue.shift()) {
      if (unit.kind === 'compressed') await this.#decompress(unit)
      else this.#pass(unit, heldBytes(unit))
    }
    this.#decompressing = false
    if (this.#ending) this.#closeOrigin()
    this.#options.listener.settled()
  }

  async #decompress(unit: Extract<ForwardUnit, { kind: 'compressed' }>): Promise<void> {
    const { decoder, decompressor, listener } = this.#options
    const before = heldBytes(unit)
    if (!this.#isWanted(unit)) return this.#refuse(unit, before)
    const payload = await decompressor.decompress(unit.codec, unit.payload).catch(asError)
    unit.lease?.release()
    if (payload instanceof DecompressionError) {
      this.#release(before)
      // What was asked for before this may still be acknowledged, but nothing behind it.
      this.#answering = false
      return listener.corrupt(payload)
    }
    const decoded = decoder.decodePayload(unit.tag, payload, unit.chunks, unit.wireBytes)
    const bytes = heldBytes(decoded, payload.length)
    this.#hold(bytes)
    this.#release(before)
    this.#pass(decoded, bytes)
  }

  /** `bytes` is what `#hold` was told for the unit. */
  #pass(unit: ForwardUnit, bytes: number): void {
    if (unit.kind === 'compressed') throw new Error('BUG: a payload inside a payload')
    if (!this.#isWanted(unit)) return this.#refuse(unit, bytes)
    const tag = this.#tagOf(unit)
    this.#reportDropped(tag, unit)
    const { count, chunks } = unit
    const owed = answerBytes(unit)
    const request: Request = {
      tag,
      count,
      bytes: bytes - owed,
      answerBytes: owed,
      chunks,
      lease: unit.lease,
      outcome: 'pending',
    }
    if (chunks.length > 0) this.#acknowledgements.add(request)
    this.#unsettled++
    if (unit.kind === 'refused' || count === 0) this.#settle(request, 'rejected')
    else this.#deliver(request, unit.entries)
  }

  #refuse(unit: ForwardUnit, bytes: number): void {
    unit.lease?.release()
    this.#release(bytes)
  }

  #isWanted(unit: ForwardUnit): boolean {
    return this.#answering || unit.chunks.length === 0
  }

  #deliver(request: Request, entries: Uint8Array): void {
    const { tag, count } = request
    this.#origin ??= {}
    void this.#options.context
      .deliver({ tag, entries, count, origin: this.#origin })
      .then((outcome) => this.#settle(request, outcome))
  }

  #settle(request: Request, outcome: Outcome): void {
    request.outcome = outcome
    this.#unsettled--
    const { tag, count, chunks, bytes, lease } = request
    lease?.release()
    if (outcome === 'retry') {
      if (chunks.length > 0) this.#answering = false
      else this.#options.context.lose(tag, count, 'retry_without_acknowledgement')
    }
    if (this.#acknowledgements.ready) this.#flushSoon()
    this.#release(bytes)
    this.#options.listener.settled()
  }

  /** After all that settles in this turn, so that one write carries it; nothing is waited for. */
  #flushSoon(): void {
    if (this.#flushDue) return
    this.#flushDue = true
    process.nextTick(this.#flush)
  }

  readonly #flush = (): void => {
    const { listener } = this.#options
    this.#flushDue = false
    const ready = this.#acknowledgements.takeReady()
    if (ready.length > 0) listener.acknowledge(chunksOf(ready))
    this.#forget(ready)
    if (this.#acknowledgements.ready) {
      this.stopAnswering()
      listener.refused()
    }
    listener.settled()
  }

  /** Requests that are answered, or never will be. */
  #forget(requests: readonly Request[]): void {
    let bytes = 0
    for (const request of requests) bytes += request.answerBytes
    if (bytes > 0) this.#release(bytes)
  }

  #closeOrigin(): void {
    if (this.#decompressing || this.#origin === null) return
    this.#options.context.closed(this.#origin)
    this.#origin = null
  }

  #reportDropped(tag: string, unit: Exclude<ForwardUnit, { kind: 'compressed' }>): void {
    if (unit.kind === 'refused') this.#drop(tag, unit.count, unit.reason)
    else if (unit.invalid) {
      for (const [reason, count] of unit.invalid) this.#drop(tag, count, reason)
    }
  }

  #drop(tag: string, count: number, reason: string): void {
    const { context, metrics } = this.#options
    if (reason === 'depth_exceeded') metrics.limitHits.depth_max.add(1)
    context.drop(tag, count, reason)
    context.logger.warn(
      { tag: tagForLog(tag), count, reason },
      'dropped events that cannot be read',
    )
  }

  #tagOf(unit: ForwardUnit): string {
    const { tag, tagPrefix } = this.#options
    return tagPrefix === '' ? (tag ?? unit.tag) : tagPrefix + (tag ?? unit.tag)
  }

  #hold(bytes: number): void {
    this.#bytes += bytes
    this.#options.inFlight.add(bytes)
  }

  #release(bytes: number): void {
    this.#bytes -= bytes
    this.#options.inFlight.remove(bytes)
  }
}

function chunksOf(requests: readonly Request[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (const request of requests) {
    for (const chunk of request.chunks) chunks.push(chunk)
  }
  return chunks
}

function asError(error: unknown): DecompressionError {
  if (error instanceof DecompressionError) return error
  throw error
}
