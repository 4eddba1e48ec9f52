/**
 * The Fluentd forward protocol v1 as a stream: bytes in, units out. Pure, synchronous and
 * resumable at any byte. Wire notes: docs/specs/forward-protocol.md.
 * Frames: forward/frames.ts. Handshake: forward/handshake.ts. Acknowledgement: forward/ack.ts.
 */
import { ByteWriter } from '../byte-writer.ts'
import type { CodecError } from '../codec-error.ts'
import { ForwardFrames, type Frame } from './frames.ts'
import type { ForwardFormat, ForwardUnit } from './unit.ts'
import { JsonFramer } from '../json/framer.ts'
import { KernelEntries } from '../kernel/entries.ts'
import { type Kernel, sharedKernel, SOURCE_BYTES } from '../kernel/kernel.ts'
import { JsonToMsgpack } from '../json/to-msgpack.ts'
import { MsgpackScanner, SCAN_FAILED, SCAN_MORE } from '../msgpack/scanner.ts'
import type { TextField } from './record-extender.ts'
import { StreamBuffer } from './stream-buffer.ts'

export { encodeAck } from './ack.ts'
export type { ForwardFormat, ForwardUnit } from './unit.ts'

export interface ForwardDecoderOptions {
  /** Largest frame that is taken; a longer one is an error as soon as its header says so. */
  readonly frameMaxBytes: number
  /** Levels of arrays and maps that a record may have; an event with more is dropped. */
  readonly depthMax: number
  /** Milliseconds since 1970, for events that come without a time. */
  readonly now: () => number
  /** The record field that keeps Fluent Bit's metadata of an event; empty to discard it. */
  readonly metadataKey: string
  /** Fields that every record gets, in place of its own of that name. */
  readonly appendFields: readonly TextField[]
  /**
   * The chunks pushed are given away: their memory is freed as soon as no unit needs it. For those
   * that are all of their buffer, which nobody else looks at.
   */
  readonly ownsChunks?: boolean
  /** Null reads everything in plain TypeScript; left out, the kernel of the process is used. */
  readonly kernel?: Kernel | null
}

/** A frame holds records two levels down: in the array of entries, and in the entry. */
const FRAME_LEVELS = 3

export class ForwardDecoder {
  /** What ended the stream; its offset counts from the first byte of the connection. */
  error: CodecError | null = null
  /** Of the whole connection; its first byte says which. */
  format: ForwardFormat = 'unknown'

  readonly #input: StreamBuffer
  readonly #frames: ForwardFrames
  readonly #frame: Frame
  readonly #scanner: MsgpackScanner
  readonly #frameMaxBytes: number
  readonly #depthMax: number
  #json: JsonReader | null = null

