/** Delivers chunks to a server with the bulk API, whichever it is. */
import type { BulkFormat, BulkEncoder } from '../../../codecs/bulk/format.ts'
import { LineStarts } from '../../../codecs/bulk/format.ts'
import { createBulkEncoder } from '../../../codecs/kernel/bulk-lines.ts'
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { sizeInBytes } from '../../../config/units.ts'
import type { ChunkedOutput, OutputContext } from '../../../pipeline/component.ts'
import { untilDeadline } from '../../../pipeline/deadline.ts'
import {
  type Chunk,
  type ChunkAnswer,
  type DeliveryHabit,
  USUAL_HABIT,
} from '../../../pipeline/delivery/chunk.ts'
import { ChunkTemplate } from '../../../pipeline/delivery/keys/chunk-template.ts'
import { type BulkAddress, BulkRequests } from './bulk-requests.ts'
import { ChunkDelivery } from './chunk-delivery.ts'
import { Fates } from './fates.ts'
import { formatOf } from './format.ts'
import type { Product } from './identify.ts'
import type { Lot } from './lot.ts'
import { bulkMetrics, type BulkMetrics } from './metrics.ts'
import { Pace } from './pace.ts'
import { Repairs } from './repairs.ts'
import type { BulkConfig } from './schema.ts'
import { Session, type SetUp } from './session.ts'
import { Target } from './target.ts'
import type { Transport } from './transport.ts'

export interface BulkOutputParts {
  readonly product: Product
  readonly transport: Transport
  readonly setUp: SetUp
}

/** The action lines say nothing that the request's own path and query do. */
const ACTION = { index: null, pipeline: null, routing: null }
const STOPPED = { kind: 'retry', reason: 'the output has stopped' } as const
/** Of a document's JSON over its entry's bytes, about: names of time and tag, the id. */
const GROWTH = 1.5
/** Memory of a body that is kept for the next chunk. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024
/** Bodies on their way at a time, where nothing speaks against more than one. */
const CONCURRENCY = 4
/** So long at most a small body waits while others are on their way. */
const GATHER_MS = 200

interface Body {
  readonly writer: ByteWriter
  readonly starts: LineStarts
}

export class BulkOutput implements ChunkedOutput {
  /** It does not know before it has tried. */
  readonly problem = null
  /** Its requests have a timeout each, and a chunk may need many. */
  readonly withoutTimeout = true
  readonly habit: DeliveryHabit
  readonly #context: OutputContext
  readonly #transport: Transport
  readonly #requests: BulkRequests
  readonly #pace: Pace
  readonly #metrics: BulkMetrics
  readonly #format: BulkFormat
  readonly #encode: BulkEncoder
  readonly #target: Target
  readonly #pipeline: ChunkTemplate | null
  readonly #routing: ChunkTemplate | null
  readonly #isRepairing: boolean
  readonly #deliveries = new Set<Promise<unknown>>()
  /** Of deliveries under way. */
  readonly #controllers = new Set<AbortController>()
  readonly #spare: Body[] = []
  /** The server has taken documents. */
  #isTrusted = false
  #isStopped = false

