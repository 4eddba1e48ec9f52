/**
 * One POST: reads its body piece by piece, makes entries of it, delivers them while it reads on,
 * and answers when all is delivered. What the answer says of `accepted` events holds from the first
 * one on, so that a sender knows from where to send again.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CodecError } from '../../codecs/codec-error.ts'
import { JsonFormat } from '../../codecs/formats/json.ts'
import { NoneFormat } from '../../codecs/formats/none.ts'
import type { BodyDecoder } from '../../codecs/records/body-decoder.ts'
import { JsonBody } from '../../codecs/records/json-body.ts'
import { LineBody } from '../../codecs/records/line-body.ts'
import { MsgpackBody } from '../../codecs/records/msgpack-body.ts'
import { RecordCollector, type RunTime } from '../../codecs/records/record-collector.ts'
import type { TimeReader } from '../../codecs/time/time-reader.ts'
import type { InputContext } from '../../pipeline/component.ts'
import { HttpBody } from '../support/http-body.ts'
import { HttpError } from '../support/http-error.ts'
import type { InFlight } from '../support/in-flight.ts'
import { addParameters, FormBody } from './form-body.ts'
import type { HttpMetrics } from './metrics.ts'
import { readMultipart } from './multipart-body.ts'
import {
  type BodyKind,
  bodyKindOf,
  fieldsOf,
  peerFields,
  queryOf,
  tagOf,
  timeOf,
  type TagOptions,
} from './request-facts.ts'
import { RequestDelivery } from './request-delivery.ts'
import type { HttpConfig } from './schema.ts'
import type { Parameters } from './url-form.ts'

export interface IntakeShare {
  readonly config: HttpConfig
  readonly context: InputContext
  readonly inFlight: InFlight
  readonly metrics: HttpMetrics
  readonly closing: AbortSignal
  readonly sizes: Readonly<Record<'body' | 'line' | 'decompressed' | 'requestInFlight', number>>
  readonly tag: TagOptions
  /** Null for the usual ways to write a time. */
  readonly timeReader: TimeReader | null
  readonly roomTimeoutMs: number
  readonly answerTimeoutMs: number
}

/** Where plain text goes, as in the events of Docker's drivers. */
const TEXT_KEY = 'log'
/** Seconds after which a sender may try again. */
const RETRY_AFTER = 1
/** JSON becomes smaller as msgpack, but for the head of each entry. */
const GROWTH = 1.25

export class Intake {
  readonly #share: IntakeShare
  readonly #url: string
  readonly #kind: BodyKind
  readonly #query: Parameters
  readonly #request: IncomingMessage
  readonly #body: HttpBody
  readonly #collector: RecordCollector
  readonly #delivery: RequestDelivery
  #time: RunTime
  #failedCount = 0

