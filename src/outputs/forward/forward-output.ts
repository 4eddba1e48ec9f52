/** Sends chunks to servers that speak the forward protocol, and says what became of them. */
import { durationInMs } from '../../config/units.ts'
import type { ChunkedOutput, OutputContext } from '../../pipeline/component.ts'
import { untilDeadline } from '../../pipeline/deadline.ts'
import { type Chunk, type ChunkAnswer, DELIVERED } from '../../pipeline/delivery/chunk.ts'
import { ChunkTemplate } from '../../pipeline/delivery/keys/chunk-template.ts'
import { Dialer } from './dialer.ts'
import { Exchange, type ExchangeOptions } from './exchange.ts'
import { type Message, messagesOf } from './message.ts'
import { type ForwardMetrics, forwardMetrics } from './metrics.ts'
import { type ForwardConfig, serversOf } from './schema.ts'
import { ServerError } from './server-error.ts'
import { ServerPool, type Taken } from './server-pool.ts'

export class ForwardOutput implements ChunkedOutput {
  /** It does not know before it has tried. */
  readonly problem = null
  readonly #dialer: Dialer
  readonly #pool: ServerPool
  /** What events are sent on under; null for their own tags. */
  readonly #tag: ChunkTemplate | null
  readonly #exchangeOptions: ExchangeOptions
  readonly #metrics: ForwardMetrics
  readonly #deliveries = new Set<Promise<unknown>>()
  #isStopped = false

  constructor(config: ForwardConfig, context: OutputContext) {
    const metrics = forwardMetrics(context.metrics)
    this.#metrics = metrics
    this.#dialer = new Dialer(config, context.timers, metrics)
    this.#pool = new ServerPool({
      ...{ ...context, metrics, dialer: this.#dialer },
      servers: serversOf(config),
      balance: config.balance,
      failedWaitMs: durationInMs(config.failed_wait),
      idleTimeoutMs: durationInMs(config.idle_timeout),
    })
    this.#tag = config.tag === undefined ? null : new ChunkTemplate(config.tag)
    this.#exchangeOptions = {
      requireAck: config.require_ack,
      compression: config.compress === 'none' ? null : config.compress,
      metrics,
    }
  }

  start(): Promise<void> {
    return this.#dialer.check()
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopped = true
    await untilDeadline(deadline, Promise.allSettled(this.#deliveries))
    await untilDeadline(deadline, this.#pool.close())
    this.#pool.destroy()
  }

  deliverChunk(chunk: Chunk, signal: AbortSignal): Promise<ChunkAnswer> {
    if (this.#isStopped) return Promise.resolve({ kind: 'retry', reason: 'the output has stopped' })
    const messages = messagesOf(chunk, this.#tag?.render(chunk))
    const delivery = this.#deliver(messages, signal).finally(() =>
      this.#deliveries.delete(delivery),
    )
    this.#deliveries.add(delivery)
    return delivery
  }

  async #deliver(messages: readonly Message[], signal: AbortSignal): Promise<ChunkAnswer> {
    const left = new Set(messages)
    while (left.size > 0) {
      const taken = await this.#pool.take(signal)
      const error = taken instanceof ServerError ? taken : await this.#send(left, taken, signal)
      // It may also have failed after the last acknowledgement.
      if (error && left.size > 0) return answerOf(messages, left, error)
    }
    return DELIVERED
  }

  /** Takes out of `left` what the server has; answers why nothing more can be sent now, or null. */
  async #send(left: Set<Message>, taken: Taken, signal: AbortSignal): Promise<ServerError | null> {
    const { server, connection, isReused } = taken
    const exchange = new Exchange(connection, this.#exchangeOptions)
    const messages = [...left].slice(0, connection.messagesLeft)
    const error = await exchange.run(messages, signal)
    connection.messagesLeft -= messages.length
    for (const message of exchange.taken) left.delete(message)
    if (!error) this.#pool.give(server, connection)
    else if (!isReused || error.kind !== 'closed' || exchange.taken.length > 0)
      return this.#pool.failed(server, error)
    // It had closed a connection that it had nothing to do with; another one may be good.
    else this.#metrics.resent.add(messages.reduce((sum, { count }) => sum + count, 0))
    return null
  }
}

function answerOf(
  messages: readonly Message[],
  left: ReadonlySet<Message>,
  { message: reason, isHold }: ServerError,
): ChunkAnswer {
  if (left.size === messages.length) return { kind: isHold ? 'hold' : 'retry', reason }
  return { kind: 'partly', retry: [...left].flatMap(({ ranges }) => ranges), reason }
}
