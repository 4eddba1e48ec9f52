/**
 * `stdin` input: the lines that another program writes into a pipe, `some-app | logboom run`. When
 * the pipe ends and all is delivered, so does the collector.
 */
import type { Readable } from 'node:stream'
import type { Static } from 'typebox'
import { Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import { sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import type { Counter } from '../../pipeline/metrics.ts'
import { InFlight, type Waiter } from '../support/in-flight.ts'
import { lineFaults, lineFields, LineMaker } from '../support/line-options.ts'
import { LineStream } from '../support/line-stream.ts'
import { OneWayDelivery } from '../support/one-way-delivery.ts'
import { type Reading, readRest } from '../support/read-rest.ts'

const configSchema = Type.Object(
  {
    tag: Type.String({ description: 'Tag of the events.', default: 'stdin', minLength: 1 }),
    ...lineFields,
    stop_at_end: Type.Boolean({
      description:
        'Whether the collector stops, with exit code 0, when standard input has ended and all of ' +
        'it is delivered.',
      default: true,
    }),
    in_flight_max: Size({
      description:
        'Memory of what is read and not yet delivered; at it reading stops until half of it is ' +
        'delivered.',
      default: '16MiB',
    }),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

/** `open` gives the stream; for tests. */
export const stdinFrom = (open: () => Readable) =>
  defineInput({
    type: 'stdin',
    summary: 'Reads plain lines from standard input, and ends with it.',
    configSchema,
    faults: lineFaults,
    resources: () => [],
    create: (config, context) => new StdinInput(config, context, open),
  })

export const stdin = stdinFrom(() => process.stdin)

/** Whoever reads it: two could only take each other's lines. */
const readers = new WeakSet<Readable>()
/** Nobody sent it. */
const NOBODY = { address: null, hostname: '' } as const

class StdinInput implements Input, Waiter, Reading {
  readonly addresses: readonly string[] = []
  readonly finished: Promise<void>
  bytesRead = 0
  finishing = false
  readonly #config: Config
  readonly #context: InputContext
  readonly #open: () => Readable
  readonly #lines: LineStream
  readonly #inFlight: InFlight
  readonly #delivery: OneWayDelivery
  readonly #bytesMax: number
  readonly #received: Counter
  #finish: () => void = () => undefined
  #onIdle: () => void = () => undefined
  #stream: Readable | null = null
  #wake: () => void = () => undefined
  #isEnded = false
  #isHeldBack = false

  constructor(config: Config, context: InputContext, open: () => Readable) {
    const { metrics, memory } = context
    this.#config = config
    this.#context = context
    this.#open = open
    this.#lines = new LineStream(new LineMaker(config, context), NOBODY)
    this.#bytesMax = sizeInBytes(config.in_flight_max)
    this.#inFlight = new InFlight(this.#bytesMax, metrics, memory)
    this.#received = metrics.counter('received_bytes_total', 'Bytes read from the pipe.')
    const settled = () => this.#settled()
    this.#delivery = new OneWayDelivery({ context, inFlight: this.#inFlight, settled })
    this.finished = new Promise((resolve) => (this.#finish = resolve))
  }

  async start(): Promise<void> {
    const stream = this.#open()
    if (readers.has(stream))
      throw new Error('cannot read standard input: another input does; expected one alone')
    readers.add(stream)
    this.#stream = stream
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('error', this.#onError)
    if (stream.readableEnded) this.#onEnd()
    else stream.resume()
  }

  /** Reads what is in the pipe first: nobody could have it afterwards. */
  async stop(deadline: AbortSignal): Promise<void> {
    const stream = this.#stream
    if (stream) {
      deadline.addEventListener('abort', this.#onDeadline)
      if (!deadline.aborted) await readRest(this)
      this.#stream = null
      stream.off('data', this.#onData)
      stream.off('end', this.#onEnd)
      stream.pause()
      readers.delete(stream)
      this.#end()
      await this.#untilIdle(deadline)
      deadline.removeEventListener('abort', this.#onDeadline)
      stream.off('error', this.#onError)
    }
    this.#inFlight.forget(this)
    this.#context.memory.close()
  }

  async untilReading(): Promise<void> {
    if (this.#isHeldBack) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  resumed(): void {
    this.#regulate()
  }

  readonly #onData = (bytes: Uint8Array): void => {
    this.bytesRead += bytes.length
    this.#received.add(bytes.length)
    for (const batch of this.#lines.push(bytes)) this.#delivery.take(batch)
    this.#regulate()
  }

  readonly #onDeadline = (): void => {
    this.finishing = true
    this.#wake()
    this.#onIdle()
  }

  readonly #onEnd = (): void => {
    this.#end()
    this.#settled()
  }

  readonly #onError = (error: Error): void => {
    this.#context.logger.error({ error: error.message }, 'cannot read standard input')
    this.#onEnd()
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = this.finishing = true
    for (const batch of this.#lines.end()) this.#delivery.take(batch)
    this.#delivery.end()
  }

  #regulate(): void {
    const { bytes } = this.#delivery
    const isFull = bytes >= (this.#isHeldBack ? this.#bytesMax / 2 : this.#bytesMax)
    const allFull = this.#inFlight.full
    if (allFull) this.#inFlight.wait(this)
    if (this.#isHeldBack === (isFull || allFull)) return
    this.#isHeldBack = isFull || allFull
    if (this.#isHeldBack) this.#stream?.pause()
    else {
      this.#stream?.resume()
      this.#wake()
    }
  }

  #settled(): void {
    this.#regulate()
    if (!this.#isEnded || !this.#delivery.idle) return
    this.#onIdle()
    if (this.#stream !== null && this.#config.stop_at_end) this.#finish()
  }

  async #untilIdle(deadline: AbortSignal): Promise<void> {
    if (this.#delivery.idle || deadline.aborted) return
    await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }
}
