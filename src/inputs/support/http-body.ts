/**
 * The body of an HTTP request, read piece by piece so that no more of it is in memory than its
 * reader has room for. `Content-Encoding` gzip, deflate and zstd is undone on the way (RFC 9110
 * section 8.4, RFC 8878), with a bound on what it may grow to.
 */
import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { splitZstdFrames } from '../../codecs/zstd-frames.ts'
import { HttpError } from './http-error.ts'

export interface BodyOptions {
  /** A compressed body may be so large as it comes, and so large when it is decompressed. */
  readonly compressedMaxBytes: number
  readonly decompressedMaxBytes: number
  /** From then on the rest of a body is not waited for. */
  readonly closing: AbortSignal
}

const ENCODINGS = ['gzip', 'x-gzip', 'deflate', 'zstd', 'identity']
const EXPECTED_ENCODING = 'one of gzip, deflate, zstd'
const DECODER_STEP_BYTES = 64 * 1024
/** Each costs some 20 µs. */
const ZSTD_FRAMES_MAX = 16 * 1024
/** Seconds after which another collector will be there, after a restart. */
const STOP_RETRY_AFTER = 5

type Encoding = 'gzip' | 'deflate' | 'zstd'
type Decoder = Transform & { readonly bytesWritten: number }

export class HttpBody {
  readonly #request: IncomingMessage
  readonly #options: BodyOptions
  readonly #encoding: Encoding | null
  #source: Source
  #decoder: Decoder | null = null
  /** Settles when the decoder has been given all; rejects when that cannot be. */
  #fed: Promise<void> = Promise.resolve()
  #bytesIn = 0
  #bytesOut = 0

  /** Throws an HttpError for an encoding that is not known. */
  constructor(request: IncomingMessage, options: BodyOptions) {
    this.#request = request
    this.#options = options
    this.#encoding = encodingOf(request)
    this.#source = new Source(request, options.closing, null)
  }

  /** Bytes that have come over the wire. */
  get bytesIn(): number {
    return this.#bytesIn
  }

  /** The next bytes, which are the caller's then; null at the end. Rejects with an HttpError. */
  async read(): Promise<Uint8Array | null> {
    if (this.#encoding === null) return this.#readRaw()
    if (this.#decoder === null) await this.#open(this.#encoding)
    const bytes = await this.#source.read()
    if (bytes === null) await this.#checkEnd()
    else this.#bytesOut += bytes.length
    if (this.#bytesOut > this.#options.decompressedMaxBytes) throw this.#growsPast()
    return bytes
  }

  /** All of it at once. Rejects with an HttpError, also when it has more than `bytesMax`. */
  async readAll(bytesMax: number): Promise<Uint8Array> {
    const declared = Number(this.#request.headers['content-length'] ?? 0)
    if (this.#encoding === null && declared > bytesMax) throw tooLarge(bytesMax)
    const parts: Uint8Array[] = []
    let length = 0
    for (let part = await this.read(); part !== null; part = await this.read()) {
      length += part.length
      if (length > bytesMax) throw tooLarge(bytesMax)
      parts.push(part)
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)
  }

  /** Reads no more; to be called whatever happened. */
  close(): void {
    this.#source.close()
  }

  async #readRaw(): Promise<Uint8Array | null> {
    const bytes = await this.#source.read()
    this.#bytesIn += bytes?.length ?? 0
    return bytes
  }

  async #open(encoding: Encoding): Promise<void> {
    const raw = this.#source
    const first = await this.#readRaw()
    const decoder = decoderOf(encoding, first)
    this.#decoder = decoder
    this.#source = new Source(decoder, this.#options.closing, encoding)
    this.#fed = encoding === 'zstd' ? this.#feedFrames(raw, first) : this.#feed(raw, first)
    this.#fed.catch((error: unknown) => void decoder.destroy(asHttpError(error, encoding)))
  }

  async #feed(raw: Source, first: Uint8Array | null): Promise<void> {
    const decoder = this.#decoder!
    for (let bytes = first; bytes !== null; bytes = await raw.read()) {
      if (bytes !== first) this.#countCompressed(bytes)
      if (decoder.readableEnded) throw trailingBytes()
      await write(decoder, bytes)
    }
    decoder.end()
  }

  /** Node's zstd decoder loses what follows a frame in the same write, so frames are cut apart. */
  async #feedFrames(raw: Source, first: Uint8Array | null): Promise<void> {
    const parts: Uint8Array[] = first ? [first] : []
    for (let bytes = await raw.read(); bytes !== null; bytes = await raw.read()) {
      this.#countCompressed(bytes)
      parts.push(bytes)
    }
    const decoder = this.#decoder!
    const frames = [...splitZstdFrames(Buffer.concat(parts), ZSTD_FRAMES_MAX)]
    for (const frame of frames) await write(decoder, frame)
    decoder.end()
  }

  /** Node's other decoders say nothing of bytes behind the end, and would lose them. */
  async #checkEnd(): Promise<void> {
    const isWhole = this.#encoding === 'zstd' || this.#decoder!.bytesWritten === this.#bytesIn
    if (!isWhole) throw asHttpError(trailingBytes(), this.#encoding)
    await this.#fed
  }

  #countCompressed(bytes: Uint8Array): void {
    this.#bytesIn += bytes.length
    const { compressedMaxBytes } = this.#options
    if (this.#bytesIn > compressedMaxBytes) throw tooLarge(compressedMaxBytes)
  }

  #growsPast(): HttpError {
    const { decompressedMaxBytes } = this.#options
    const message =
      `cannot read the body: decompressed it has more than ${decompressedMaxBytes} bytes; ` +
      'expected less (decompressed_max)'
    return new HttpError(413, message, { reason: 'decompressed_max' })
  }
}

