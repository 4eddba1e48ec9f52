/**
 * `POST /gelf`: one message, or several with a line break or NUL behind each, compressed or not.
 * 202 says that all are delivered, messages that could not be read among them, as text. 503 says
 * that not all are, and that the sender should send all again.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GelfDecoder } from '../../codecs/gelf/decoder.ts'
import type { GelfRun } from '../../codecs/gelf/collector.ts'
import { sizeInBytes } from '../../config/units.ts'
import { HttpBody } from '../support/http-body.ts'
import { HttpError } from '../support/http-error.ts'
import type { InFlight } from '../support/in-flight.ts'
import { plainAddress } from '../support/peer.ts'
import type { GelfShare } from './share.ts'
import { unpack } from './unpacking.ts'

/** Seconds after which there may be room. */
const RETRY_AFTER = 1

export interface GelfRequestsOptions {
  readonly share: GelfShare
  readonly inFlight: InFlight
  /** Fires when bodies are not waited for any more. */
  readonly closing: () => AbortSignal
}

export class GelfRequests {
  readonly #options: GelfRequestsOptions
  readonly #bodyMaxBytes: number

  constructor(options: GelfRequestsOptions) {
    this.#options = options
    this.#bodyMaxBytes = sizeInBytes(options.share.config.body_max)
  }

  addRoutes(app: FastifyInstance): void {
    app.post('/gelf', (request, reply) => this.#answer(request, reply))
  }

  async #answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { share, inFlight } = this.#options
    if (inFlight.isOver) throw unavailable('too much waits to be delivered')
    const body = await this.#readBody(request)
    const address = plainAddress(request.ip ?? '')
    const source = share.sourceOf({ address: address || null, hostname: address })
    const decoder = new GelfDecoder(share.decoder, source)
    const runs = [...decoder.push(body), ...decoder.end()]
    if (!(await this.#deliver(runs))) throw unavailable('an output does not take them now')
    share.metrics.requests.add(1)
    return reply.code(202).send()
  }

  async #readBody({ raw }: FastifyRequest): Promise<Uint8Array> {
    const bodyMaxBytes = this.#bodyMaxBytes
    // pygelf and graypy say `gzip,deflate` of what is either, so its first bytes have to tell.
    if (raw.headers['content-encoding']?.includes(',')) delete raw.headers['content-encoding']
    const body = new HttpBody(raw, {
      compressedMaxBytes: bodyMaxBytes,
      decompressedMaxBytes: bodyMaxBytes,
      closing: this.#options.closing(),
    })
    try {
      // Some compress and do not say so.
      const bytes = unpack(await body.readAll(bodyMaxBytes), bodyMaxBytes)
      if (typeof bytes === 'string') throw unreadable(bytes, bodyMaxBytes)
      // A copy, as the decoder gives the memory back, and a Buffer's may be the pool's.
      return new Uint8Array(bytes)
    } finally {
      body.close()
    }
  }

  /** Whether none of them has to come again. */
  async #deliver(runs: readonly GelfRun[]): Promise<boolean> {
    const { share, inFlight } = this.#options
    const origin = {}
    const outcomes = await Promise.all(
      runs.map(async ({ tag, entries, count, lease }) => {
        const bytes = entries.length
        inFlight.add(bytes)
        const outcome = await share.context.deliver({ tag, entries, count, origin })
        lease.release()
        inFlight.remove(bytes)
        return outcome
      }),
    )
    if (runs.length > 0) share.context.closed(origin)
    return !outcomes.includes('retry')
  }
}

function unavailable(cause: string): HttpError {
  const message = `cannot take the messages: ${cause}; expected them again later`
  return new HttpError(503, message, { reason: 'unavailable', retryAfter: RETRY_AFTER })
}

function unreadable(fault: string, bytesMax: number): HttpError {
  const isTooLarge = fault === 'message_too_large'
  const message = isTooLarge
    ? `cannot take the body: decompressed it has more than ${bytesMax} bytes (body_max)`
    : 'cannot decompress the body: it is corrupt; expected gzip, zlib or zstd'
  return new HttpError(isTooLarge ? 413 : 400, message, { reason: fault })
}
