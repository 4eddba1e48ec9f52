/**
 * `stdout` output: events on standard output, pretty on a terminal, JSON lines into a pipe or file.
 * The lines: src/codecs/lines/json-lines.ts and pretty-lines.ts.
 */
import type { Writable } from 'node:stream'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Static } from 'typebox'
import { Type } from '../config/type.ts'
import type { ByteWriter } from '../codecs/byte-writer.ts'
import type { EntryEncoder } from '../codecs/lines/entry-encoder.ts'
import { encodeJsonLines } from '../codecs/kernel/json-lines.ts'
import { createPrettyEncoder } from '../codecs/lines/pretty-lines.ts'
import type { Batch, Outcome } from '../pipeline/batch.ts'
import { defineOutput, type Output, type OutputContext } from '../pipeline/component.ts'
import { untilDeadline } from '../pipeline/deadline.ts'
import { BatchQueue } from './support/batch-queue.ts'
import { BufferPool } from './support/buffer-pool.ts'
import { Patience } from './support/patience.ts'

const configSchema = Type.Object(
  {
    format: Type.Union([Type.Literal('auto'), Type.Literal('pretty'), Type.Literal('json')], {
      description:
        '`pretty`: time, tag and record for people, in colour on a terminal unless NO_COLOR is ' +
        'set. `json`: one JSON object per line, as in files. `auto`: `pretty` on a terminal, ' +
        'else `json`.',
      default: 'auto',
    }),
  },
  { additionalProperties: false },
)

export type StdoutConfig = Static<typeof configSchema>

/** What is asked of `process.stdout`. */
export type OutputStream = Writable & { isTTY?: boolean; hasColors?(): boolean }

export const stdout = defineOutput({
  type: 'stdout',
  summary: 'Prints events on standard output, for people on a terminal or as JSON lines in a pipe.',
  configSchema,
  isPatient: true,
  create: (config, context) => new StdoutOutput(config, context, process.stdout),
})

const RETRY_MS = 1000

/**
 * One write is under way at a time; what is delivered meanwhile goes with the next. The reader's
 * pace is ours: a batch is delivered when the system has taken its bytes. A stream that has failed
 * stays failed, so batches are then held until the stop.
 */
export class StdoutOutput implements Output {
  readonly #stream: OutputStream
  readonly #context: OutputContext
  readonly #queue: BatchQueue
  readonly #pool = new BufferPool()
  readonly #patience: Patience
  #working: Promise<void> | null = null
  #isWriting = false
  #problem: string | null = null
  readonly #failed = Promise.withResolvers<void>()
  #hasFailed = false
  #stopping: Promise<void> | null = null
  #isStopped = false

  constructor(config: StdoutConfig, context: OutputContext, stream: OutputStream) {
    this.#queue = new BatchQueue(encoderFor(config.format, stream), context.logger)
    this.#patience = new Patience(context.timers)
    this.#context = context
    this.#stream = stream
  }

  get problem(): string | null {
    return this.#problem
  }

  async start(): Promise<void> {
    this.#stream.on('error', this.#fail)
  }

  deliver(batch: Batch): Promise<Outcome> {
    if (this.#isStopped) return Promise.resolve('retry')
    const outcome = this.#queue.add(batch)
    this.#working ??= this.#work()
    return outcome
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#finish(deadline)
    return this.#stopping
  }

  async #finish(deadline: AbortSignal): Promise<void> {
    await untilDeadline(deadline, Promise.race([this.#drain(), this.#failed.promise]))
    this.#isStopped = true
    this.#patience.end()
    this.#queue.giveUp()
    // A write that the deadline has left behind takes its listener away itself.
    if (!this.#isWriting) this.#stream.off('error', this.#fail)
  }

  async #drain(): Promise<void> {
    while (this.#working) await this.#working
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    // Waits for the end of this turn of the loop, so that all its batches share one write.
    await endOfTurn()
    while (!this.#queue.isEmpty && !this.#isStopped && !this.#hasFailed) {
      const slice = this.#nextSlice()
      if (slice) await this.#write(slice)
      else await this.#patience.pause(RETRY_MS)
    }
    this.#working = null
  }

  /** Null when there is no memory for it now. */
  #nextSlice(): ByteWriter | null {
    try {
      const slice = this.#pool.take(this.#queue.sliceBytes)
      this.#queue.encodeSlice(slice)
      if (this.#problem !== null) this.#context.logger.info({}, 'events can be encoded again')
      this.#problem = null
      return slice
    } catch (error) {
      if (this.#problem === null)
        this.#context.logger.error({ error }, 'cannot encode events: they are held and tried again')
      this.#problem = `cannot encode events: ${(error as Error).message}`
      return null
    }
  }

  async #write(slice: ByteWriter): Promise<void> {
    this.#isWriting = true
    const error = await new Promise<Error | null | undefined>((resolve) =>
      this.#stream.write(slice.written(), resolve),
    )
    if (error) return this.#fail(error)
    this.#isWriting = false
    this.#pool.give(slice)
    this.#queue.settle('delivered')
    if (this.#isStopped) this.#stream.off('error', this.#fail)
  }

  /** Called once by the write and once by the stream for the same failure. */
  readonly #fail = (error: Error): void => {
    this.#isWriting = false
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#problem = `cannot write to standard output: ${error.message}`
    this.#failed.resolve()
    this.#context.logger.error(
      { error },
      'cannot write to standard output: events for it are held until the collector is restarted',
    )
  }
}

function encoderFor(format: StdoutConfig['format'], stream: OutputStream): EntryEncoder {
  const isPretty = format === 'auto' ? stream.isTTY === true : format === 'pretty'
  return isPretty ? createPrettyEncoder(stream.hasColors?.() === true) : encodeJsonLines
}