  /** Throws an HttpError for what can be told from the head. */
  constructor({ raw }: FastifyRequest, share: IntakeShare) {
    const { config, context, inFlight, closing, sizes } = share
    const { headers, socket } = raw
    this.#share = share
    this.#request = raw
    this.#url = raw.url ?? '/'
    this.#kind = bodyKindOf(headers)
    this.#query = queryOf(this.#url)
    this.#time = timeOf(this.#query, context.clock.now())
    const fields = fieldsOf(
      { headers, remoteAddress: socket.remoteAddress, query: this.#query },
      config,
    )
    const timeKey = config.time_key === '' ? null : config.time_key
    const failedFields = peerFields(socket.remoteAddress, config)
    this.#collector = new RecordCollector({
      ...{ fields, timeKey, timeReader: share.timeReader, failedFields },
    })
    const tag = tagOf(this.#url, socket.remoteAddress, share.tag)
    const bytesMax = sizes.requestInFlight
    this.#delivery = new RequestDelivery({ context, inFlight, tag, bytesMax })
    this.#body = new HttpBody(raw, {
      compressedMaxBytes: sizes.body,
      decompressedMaxBytes: sizes.decompressed,
      closing,
    })
  }

  /** Rejects with an HttpError. */
  async answer(reply: FastifyReply): Promise<FastifyReply> {
    try {
      await this.#read()
      await this.#settle()
      return await reply.send(this.#result())
    } catch (error) {
      throw await this.#withCounts(error)
    } finally {
      this.#body.close()
      this.#delivery.close()
    }
  }

  async #read(): Promise<void> {
    if (this.#kind === 'multipart') return this.#readMultipart()
    const decoder = this.#makeDecoder(this.#kind)
    for (;;) {
      if (!(await this.#delivery.reserve(this.#share.roomTimeoutMs))) throw this.#busy()
      const bytes = await this.#body.read()
      if (bytes === null) break
      this.#share.metrics.receivedBytes.add(bytes.length)
      this.#collector.begin(bytes.length * GROWTH, this.#time)
      const fault = decoder.push(bytes, this.#collector)
      this.#delivery.hold(decoder.heldBytes)
      this.#deliver()
      if (fault) throw badBody(fault)
      if (this.#delivery.hasFailed) throw unavailable()
    }
    this.#collector.begin(decoder.heldBytes * GROWTH, this.#time)
    this.#finish(decoder.end(this.#collector))
  }

  /** A fault in what is read as a whole means that nothing of it is taken. */
  #finish(fault: CodecError | null): void {
    if (fault) throw badBody(fault)
    this.#deliver()
  }

  #deliver(): void {
    const { count, failedCount } = this.#collector
    const entries = this.#collector.finish()
    if (count === 0) return
    this.#failedCount += failedCount
    this.#share.metrics.parseFailed.add(failedCount)
    this.#delivery.take(entries, count, this.#collector.lease)
  }

  async #settle(): Promise<void> {
    if (!(await this.#delivery.untilSettled(this.#share.answerTimeoutMs))) throw overdue()
    if (this.#delivery.hasFailed) throw unavailable()
  }

  async #readMultipart(): Promise<void> {
    const { sizes, roomTimeoutMs } = this.#share
    if (!(await this.#delivery.reserve(roomTimeoutMs))) throw this.#busy()
    const bytes = await this.#body.readAll(sizes.body)
    this.#share.metrics.receivedBytes.add(bytes.length)
    this.#delivery.hold(bytes.length)
    const form = await readMultipart(bytes, this.#request.headers['content-type'] ?? '')
    this.#collector.begin(bytes.length, this.#time)
    const parameters = new Map([...this.#query, ...form])
    this.#finish(addParameters(parameters, this.#formOptions(), this.#collector))
  }

  #makeDecoder(kind: Exclude<BodyKind, 'multipart'>): BodyDecoder {
    const { config, sizes, context } = this.#share
    const depthMax = config.depth_max
    const lineMaxBytes = sizes.line
    switch (kind) {
      case 'ndjson':
        return new LineBody({ format: new JsonFormat(depthMax), lineMaxBytes, pieceKey: null })
      case 'text':
        return new LineBody({ format: new NoneFormat(TEXT_KEY), lineMaxBytes, pieceKey: TEXT_KEY })
      case 'msgpack':
        return new MsgpackBody({
          ...{ depthMax, valueMaxBytes: sizes.body },
          now: () => context.clock.now(),
        })
      case 'form':
        return new FormBody({ ...this.#formOptions(), query: this.#query })
      case 'json':
        // Fluentd takes records in the URL, too.
        if (this.#query.has('json') || this.#query.has('msgpack'))
          return new FormBody({ ...this.#formOptions(), query: this.#query })
        return new JsonBody(depthMax, sizes.body)
    }
  }

  #formOptions() {
    const { config, sizes, context } = this.#share
    const now = () => context.clock.now()
    const onParameters = (parameters: Parameters) =>
      this.#collector.setTime(timeOf(parameters, context.clock.now()))
    return { depthMax: config.depth_max, bytesMax: sizes.body, now, onParameters }
  }

  #result() {
    const { accepted, rejected, undecided } = this.#delivery
    return {
      accepted,
      ...(undecided > 0 && { undecided }),
      ...(this.#failedCount > 0 && { parse_failed: this.#failedCount }),
      ...(rejected > 0 && { rejected }),
    }
  }

  #busy(): HttpError {
    const message = 'cannot take more at the moment: too much waits to be delivered'
    return new HttpError(429, message, { reason: 'in_flight_max', retryAfter: RETRY_AFTER })
  }

  /** Whoever is refused after a part is told how much of it was taken, and how much may yet be. */
  async #withCounts(error: unknown): Promise<unknown> {
    if (!(error instanceof HttpError)) return error
    if (error.details.reason !== 'answer_timeout')
      await this.#delivery.untilSettled(this.#share.answerTimeoutMs)
    const fields = { ...error.details.fields, ...this.#result() }
    return new HttpError(error.status, error.message, { ...error.details, fields })
  }
}

function badBody(fault: CodecError): HttpError {
  const { reason, offset } = fault
  if (reason === 'body_max') {
    const trouble = `it has more than ${offset} bytes`
    const message = `cannot take the body: ${trouble}; expected ${fault.expected}`
    return new HttpError(413, message, { reason })
  }
  return new HttpError(400, fault.message, { reason, fields: { reason, offset } })
}

function unavailable(): HttpError {
  const message = 'cannot deliver at the moment; expected the rest again, later'
  return new HttpError(503, message, { reason: 'not_taken', retryAfter: RETRY_AFTER })
}

function overdue(): HttpError {
  const message = 'cannot say that all is delivered: it takes too long, and may still happen'
  return new HttpError(503, message, { reason: 'answer_timeout', retryAfter: RETRY_AFTER })
}
