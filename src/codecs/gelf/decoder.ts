/**
 * GELF over TCP: bytes in, entries out. Pure, synchronous and resumable at any byte. A message that
 * cannot be read is kept as it came and marked; the next delimiter begins a new one.
 */
import { StreamBuffer } from '../forward/stream-buffer.ts'
import { JsonFramer } from '../json/framer.ts'
import { GelfFramer, NO_CUT } from './framer.ts'
import type { GelfSource } from './source.ts'
import { GelfCollector, type GelfCollectorOptions, type GelfRun } from './collector.ts'

export type GelfDecoderOptions = GelfCollectorOptions

export class GelfDecoder {
  /** There is nothing that ends a stream. */
  readonly error = null
  readonly #messageMaxBytes: number
  readonly #input = new StreamBuffer(true)
  readonly #framer: GelfFramer
  readonly #collector: GelfCollector
  /** Passing over the rest of a message that was too large. */
  #isSkipping = false

  constructor(options: GelfDecoderOptions, source: GelfSource) {
    this.#messageMaxBytes = options.messageMaxBytes
    this.#framer = new GelfFramer(options.delimiter)
    this.#collector = new GelfCollector(options)
    this.#collector.source = source
  }

  /** Bytes held because their message is not complete. */
  get pendingBytes(): number {
    return this.#input.length
  }

  /** The runs of entries of the messages that `chunk`, which is given away, completes. */
  push(chunk: Uint8Array): readonly GelfRun[] {
    // A plain Uint8Array: views of a Buffer are Buffers, which are slower to make.
    this.#input.append(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#readMessages()
    this.#input.trim()
    return this.#collector.take()
  }

  /** What is left when the stream ends: a last message without its delimiter. */
  end(): readonly GelfRun[] {
    const { bytes, start, end } = this.#input
    if (!this.#isSkipping) this.#read(bytes, start, end)
    this.#input.clear()
    return this.#collector.take()
  }

  #readMessages(): void {
    const input = this.#input
    this.#collector.expect(input.length)
    while (input.length > 0) {
      if (this.#isSkipping && !this.#skip()) return
      // Of a message whose end was not there, the kernel is asked again when it is.
      const isResumed = this.#framer.isSearching
      if (!this.#framer.isMidway) this.#readUsual()
      if (input.length === 0) return
      const { bytes, start } = input
      const limit = Math.min(input.end, start + this.#messageMaxBytes + 1)
      const cut = this.#framer.find(bytes, start, limit)
      if (cut === NO_CUT && limit - start > this.#messageMaxBytes) this.#cutShort()
      else if (cut === NO_CUT) return
      else if (isResumed && this.#readUsual()) this.#framer.begin()
      else if (this.#read(bytes, start, cut)) this.#next(cut + 1)
    }
  }

  /**
   * As many messages as the kernel can read, if any; the one it stops before is for the twin,
   * unless its end is still to come.
   */
  #readUsual(): boolean {
    const { bytes, start, end } = this.#input
    const position = this.#collector.addUsual(bytes, start, end)
    this.#input.consume(position - start)
    return position > start
  }

  /** Whether the message between `start` and `cut` is done with; else it may go on behind. */
  #read(bytes: Uint8Array, start: number, cut: number): boolean {
    if (JsonFramer.skipSpace(bytes, start, cut) === cut) return true
    const error = this.#collector.add(bytes, start, cut)
    if (error === null) return true
    const isCutOff = error.reason === 'invalid_json' && error.offset === cut - start
    if (isCutOff && cut < this.#input.end && this.#framer.goesOn(bytes, cut)) return false
    this.#collector.keep(bytes, start, cut, error.reason)
    return true
  }

  #cutShort(): void {
    const { bytes, start } = this.#input
    const end = start + this.#messageMaxBytes
    this.#collector.keep(bytes, start, end, 'message_too_large')
    this.#isSkipping = true
    this.#next(end)
  }

  /** Whether the end of what is passed over has come. */
  #skip(): boolean {
    const { bytes, start, end } = this.#input
    const cut = this.#framer.find(bytes, start, end)
    this.#next(cut === NO_CUT ? end : cut + 1)
    this.#isSkipping = cut === NO_CUT
    return !this.#isSkipping
  }

  #next(position: number): void {
    this.#input.consume(position - this.#input.start)
    this.#framer.begin()
  }
}