/** Pulls from a stream, one piece at a time; the stream is paused in between. */
class Source {
  readonly #stream: Readable
  readonly #closing: AbortSignal
  /** Null for bytes as they come. */
  readonly #encoding: Encoding | null
  readonly #pieces: Uint8Array[] = []
  #isEnded = false
  #failure: Error | null = null
  #wake: () => void = () => undefined

  constructor(stream: Readable, closing: AbortSignal, encoding: Encoding | null) {
    this.#stream = stream
    this.#closing = closing
    this.#encoding = encoding
    stream.pause()
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('error', this.#onError)
    stream.on('close', this.#onClose)
    closing.addEventListener('abort', this.#onClosing)
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#pieces.length === 0) {
      if (this.#failure) throw this.#failure
      if (this.#isEnded) return null
      if (this.#closing.aborted) throw stopping()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#stream.resume()
      })
    }
    return this.#pieces.shift()!
  }

  close(): void {
    const stream = this.#stream
    stream.off('data', this.#onData)
    stream.off('end', this.#onEnd)
    stream.off('close', this.#onClose)
    this.#closing.removeEventListener('abort', this.#onClosing)
    // The listener for errors stays: one may still come, and is nobody's business any more.
    if (!('socket' in stream)) stream.destroy()
  }

  readonly #onData = (bytes: Uint8Array): void => {
    this.#stream.pause()
    this.#pieces.push(bytes)
    this.#wake()
  }

  readonly #onEnd = (): void => {
    this.#isEnded = true
    this.#wake()
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= asHttpError(error, this.#encoding)
    this.#wake()
  }

  readonly #onClose = (): void => {
    if (!this.#isEnded) this.#failure ??= aborted()
    this.#wake()
  }

  readonly #onClosing = (): void => this.#wake()
}

function encodingOf({ headers }: IncomingMessage): Encoding | null {
  const text = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (!ENCODINGS.includes(text)) {
    const shown = JSON.stringify(text.slice(0, 64))
    const message = `cannot read the body: its Content-Encoding is ${shown}; expected `
    const headers = { 'accept-encoding': 'gzip, deflate, zstd' }
    const details = { reason: 'unknown_encoding', headers }
    throw new HttpError(415, message + EXPECTED_ENCODING, details)
  }
  if (text === 'identity') return null
  return text === 'x-gzip' ? 'gzip' : (text as Encoding)
}

/** `deflate` should be in a zlib wrapper; some clients send it bare. */
function decoderOf(encoding: Encoding, first: Uint8Array | null): Decoder {
  const options = { chunkSize: DECODER_STEP_BYTES }
  if (encoding === 'zstd') return createZstdDecompress(options)
  if (encoding === 'gzip') return createGunzip(options)
  const hasWrapper = first !== null && (first[0]! & 0x0f) === 8
  return hasWrapper ? createInflate(options) : createInflateRaw(options)
}

/** Settles when there is room for more; rejects if the decoder has failed meanwhile. */
function write(decoder: Transform, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    decoder.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}

function trailingBytes(): Error {
  return new Error('bytes follow the end of what is compressed')
}

function asHttpError(error: unknown, encoding: Encoding | null): HttpError {
  if (error instanceof HttpError) return error
  if (encoding === null) return aborted()
  const cause = error instanceof Error ? error.message : String(error)
  const message = `cannot decompress the body: ${cause}; expected ${encoding} bytes`
  return new HttpError(400, message, { reason: 'corrupt_compression' })
}

function aborted(): HttpError {
  const message = 'cannot read the body: the client has left'
  return new HttpError(400, message, { reason: 'aborted' })
}

function stopping(): HttpError {
  const message = 'cannot read on: the collector stops; expected the rest at the next one'
  return new HttpError(503, message, { reason: 'stopping', retryAfter: STOP_RETRY_AFTER })
}

function tooLarge(bytesMax: number): HttpError {
  const message = `cannot take the body: it has more than ${bytesMax} bytes (body_max)`
  return new HttpError(413, message, { reason: 'body_max' })
}
