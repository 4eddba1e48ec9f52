/**
 * GELF by UDP: a datagram is a message or a chunk of one, compressed or not. What cannot be put
 * together or decompressed, or then is no GELF, is kept as it came, and counted.
 */
import { ChunkSets, isChunk } from '../../codecs/gelf/chunks.ts'
import { GelfCollector, type GelfRun, oneRunPerTag } from '../../codecs/gelf/collector.ts'
import type { GelfSource } from '../../codecs/gelf/source.ts'
import { JsonFramer } from '../../codecs/json/framer.ts'
import { durationInMs, sizeInBytes } from '../../config/units.ts'
import type { Cancel } from '../../pipeline/clock.ts'
import type { DatagramDecoder } from '../support/decoded.ts'
import { LossReport } from '../../pipeline/loss-report.ts'
import type { GelfShare } from './share.ts'
import { unpack } from './unpacking.ts'

/** Senders whose fields are at hand; past it they are made anew. */
const SOURCES_MAX = 1024
const EXPIRE_EVERY_MS = 1000
const INCOMPLETE = 'GELF messages by udp came in part; what came of them is kept'

export class GelfDatagrams implements DatagramDecoder {
  readonly #share: GelfShare
  readonly #chunks: ChunkSets
  readonly #collector: GelfCollector
  readonly #incomplete: LossReport
  readonly #sources = new Map<string, GelfSource>()
  #heldBytes = 0
  #duplicates = 0
  #cancelExpiry: Cancel | null = null

  constructor(share: GelfShare) {
    const { config, context, decoder } = share
    this.#share = share
    this.#collector = new GelfCollector(decoder)
    this.#incomplete = new LossReport(context, INCOMPLETE)
    this.#chunks = new ChunkSets({
      setsMax: config.chunked_messages_max,
      bytesMax: sizeInBytes(config.chunks_max),
      messageMaxBytes: decoder.messageMaxBytes,
      timeoutMs: durationInMs(config.chunk_timeout),
      onFault: (fault, present, sender) => {
        this.#incomplete.add(fault)
        this.#keep(fault, present, sender)
      },
    })
  }

  /** `onExpired` is called when there is something to `take` although nothing has come. */
  start(onExpired: () => void): void {
    this.#cancelExpiry = this.#share.context.timers.every(EXPIRE_EVERY_MS, () => {
      const before = this.#chunks.size
      this.#chunks.expire(this.#share.context.clock.monotonic())
      this.#noteChunks()
      if (this.#chunks.size < before) onExpired()
    })
  }

  /** Gives up messages of which chunks are missing; before the last `take`. */
  end(): void {
    this.#cancelExpiry?.()
    this.#cancelExpiry = null
    this.#chunks.clear()
    this.#noteChunks()
    this.#incomplete.stop()
  }

  push(bytes: Uint8Array, address: string): void {
    if (!isChunk(bytes)) return this.#add(bytes, address)
    const message = this.#chunks.push(bytes, address, this.#share.context.clock.monotonic())
    this.#noteChunks()
    if (message !== null) this.#add(message, address)
  }

  take(): readonly GelfRun[] {
    return oneRunPerTag(this.#collector.take())
  }

  #add(packed: Uint8Array, address: string): void {
    const { messageMaxBytes } = this.#share.decoder
    const unpacked = unpack(packed, messageMaxBytes)
    if (typeof unpacked === 'string') return this.#keep(unpacked, packed, address)
    // A plain Uint8Array: views of a Buffer are Buffers, which are slower to make.
    const bytes = new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength)
    const end = messageEnd(bytes)
    if (JsonFramer.skipSpace(bytes, 0, end) === end) return
    this.#collector.source = this.#sourceOf(address)
    this.#collector.expect(end)
    if (end > messageMaxBytes) {
      return this.#collector.keep(bytes, 0, messageMaxBytes, 'message_too_large')
    }
    const error = this.#collector.add(bytes, 0, end, true)
    if (error !== null) this.#collector.keep(bytes, 0, end, error.reason)
  }

  #sourceOf(address: string): GelfSource {
    const known = this.#sources.get(address)
    if (known) return known
    if (this.#sources.size >= SOURCES_MAX) this.#sources.clear()
    // Names are not waited for here: events of a turn stay in their order.
    const source = this.#share.sourceOf({ address, hostname: address })
    this.#sources.set(address, source)
    return source
  }

  #noteChunks(): void {
    const { metrics, context } = this.#share
    const { heldBytes, size, duplicates } = this.#chunks
    if (heldBytes !== this.#heldBytes) {
      context.memory.add(heldBytes - this.#heldBytes)
      this.#heldBytes = heldBytes
      metrics.chunkBytes.set(heldBytes)
      metrics.chunkedMessages.set(size)
    }
    metrics.duplicateChunks.add(duplicates - this.#duplicates)
    this.#duplicates = duplicates
  }

  #keep(reason: string, bytes: Uint8Array, address: string): void {
    this.#collector.source = this.#sourceOf(address)
    this.#collector.keepBytes(bytes, reason)
  }
}

/** Some send a datagram with the delimiter that a stream would have. */
function messageEnd(bytes: Uint8Array): number {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return end
}