  constructor(options: ForwardDecoderOptions) {
    const { frameMaxBytes, depthMax, now, metadataKey, appendFields } = options
    this.#frameMaxBytes = frameMaxBytes
    this.#depthMax = depthMax
    this.#input = new StreamBuffer(options.ownsChunks ?? false)
    const quick = quickEntries(options)
    this.#scanner = new MsgpackScanner({
      depthMax: depthMax + 1,
      valueMaxBytes: frameMaxBytes,
      skipper: quick,
    })
    this.#frames = new ForwardFrames({ depthMax, now, metadataKey, fields: appendFields, quick })
    this.#frame = { ...EMPTY_FRAME, scanner: this.#scanner }
  }

  /** Bytes held because their frame is not complete. */
  get pendingBytes(): number {
    return this.#input.length
  }

  /**
   * The units that `chunk` completes. They may be views into it, so it must not change afterwards.
   * When `error` is set, the units are those before the bad byte, and later calls return none.
   */
  push(chunk: Uint8Array): ForwardUnit[] {
    if (this.error !== null || chunk.length === 0) return []
    // A plain Uint8Array: views of a Buffer are Buffers, which are slower to make.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#input.append(bytes, this.#scanner.expectedLength)
    this.#frames.begin(this.#input.length)
    if (this.format === 'unknown') this.#detectFormat()
    if (this.format === 'json') this.#readJsonFrames()
    else this.#readMsgpackFrames()
    this.#letGo()
    return this.#frames.finish()
  }

  /** Lets go of an incomplete frame, of which nothing more will be pushed. */
  discard(): void {
    this.#input.clear()
  }

  /** The events of a compressed unit's payload, once it is decompressed. */
  decodePayload(
    tag: string,
    payload: Uint8Array,
    chunks: readonly Uint8Array[],
    wireBytes: number,
  ): ForwardUnit {
    const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
    this.#frames.begin(0)
    return this.#frames.readPayload(tag, bytes, chunks, wireBytes)
  }

  /** A msgpack frame never starts with these bytes: they are integers. */
  #detectFormat(): void {
    const first = this.#input.bytes[this.#input.start]
    this.format = first === 0x7b || first === 0x5b ? 'json' : 'msgpack'
  }

  #readMsgpackFrames(): void {
    const input = this.#input
    const frame = this.#frame
    while (input.length > 0) {
      if (!this.#scanner.isMidway) this.#readMessages()
      if (input.length === 0) return
      const length = this.#scanner.scan(input.bytes, input.start, input.end)
      if (length === SCAN_MORE) return
      if (length === SCAN_FAILED) return this.#fail(this.#scanner.error!)
      frame.bytes = input.bytes
      frame.lease = input.lease
      frame.start = input.start
      frame.length = frame.wireBytes = length
      const error = this.#frames.read(frame)
      if (error !== null) return this.#fail(error)
      input.consume(length)
    }
  }

  /** As many frames as the kernel can read; the one it stops before is for the scanner. */
  #readMessages(): void {
    const { bytes, start, end } = this.#input
    this.#input.consume(this.#frames.readMessages(bytes, start, end) - start)
  }

  #readJsonFrames(): void {
    const input = this.#input
    this.#json ??= this.#createJsonReader()
    const { framer } = this.#json
    while (this.error === null) {
      input.consume(JsonFramer.skipSpace(input.bytes, input.start, input.end) - input.start)
      if (input.length === 0) return
      const length = framer.scan(input.bytes, input.start, input.end)
      if (length === SCAN_MORE) return
      if (length === SCAN_FAILED) return this.#fail(framer.error!)
      this.#readJsonFrame(this.#json, length)
    }
  }

  #createJsonReader(): JsonReader {
    // What it walks is our own, so valid, and at most a few times as long as the text.
    const scanner = new MsgpackScanner({ depthMax: this.#depthMax + 1, valueMaxBytes: Infinity })
    return {
      framer: new JsonFramer(this.#frameMaxBytes),
      transcoder: new JsonToMsgpack(this.#depthMax + FRAME_LEVELS),
      frame: { ...EMPTY_FRAME, scanner },
    }
  }

  #readJsonFrame({ transcoder, frame }: JsonReader, length: number): void {
    const input = this.#input
    const writer = new ByteWriter(length)
    const textEnd = input.start + length
    const textError = transcoder.transcode(input.bytes, input.start, textEnd, writer)
    if (textError !== null) return this.#fail(textError)
    frame.bytes = writer.bytes
    frame.length = frame.scanner.scan(frame.bytes, 0, writer.length)
    frame.wireBytes = length
    const frameError = this.#frames.read(frame)
    // Its offset is one in our msgpack, so name the start of the text instead.
    if (frameError !== null) return this.#fail(frameError.shiftedBy(-frameError.offset))
    input.consume(length)
  }

  /** What is consumed need not stay until the next push, which may be hours away. */
  #letGo(): void {
    this.#input.trim()
    this.#frame.bytes = NOTHING
    this.#frame.lease = null
    if (this.#json) this.#json.frame.bytes = NOTHING
  }

  /** `error` counts from the frame at hand. The memory held is of no use any more. */
  #fail(error: CodecError): void {
    this.error = error.shiftedBy(this.#input.streamOffset)
    this.#input.clear()
  }
}

interface JsonReader {
  readonly framer: JsonFramer
  readonly transcoder: JsonToMsgpack
  readonly frame: Frame
}

/** A frame limit below what the kernel can hold is left to the scanner, which heeds it. */
function quickEntries({ kernel, frameMaxBytes, depthMax }: ForwardDecoderOptions) {
  const used = kernel === undefined ? sharedKernel : kernel
  return used && frameMaxBytes >= SOURCE_BYTES ? new KernelEntries(used, depthMax) : null
}

const NOTHING = new Uint8Array(0)
const EMPTY_FRAME = { bytes: NOTHING, lease: null, start: 0, length: 0, wireBytes: 0 }
