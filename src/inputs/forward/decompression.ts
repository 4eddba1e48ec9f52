/**
 * Decompresses the payloads of CompressedPackedForward messages in zlib's own threads, a few at a
 * time, with a bound on what they may grow to. A gzip payload may have several members (Node reads
 * them all), a zstd payload several frames (Node reads only the first, so they are cut apart).
 */
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createZstdDecompress, gunzip } from 'node:zlib'
import { splitZstdFrames } from '../../codecs/zstd-frames.ts'

export type Compression = 'gzip' | 'zstd'

/** The payload cannot be decompressed; `reason` is a metric label. */
export class DecompressionError extends Error {
  readonly reason: 'decompressed_max' | 'corrupt_compression'

  constructor(reason: DecompressionError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

interface Job {
  readonly codec: Compression
  readonly payload: Uint8Array
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: DecompressionError) => void
}

/** As many as libuv has threads by default; each may hold as much as the limit allows. */
const RUNNING_MAX = 4
/**
 * Fluentd's buffer makes a frame of what comes at once, which may be one event; a chunk of 8 MiB
 * stays below this. Each costs some 20 µs, so that without a bound one payload would take minutes.
 */
const ZSTD_FRAMES_MAX = 128 * 1024
const OUTPUT_STEP_MIN_BYTES = 64 * 1024
const OUTPUT_STEP_MAX_BYTES = 1024 * 1024

const gunzipAsync = promisify(gunzip)

export class Decompressor {
  readonly #outputMaxBytes: number
  readonly #queue: Job[] = []
  #running = 0

  constructor(outputMaxBytes: number) {
    this.#outputMaxBytes = outputMaxBytes
  }

  /** Rejects with a DecompressionError. */
  decompress(codec: Compression, payload: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ codec, payload, resolve, reject })
      this.#startNext()
    })
  }

  #startNext(): void {
    if (this.#running >= RUNNING_MAX) return
    const job = this.#queue.shift()
    if (!job) return
    this.#running++
    const output = job.codec === 'gzip' ? this.#gunzip(job.payload) : this.#unzstd(job.payload)
    void output
      .then(job.resolve, (error: unknown) => job.reject(this.#explain(job.codec, error)))
      .finally(() => {
        this.#running--
        this.#startNext()
      })
  }

  #gunzip(payload: Uint8Array): Promise<Uint8Array> {
    const chunkSize = outputStep(payload)
    return gunzipAsync(payload, { chunkSize, maxOutputLength: this.#outputMaxBytes })
  }

  /** One decoder for all frames; it reads on as long as no write goes past the end of a frame. */
  async #unzstd(payload: Uint8Array): Promise<Uint8Array> {
    checkZstdFrames(payload)
    const frames = splitZstdFrames(payload, ZSTD_FRAMES_MAX)
    const outputs: Uint8Array[] = []
    let length = 0
    const decoder = createZstdDecompress({ chunkSize: outputStep(payload) })
    await pipeline(frames, decoder, async (parts: AsyncIterable<Uint8Array>) => {
      for await (const part of parts) {
        length += part.length
        if (length > this.#outputMaxBytes) throw this.#tooLarge()
        outputs.push(part)
      }
    })
    return outputs.length === 1 ? outputs[0]! : Buffer.concat(outputs, length)
  }

  #explain(codec: Compression, error: unknown): DecompressionError {
    if (error instanceof DecompressionError) return error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return this.#tooLarge()
    const text = `${codec} payload: ${message}`
    return new DecompressionError('corrupt_compression', text, { cause: error })
  }

  #tooLarge(): DecompressionError {
    const text = `payload grows past ${this.#outputMaxBytes} bytes`
    return new DecompressionError('decompressed_max', text)
  }
}

/** Finds what is corrupt, or too much, before there is work in it; throws as the splitter does. */
function checkZstdFrames(payload: Uint8Array): void {
  const frames = splitZstdFrames(payload, ZSTD_FRAMES_MAX)
  while (frames.next().done !== true);
}

/** Fewer and larger output steps mean fewer trips between the threads. */
function outputStep(payload: Uint8Array): number {
  const guess = Math.max(payload.length * 8, OUTPUT_STEP_MIN_BYTES)
  return Math.min(guess, OUTPUT_STEP_MAX_BYTES)
}
