/**
 * Turns whole forward frames into units: modes Message, Forward, PackedForward and
 * CompressedPackedForward of the Fluentd forward protocol v1, with Fluent Bit's extensions.
 * Framing: forward/decoder.ts. Entries: forward/entries.ts. Options: forward/options.ts.
 */
import { ByteWriter } from '../byte-writer.ts'
import { CodecError } from '../codec-error.ts'
import { EntryCollector, type EntryCollectorOptions } from './entries.ts'
import { eventCount } from './event-count.ts'
import { ForwardOptions } from './options.ts'
import { Lease } from '../lease.ts'
import { type KernelEntries, TAG_BYTES_MAX } from '../kernel/entries.ts'
import { isSame, type Tag, tagOf } from './tag-cache.ts'
import type { ForwardUnit, RefusedUnit } from './unit.ts'
import { isArray, isBin, isStr, typeName } from '../msgpack/format.ts'
import type { MsgpackScanner } from '../msgpack/scanner.ts'
import { mapBodyOffset, mapCount, payloadEnd, payloadStart } from '../record.ts'

const NIL = 0xc0
const NOTHING = new Uint8Array(0)
const NO_TAG: Tag = { bytes: NOTHING, text: '' }
/** A longer tag is not kept for the next push. */
const KEPT_TAG_MAX_BYTES = 1024
/** Fewer bytes are read faster than they are handed to the kernel. */
const KERNEL_MIN_BYTES = 256
/** Refusals in a row, within one push, after which the kernel is not asked any more. */
const REFUSALS_MAX = 2
const GZIP_MAGIC = [0x1f, 0x8b]
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd]
const NO_COMPRESSION = new Set(['', 'text', 'gzip', 'zstd'])

/** One value as it lies in memory, its bytes validated. Reused for every frame. */
export interface Frame {
  bytes: Uint8Array
  /** Of the memory that `bytes` is in; null when the garbage collector is to see to it. */
  lease: Lease | null
  start: number
  length: number
  wireBytes: number
  /** Has walked the value and knows its elements. */
  readonly scanner: MsgpackScanner
}

export class ForwardFrames {
  readonly #collector: EntryCollector
  readonly #options = new ForwardOptions()
  /** Null when messages are to be read one by one. */
  readonly #quick: KernelEntries | null
  #refusals = 0
  #units: ForwardUnit[] = []
  /** Takes the entries of one push; its views are given away, so the next push has another. */
  #output = new ByteWriter(0)
  /** Of the memory it has at the moment. */
  #outputLease: Lease | null = null
  #leasedBytes: Uint8Array = NOTHING
  /** Of the push, from the frame at hand on: about what its entries will need. */
  #bytesLeft = 0

  #tag = NO_TAG

  // The run that the next Message frame may join.
  #runIsOpen = false
  #runTag = ''
  #runHasChunks = false
  #runChunks: Uint8Array[] = []
  #runWireBytes = 0
  /** Of the memory that its entries may be views of, if they are not in the output. */
  #runLease: Lease | null = null

  constructor(options: EntryCollectorOptions) {
    this.#collector = new EntryCollector(options)
    this.#quick = options.fields.length > 0 ? null : options.quick
  }

  /** Call before the frames of one push, with the bytes that are there to be read. */
  begin(byteCount: number): void {
    this.#bytesLeft = byteCount
    this.#refusals = 0
    this.#quick?.reset()
  }