  constructor(config: BulkConfig, context: OutputContext, parts: BulkOutputParts) {
    const { transport } = parts
    this.habit = habitOf(config)
    const { clock, logger, metrics } = context
    this.#context = context
    this.#transport = transport
    this.#metrics = bulkMetrics(metrics)
    this.#format = formatOf(config)
    this.#encode = createBulkEncoder(this.#format)
    this.#target = new Target(config)
    this.#pipeline = templateOf(config.pipeline)
    this.#routing = templateOf(config.routing)
    this.#isRepairing = config.repair
    this.#pace = new Pace({
      bodyBytesMax: sizeInBytes(config.body_max),
      requestsMax: config.requests_max,
      ...{ clock, metrics },
    })
    this.#requests = new BulkRequests({
      ...{ transport, clock, logger, pace: this.#pace, metrics: this.#metrics },
      session: new Session({ ...parts, logger }),
      ...{ compression: config.compress, compressLevel: config.compress_level },
    })
  }

  /** The client is loaded with the first request: a start does not wait for it. */
  async start(): Promise<void> {}

  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopped = true
    await untilDeadline(deadline, Promise.allSettled(this.#deliveries))
    for (const controller of this.#controllers) controller.abort()
    await untilDeadline(deadline, this.#transport.close())
    this.#context.memory.close()
  }

  deliverChunk(chunk: Chunk, signal: AbortSignal): Promise<ChunkAnswer> {
    if (this.#isStopped) return Promise.resolve(STOPPED)
    const delivery = this.#deliverUntil(chunk, signal).finally(() =>
      this.#deliveries.delete(delivery),
    )
    this.#deliveries.add(delivery)
    return delivery
  }

  /** Until the signal fires, or the output is stopped for good. */
  async #deliverUntil(chunk: Chunk, signal: AbortSignal): Promise<ChunkAnswer> {
    const controller = new AbortController()
    const onAbort = () => controller.abort()
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    this.#controllers.add(controller)
    try {
      return await this.#deliver(chunk, controller.signal)
    } finally {
      this.#controllers.delete(controller)
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #deliver(chunk: Chunk, signal: AbortSignal): Promise<ChunkAnswer> {
    const body = this.#spare.pop() ?? newBody(chunk)
    const lot = this.#encoded(chunk, body)
    const held = body.writer.bytes.length
    this.#context.memory.add(held)
    try {
      const fates = await this.#send(chunk, lot, signal)
      // What it answers then is not looked at, and the documents come again.
      if (!signal.aborted)
        fates.counts.forEach((count, fate) => this.#metrics.documents[fate]!.add(count))
      return fates.answer()
    } finally {
      this.#context.memory.add(-held)
      if (!signal.aborted && held <= KEPT_BYTES_MAX && this.#spare.length < CONCURRENCY)
        this.#spare.push(body)
    }
  }

  async #send(chunk: Chunk, lot: Lot, signal: AbortSignal): Promise<Fates> {
    const fates = new Fates(chunk)
    const { operation, timeField, tagField } = this.#format
    const address = this.#addressOf(chunk)
    const delivery = new ChunkDelivery({
      ...{ operation, fates },
      repairs: this.#isRepairing ? new Repairs({ time: timeField, tag: tagField }) : null,
      bodyBytes: () => this.#pace.bodyBytes,
      send: (sent, bytes) => this.#requests.send(address, sent, bytes, signal),
    })
    const { hasStored } = await delivery.run(lot, this.#isTrusted)
    this.#isTrusted ||= hasStored
    return fates
  }

  /** At once, as entries must not be read once the signal has fired. */
  #encoded({ batches, events }: Chunk, { writer, starts }: Body): Lot {
    writer.clear()
    starts.clear()
    for (const batch of batches) this.#encode(batch, ACTION, writer, starts)
    return { body: writer.written(), starts, documents: null, first: 0, count: events }
  }

  #addressOf(chunk: Chunk): BulkAddress {
    const pipeline = this.#pipeline?.render(chunk)
    const routing = this.#routing?.render(chunk)
    return {
      target: this.#target.nameFor(chunk),
      query: {
        ...(pipeline !== undefined && { pipeline }),
        ...(routing !== undefined && { routing }),
      },
    }
  }
}

/** Of documents that nobody else writes it does not matter which is stored first. */
function habitOf({ op_type: operation, id }: BulkConfig): DeliveryHabit {
  const isEachNew = (operation === 'create' || operation === 'index') && id !== 'field'
  return isEachNew
    ? { concurrency: CONCURRENCY, isOrdered: false, gatherMs: GATHER_MS }
    : { ...USUAL_HABIT, gatherMs: GATHER_MS }
}

function newBody({ bytes, events }: Chunk): Body {
  return {
    writer: new ByteWriter(Math.ceil(bytes * GROWTH) + events * 64),
    starts: new LineStarts(),
  }
}

function templateOf(text: string | undefined): ChunkTemplate | null {
  return text === undefined ? null : new ChunkTemplate(text)
}
