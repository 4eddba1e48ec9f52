/** One call of an output. It ends once: with the output's answer, its time, or the engine. */
import type { Cancel, Timers } from '../clock.ts'
import type { Chunk, ChunkAnswer, ChunkOutput } from './chunk.ts'
import { reasonOf } from './verdict.ts'

export interface AttemptOptions {
  readonly chunk: Chunk
  readonly timeoutMs: number
  /** Called once with what the output answered, which may be anything; not after `abandon`. */
  readonly onAnswer: (attempt: Attempt, answer: unknown) => void
}

export class Attempt {
  readonly #controller = new AbortController()
  readonly #options: AttemptOptions
  #cancelTimeout: Cancel = () => undefined
  #isOver = false

  constructor(options: AttemptOptions) {
    this.#options = options
  }

  start(output: ChunkOutput, timers: Timers): void {
    if (!output.withoutTimeout)
      this.#cancelTimeout = timers.after(this.#options.timeoutMs, () => this.#expire())
    this.#call(output, this.#options.chunk).then(
      (answer) => this.#end(answer),
      (error: unknown) => this.#end(retry(reasonOf(error))),
    )
  }

  /** Nobody waits for it any more; what became of its events is not known. */
  abandon(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimeout()
    this.#controller.abort()
  }

  #expire(): void {
    // First, so that it does not read entries any more when they are sent again or finished.
    this.#controller.abort()
    this.#end(retry(`no answer within ${this.#options.timeoutMs} ms`))
  }

  #call(output: ChunkOutput, chunk: Chunk): Promise<unknown> {
    try {
      // What is not a promise is an answer that makes no sense, and is found to be one later.
      return Promise.resolve(output.deliverChunk(chunk, this.#controller.signal))
    } catch (error) {
      return Promise.resolve(retry(reasonOf(error)))
    }
  }

  /** An answer that comes after the end changes nothing. */
  #end(answer: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimeout()
    this.#options.onAnswer(this, answer)
  }
}

function retry(reason: string): ChunkAnswer {
  return { kind: 'retry', reason }
}