  /** The units of all frames read since `begin`; nothing of them is kept here. */
  finish(): ForwardUnit[] {
    this.#closeRun()
    const units = this.#units
    this.#units = []
    this.#output = new ByteWriter(0)
    this.#outputLease?.release()
    this.#outputLease = null
    this.#quick?.reset()
    this.#runChunks = []
    this.#options.forget()
    if (this.#tag.bytes.length > KEPT_TAG_MAX_BYTES) this.#tag = NO_TAG
    return units
  }

  /**
   * Reads Message frames as long as they are what the kernel knows (kernel/entries.ts) and returns
   * where it stopped; `readMessage` below does the same one by one.
   */
  readMessages(bytes: Uint8Array, start: number, end: number): number {
    const quick = this.#quick
    let position = start
    while (quick !== null && this.#refusals < REFUSALS_MAX && end - position >= KERNEL_MIN_BYTES) {
      if (!isMessageType(bytes[position]!) || !this.#readTag(bytes, position + 1, end)) break
      if (this.#tag.bytes.length > TAG_BYTES_MAX) break
      const next = quick.messages(bytes, position, end, this.#tag.bytes)
      this.#refusals = quick.count > 0 ? 0 : this.#refusals + 1
      if (quick.count > 0) this.#addMessages(quick, next - position)
      position = next
      if (!quick.stoppedAtTag) break
    }
    return position
  }

  #addMessages(quick: KernelEntries, wireBytes: number): void {
    this.#continueRun(false)
    this.#runWireBytes += wireBytes
    this.#collector.addMade(quick.made, quick.count)
    this.#bytesLeft -= wireBytes
  }

  /** Reads one frame; an error, whose offset counts from the frame, means that it has no event. */
  read(frame: Frame): CodecError | null {
    const { bytes, start, scanner } = frame
    const type = bytes[start]!
    if (type === NIL) return null
    if (!isArray(type)) return frameError(0, typeName(type), 'an array')
    if (scanner.childCount < 2) return frameError(0, `${scanner.childCount} elements`, '2 to 4')
    const tagOffset = scanner.childOffsets[0]!
    if (!this.#readTag(bytes, start + tagOffset, start + frame.length)) {
      return frameError(tagOffset, typeName(bytes[start + tagOffset]!), 'a tag (str)')
    }
    const bodyType = bytes[start + scanner.childOffsets[1]!]!
    if (isArray(bodyType)) this.#readForward(frame)
    else if (isStr(bodyType) || isBin(bodyType)) this.#readPacked(frame)
    else this.#readMessage(frame)
    this.#bytesLeft -= frame.wireBytes
    return null
  }

  /** The unit of a decompressed payload. */
  readPayload(
    tag: string,
    payload: Uint8Array,
    chunks: readonly Uint8Array[],
    wireBytes: number,
  ): ForwardUnit {
    const lease = new Lease(payload)
    this.#openRun(tag, chunks.length > 0)
    this.#runChunks.push(...chunks)
    this.#runWireBytes = wireBytes
    this.#runLease = lease
    this.#collector.addRun(payload, 0, payload.length)
    const [unit] = this.finish()
    lease.release()
    return unit!
  }

  /** `[tag, time, record, option?]` */
  #readMessage(frame: Frame): void {
    const { bytes, start, length, scanner } = frame
    const { childCount, childOffsets } = scanner
    this.#options.read(bytes, childCount > 3 ? start + childOffsets[3]! : -1)
    if (this.#refuseSignal(frame)) return
    this.#continueRun(this.#options.chunk !== null)
    this.#countFrame(frame)
    const collector = this.#collector
    if (childCount < 3) return collector.drop('invalid_entry')
    if (scanner.isTooDeep) return collector.drop('depth_exceeded')
    const recordEnd = start + (childCount > 3 ? childOffsets[3]! : length)
    const timeOffset = start + childOffsets[1]!
    const recordOffset = start + childOffsets[2]!
    collector.addEvent(bytes, timeOffset, recordOffset, recordEnd, this.#options.metadataOffset)
  }

  /** `[tag, [[time, record], …], option?]` */
  #readForward(frame: Frame): void {
    const { bytes, start, length, scanner } = frame
    const { childCount, childOffsets } = scanner
    this.#options.read(bytes, childCount > 2 ? start + childOffsets[2]! : -1)
    if (this.#refuseSignal(frame)) return
    const entriesStart = mapBodyOffset(bytes, start + childOffsets[1]!)
    const entriesEnd = start + (childCount > 2 ? childOffsets[2]! : length)
    const count = mapCount(bytes, start + childOffsets[1]!)
    if (count > 0 && scanner.skippedCount === count) {
      this.#addCanonical(frame, entriesStart, entriesEnd, count)
    } else this.#readRun(frame, entriesStart, entriesEnd)
  }

  /** `[tag, payload, option?]`, the payload plain or compressed */
  #readPacked(frame: Frame): void {
    const { bytes, start, scanner, wireBytes } = frame
    const { childCount, childOffsets } = scanner
    const options = this.#options
    options.read(bytes, childCount > 2 ? start + childOffsets[2]! : -1)
    if (this.#refuseSignal(frame)) return
    const bodyOffset = start + childOffsets[1]!
    const payloadFrom = payloadStart(bytes, bodyOffset)
    const payloadTo = payloadEnd(bytes, bodyOffset)
    const payload = bytes.subarray(payloadFrom, payloadTo)
    const codec = detectCodec(payload)
    if (codec !== null) {
      this.#closeRun()
      const chunks = this.#chunks()
      const lease = frame.lease?.retain() ?? null
      const tag = this.#tag.text
      this.#units.push({ kind: 'compressed', tag, codec, payload, chunks, wireBytes, lease })
    } else if (!NO_COMPRESSION.has(options.compressed) && !looksPlain(payload)) {
      this.#refuse(frame, 'unknown_compression')
    } else {
      this.#readRun(frame, payloadFrom, payloadTo)
    }
  }

  #readRun(frame: Frame, start: number, end: number): void {
    this.#openRun(this.#tag.text, this.#options.chunk !== null)
    this.#countFrame(frame)
    this.#runLease = frame.lease
    this.#collector.addRun(frame.bytes, start, end)
    this.#closeRun()
  }

  /** As `#readRun`, for entries that the scanner has seen to be canonical. */
  #addCanonical(frame: Frame, start: number, end: number, count: number): void {
    if (this.#quick === null) return this.#readRun(frame, start, end)
    this.#openRun(this.#tag.text, this.#options.chunk !== null)
    this.#countFrame(frame)
    this.#runLease = frame.lease
    this.#collector.addCanonical(frame.bytes, start, end, count)
    this.#closeRun()
  }

  /** Joins a Message frame to the run before it: Docker sends one frame per line. */
  #continueRun(hasChunk: boolean): void {
    const fits =
      this.#runIsOpen && this.#runTag === this.#tag.text && this.#runHasChunks === hasChunk
    if (!fits) this.#openRun(this.#tag.text, hasChunk)
    if (this.#output.length === 0) this.#output.reserve(this.#bytesLeft)
  }

  #countFrame(frame: Frame): void {
    this.#runWireBytes += frame.wireBytes
    if (this.#options.chunk !== null) this.#runChunks.push(this.#options.chunk)
  }

  #openRun(tag: string, hasChunks: boolean): void {
    this.#closeRun()
    this.#runIsOpen = true
    this.#runTag = tag
    this.#runHasChunks = hasChunks
    this.#runChunks = []
    this.#runWireBytes = 0
    this.#runLease = null
    this.#collector.begin(this.#output)
  }

  #closeRun(): void {
    if (!this.#runIsOpen) return
    this.#runIsOpen = false
    const { count, invalid, isUntouched } = this.#collector
    const lease = isUntouched ? this.#runLease : this.#leaseOfOutput()
    this.#units.push({
      kind: 'entries',
      tag: this.#runTag,
      entries: this.#collector.finish(),
      count,
      invalid,
      chunks: this.#runChunks,
      wireBytes: this.#runWireBytes,
      lease: lease?.retain() ?? null,
    })
  }

