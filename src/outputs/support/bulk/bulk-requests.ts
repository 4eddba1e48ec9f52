/** Sends bodies to the bulk API, at the pace the server takes, and counts. */
import { BULK_FILTER_PATH, type SentDocuments } from '../../../codecs/bulk/answer.ts'
import type { Clock } from '../../../pipeline/clock.ts'
import type { Logger } from '../../../pipeline/logger.ts'
import { compressed, type Compression } from './compress.ts'
import type { BulkMetrics } from './metrics.ts'
import type { Pace } from './pace.ts'
import { giveBack } from './read-answer.ts'
import { type NotTaken, type RequestOutcome, requestOutcome } from './request-outcome.ts'
import type { Session } from './session.ts'
import {
  type ServerReply,
  type Transport,
  TransportError,
  type TransportFault,
} from './transport.ts'

export interface BulkRequestsOptions {
  readonly transport: Transport
  readonly session: Session
  readonly pace: Pace
  readonly compression: Compression
  readonly compressLevel: number
  readonly metrics: BulkMetrics
  readonly clock: Clock
  readonly logger: Logger
}

/** Where documents of a request go. */
export interface BulkAddress {
  readonly target: string
  readonly query: Readonly<Record<string, string>>
}

/** Of a server that does not know a compression. */
const NOT_KNOWN_STATUSES = [400, 406, 415]
/** What stays as it is until somebody sets it right. */
const HELD_FAULTS: readonly TransportFault[] = ['setup', 'tls', 'answer_too_large']

export class BulkRequests {
  readonly #options: BulkRequestsOptions
  #compression: Compression

  constructor(options: BulkRequestsOptions) {
    this.#options = options
    this.#compression = options.compression
  }

  async send(
    address: BulkAddress,
    sent: SentDocuments,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<RequestOutcome> {
    const { pace, clock, metrics } = this.#options
    const beganAtMs = await pace.begin()
    let outcome: RequestOutcome
    try {
      outcome = await this.#outcome(address, sent, body, signal)
    } finally {
      pace.done()
    }
    metrics.seconds.add((clock.monotonic() - beganAtMs) / 1000)
    metrics.requests(outcome.kind).add(1)
    this.#learn(outcome, body.length, beganAtMs)
    return outcome
  }

  async #outcome(
    address: BulkAddress,
    sent: SentDocuments,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<RequestOutcome> {
    try {
      const problem = await this.#options.session.ready(signal)
      if (problem) return problem
      const reply = await this.#post(address, body, signal)
      const outcome = requestOutcome(reply, sent)
      // Nothing of the outcome is a view of it.
      giveBack(reply.body)
      return outcome
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      return unanswered(error)
    }
  }

  async #post(address: BulkAddress, body: Uint8Array, signal: AbortSignal): Promise<ServerReply> {
    const compression = this.#compression
    const reply = await this.#postAs(compression, address, body, signal)
    if (compression !== 'zstd' || !NOT_KNOWN_STATUSES.includes(reply.status)) return reply
    const other = await this.#postAs('gzip', address, body, signal)
    // Whether it was the compression shows only now.
    if (other.status === 200 && this.#compression === 'zstd') {
      this.#compression = 'gzip'
      this.#options.logger.warn({}, 'the server does not take zstd: bodies are sent as gzip')
    }
    return other
  }

  async #postAs(
    compression: Compression,
    { target, query }: BulkAddress,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<ServerReply> {
    const { transport, metrics, compressLevel } = this.#options
    const bytes = compression === 'none' ? body : await compressed(body, compression, compressLevel)
    metrics.bodyBytes.add(body.length)
    metrics.sentBytes.add(bytes.length)
    const path = `/${encodeURIComponent(target)}/_bulk`
    const headers = compression === 'none' ? {} : { 'content-encoding': compression }
    const request = { method: 'POST', path, body: bytes, bodyType: 'ndjson', headers } as const
    return transport.request(
      { ...request, query: { ...query, filter_path: BULK_FILTER_PATH } },
      signal,
    )
  }

  #learn(outcome: RequestOutcome, bytes: number, beganAtMs: number): void {
    const { pace, session, transport } = this.#options
    switch (outcome.kind) {
      case 'stored':
        return pace.went(bytes, beganAtMs)
      case 'items':
        if (outcome.answer.statuses.includes(429)) return pace.slow(beganAtMs)
        return pace.went(bytes, beganAtMs)
      case 'too_large':
        return pace.tooLarge(bytes)
      case 'refused':
        return
      case 'retry':
      case 'hold':
        if (outcome.isOverload) return pace.slow(beganAtMs)
        // Whoever answers next may be somebody else, or know new credentials.
        session.end()
        if (outcome.isRefusal) transport.renew()
    }
  }
}

function unanswered({ kind, message: reason }: TransportError): NotTaken {
  return {
    kind: HELD_FAULTS.includes(kind) ? 'hold' : 'retry',
    reason,
    isOverload: kind === 'timeout',
    // A certificate may be a new one.
    isRefusal: kind === 'connection' || kind === 'tls',
  }
}
