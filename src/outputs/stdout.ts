/**
 * `stdout` output: events on standard output, pretty on a terminal, JSON lines into a pipe or file.
 * The lines: src/codecs/lines/json-lines.ts and pretty-lines.ts.
 */
import type { Writable } from 'node:stream'
import type { Static } from 'typebox'
import { Type } from '../config/type.ts'
import { ByteWriter } from '../codecs/byte-writer.ts'
import type { EntryEncoder } from '../codecs/lines/entry-encoder.ts'
import { encodeJsonLines } from '../codecs/kernel/json-lines.ts'
import { createPrettyEncoder } from '../codecs/lines/pretty-lines.ts'
import type { Batch, Outcome } from '../pipeline/batch.ts'
import { defineOutput, type Output, type OutputContext } from '../pipeline/component.ts'
import { untilDeadline } from '../pipeline/deadline.ts'

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
  create: (config, context) => new StdoutOutput(config, context, process.stdout),
})

/** A writer that has grown beyond this for one large write is not kept. */
const KEPT_BYTES_MAX = 1024 * 1024

/**
 * One write is under way at a time; what is delivered meanwhile goes with the next. The reader's
 * pace is ours: a batch is delivered when the system has taken its bytes. A stream that has failed
 * stays failed, so batches are then held until the stop.
 */
export class StdoutOutput implements Output {
  readonly #encode: EntryEncoder
  readonly #stream: OutputStream
  readonly #context: OutputContext
  #filling = new ByteWriter()
  #spare = new ByteWriter()
  /** Shared by the batches of the next write, and by those of the one under way. */
  #next: PromiseWithResolvers<Outcome> | null = null
  #current: PromiseWithResolvers<Outcome> | null = null
  #problem: string | null = null
  readonly #failed = Promise.withResolvers<void>()
  #stopping: Promise<void> | null = null
  #isStopped = false

  constructor(config: StdoutConfig, context: OutputContext, stream: OutputStream) {
    this.#encode = encoderFor(config.format, stream)
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
    if (this.#problem === null) this.#encode(batch.tag, batch.entries, this.#filling)
    if (this.#next) return this.#next.promise
    this.#next = Promise.withResolvers<Outcome>()
    // Waits for the end of this turn of the loop, so that all its batches share one write.
    if (!this.#current) setImmediate(this.#write)
    return this.#next.promise
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#finish(deadline)
    return this.#stopping
  }

  async #finish(deadline: AbortSignal): Promise<void> {
    await untilDeadline(deadline, Promise.race([this.#drain(), this.#failed.promise]))
    this.#isStopped = true
    const isWriting = this.#current !== null && this.#problem === null
    this.#giveUp()
    // A write that the deadline has left behind takes its listener away itself.
    if (!isWriting) this.#stream.off('error', this.#fail)
  }

  #giveUp(): void {
    this.#current?.resolve('retry')
    this.#next?.resolve('retry')
    this.#current = null
    this.#next = null
  }

  /** Settles when nothing is in hand; never, once a write has failed. */
  async #drain(): Promise<void> {
    let pending = this.#next ?? this.#current
    while (pending) {
      await pending.promise
      pending = this.#next ?? this.#current
    }
  }

  readonly #write = (): void => {
    if (!this.#next || this.#isStopped || this.#problem !== null) return
    const writer = this.#filling
    this.#filling = this.#spare
    this.#current = this.#next
    this.#next = null
    this.#stream.write(writer.written(), (error) => this.#written(writer, error))
  }

  #written(writer: ByteWriter, error: Error | null | undefined): void {
    if (error) return this.#fail(error)
    writer.clear()
    this.#spare = writer.bytes.length > KEPT_BYTES_MAX ? new ByteWriter() : writer
    this.#current?.resolve('delivered')
    this.#current = null
    if (this.#isStopped) this.#stream.off('error', this.#fail)
    this.#write()
  }

  /** Called once by the write and once by the stream for the same failure. */
  readonly #fail = (error: Error): void => {
    if (this.#problem !== null) return
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