  /** The output gets other memory when it grows; what is in the former stays there. */
  #leaseOfOutput(): Lease {
    const { bytes } = this.#output
    if (this.#outputLease !== null && bytes === this.#leasedBytes) return this.#outputLease
    this.#outputLease?.release()
    this.#leasedBytes = bytes
    this.#outputLease = new Lease(bytes)
    return this.#outputLease
  }

  /** True when the frame holds no logs; then it has been refused. */
  #refuseSignal(frame: Frame): boolean {
    const { signal } = this.#options
    if (signal === 0) return false
    if (signal === 1) this.#refuse(frame, 'fluent_signal_metrics')
    else if (signal === 2) this.#refuse(frame, 'fluent_signal_traces')
    else this.#refuse(frame, 'fluent_signal_unknown', eventCount(frame.bytes, bodyOffset(frame)))
    return true
  }

  #refuse(frame: Frame, reason: RefusedUnit['reason'], count = 1): void {
    this.#closeRun()
    const { wireBytes } = frame
    const chunks = this.#chunks()
    const tag = this.#tag.text
    this.#units.push({ kind: 'refused', tag, reason, count, chunks, wireBytes, lease: null })
  }

  #chunks(): Uint8Array[] {
    return this.#options.chunk === null ? [] : [this.#options.chunk]
  }

  /** Sets `#tag`; a connection mostly repeats one tag, so the text is kept with its bytes. */
  #readTag(bytes: Uint8Array, offset: number, limit: number): boolean {
    const start = payloadStart(bytes, offset)
    if (start < 0) return false
    const end = payloadEnd(bytes, offset)
    // NaN where even the header is not there.
    if (!(end <= limit)) return false
    if (!isSame(this.#tag.bytes, bytes, start, end)) this.#tag = tagOf(bytes, start, end)
    return true
  }
}

function bodyOffset({ start, scanner }: Frame): number {
  return start + scanner.childOffsets[1]!
}

/** An array of three or four, as Message frames are. */
function isMessageType(type: number): boolean {
  return type === 0x93 || type === 0x94
}

/** What the payload starts with is trusted over what the option says, as Fluent Bit does. */
function detectCodec(payload: Uint8Array): 'gzip' | 'zstd' | null {
  if (startsWith(payload, GZIP_MAGIC)) return 'gzip'
  return startsWith(payload, ZSTD_MAGIC) ? 'zstd' : null
}

function looksPlain(payload: Uint8Array): boolean {
  return payload.length === 0 || isArray(payload[0]!)
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}

function frameError(offset: number, found: string, expected: string): CodecError {
  return new CodecError({ reason: 'invalid_frame', offset, found, expected })
}
