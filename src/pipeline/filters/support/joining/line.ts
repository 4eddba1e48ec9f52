/** A line of which parts have come, and the entry it becomes when they are joined. */
import type { ByteWriter } from '../../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../../codecs/entry.ts'
import {
  writeBoolean,
  writeInteger,
  writeMapHeader,
  writeStr,
  writeStrHeader,
} from '../../../../codecs/msgpack/writer.ts'
import type { Head } from './head.ts'

export interface Part {
  readonly ordinal: number
  readonly isLast: boolean
  /** As much of the part's text as is kept; see `size`. */
  readonly log: Uint8Array
  /** Bytes of the part's text as it came. */
  readonly size: number
  /** The call of `process` it came with; 0 for parts read from disk. */
  readonly call: number
}

/** What a line is known by: `id` on disk, `key` by its parts. */
export interface LineName {
  readonly id: number
  readonly key: string
  readonly tag: string
  readonly isLegacy: boolean
}

export interface LineOptions {
  /** The field that the joined text is in. */
  readonly field: string
  readonly joinedMaxBytes: number
}

/** What a kept part and an open line take beside their bytes, roughly. */
const PART_OVERHEAD_BYTES = 256
const LINE_OVERHEAD_BYTES = 1024
/** A line of this many parts is joined whether it is complete or not: empty parts add up too. */
const PARTS_MAX = 65_536
/** Docker sends a part that is not the last when its buffer is full, or at the end of a stream. */
const DOCKER_PART_BYTES = 16 * 1024

export class Line {
  readonly name: LineName
  /** Where OpenLines keeps it. */
  slot = ''
  /** The connection its latest part came over, if the input says so. */
  origin: object | undefined
  /** Events in it that earlier calls have answered as held. */
  heldEvents = 0
  /** Writes to disk of its parts that are under way. */
  unwritten = 0
  /** Its origin has ended, so nothing more comes. */
  isClosed = false
  /** When to stop waiting for more, on the monotonic clock in milliseconds. */
  expiresAt = 0
  memoryBytes = LINE_OVERHEAD_BYTES
  readonly #field: string
  readonly #joinedMaxBytes: number
  readonly #parts = new Map<number, Part>()
  /** Time and fields, of the first part as far as it has come. */
  #head: Head = { bytes: new Uint8Array(ENTRY_RECORD_OFFSET), fieldCount: 0 }
  #headOrdinal = Infinity
  #lastOrdinal = 0
  #highestOrdinal = 0
  /** Parts with an ordinal above that of the last: from a sender that numbers them wrongly. */
  #beyondLast = 0
  #keptBytes = 0
  #isFull = false

  constructor(name: LineName, { field, joinedMaxBytes }: LineOptions) {
    this.name = name
    this.#field = field
    this.#joinedMaxBytes = joinedMaxBytes
    this.memoryBytes += 2 * (name.key.length + name.tag.length)
  }

  get parts(): Iterable<Part> {
    return this.#parts.values()
  }

  get partCount(): number {
    return this.#parts.size
  }

  /** More has come than a joined line may have. */
  get isTruncated(): boolean {
    return this.#isFull
  }

  get head(): Head {
    return this.#head
  }

  /** The ordinal of a part that does not say its own. */
  get nextOrdinal(): number {
    return this.#highestOrdinal + 1
  }

  /** All parts from the first to the one marked as last are there, or as many as may be. */
  get isComplete(): boolean {
    return (this.#lastOrdinal > 0 && this.#missing() === 0) || this.#parts.size >= PARTS_MAX
  }

  /**
   * Docker will send no more of it: its last part is there, so those missing went before (passed
   * on after a timeout); or its latest part is shorter than the buffer although it is not marked
   * as the last, so the stream has ended without a newline.
   */
  get isEndOfStream(): boolean {
    const latest = this.#parts.get(this.#highestOrdinal)
    return this.#lastOrdinal > 0 || (latest !== undefined && latest.size < DOCKER_PART_BYTES)
  }

  has(ordinal: number): boolean {
    return this.#parts.has(ordinal)
  }

  /** Keeps a copy of as much as fits, and returns the part as it is kept. */
  add(part: Part, head: Head): Part {
    const kept = { ...part, log: this.#fitting(part.log) }
    if (part.ordinal < this.#headOrdinal) this.#setHead(part.ordinal, head)
    this.#parts.set(part.ordinal, kept)
    this.#highestOrdinal = Math.max(this.#highestOrdinal, part.ordinal)
    // Of several that say they are the last the first one counts.
    if (part.isLast && this.#lastOrdinal === 0) this.#setLast(part.ordinal)
    else if (this.#isBeyondLast(part)) this.#beyondLast++
    this.#keptBytes += kept.log.length
    this.memoryBytes += kept.log.length + PART_OVERHEAD_BYTES
    return kept
  }

  /** Takes back what `call` has added. */
  removeCall(call: number): void {
    this.#highestOrdinal = 0
    for (const part of this.#parts.values()) {
      if (part.call === call) this.#remove(part)
      else this.#highestOrdinal = Math.max(this.#highestOrdinal, part.ordinal)
    }
  }

  /** Appends the joined entry: time and fields of the first part, then the text, then marks. */
  write(writer: ByteWriter): void {
    const parts = [...this.#parts.values()].sort((a, b) => a.ordinal - b.ordinal)
    const texts = textsOf(parts)
    const size = sum(texts.map((text) => text.length))
    const originalSize = sum(parts.map((part) => part.size))
    const missing = this.#missing()
    const markCount = (size < originalSize ? 2 : 0) + (missing > 0 ? 1 : 0)
    writer.reserve(this.#head.bytes.length + size + 128)
    writer.append(this.#head.bytes.subarray(0, ENTRY_RECORD_OFFSET))
    writeMapHeader(writer, this.#head.fieldCount + 1 + markCount)
    writer.append(this.#head.bytes.subarray(ENTRY_RECORD_OFFSET))
    writeStr(writer, this.#field)
    writeStrHeader(writer, size)
    for (const text of texts) writer.append(text)
    if (size < originalSize) writeTruncated(writer, originalSize)
    if (missing > 0) writeMissing(writer, missing)
  }

  #setHead(ordinal: number, head: Head): void {
    this.memoryBytes += head.bytes.length - this.#head.bytes.length
    this.#head = head
    this.#headOrdinal = ordinal
  }

  #setLast(ordinal: number): void {
    this.#lastOrdinal = ordinal
    for (const part of this.#parts.values()) if (this.#isBeyondLast(part)) this.#beyondLast++
  }

  #isBeyondLast(part: Part): boolean {
    return this.#lastOrdinal > 0 && part.ordinal > this.#lastOrdinal
  }

  #remove(part: Part): void {
    this.#parts.delete(part.ordinal)
    if (this.#isBeyondLast(part)) this.#beyondLast--
    if (part.ordinal === this.#lastOrdinal) this.#lastOrdinal = this.#beyondLast = 0
    if (part.log.length < part.size) this.#isFull = false
    this.#keptBytes -= part.log.length
    this.memoryBytes -= part.log.length + PART_OVERHEAD_BYTES
  }

  #fitting(log: Uint8Array): Uint8Array {
    const room = this.#isFull ? 0 : this.#joinedMaxBytes - this.#keptBytes
    if (log.length <= room) return new Uint8Array(log)
    this.#isFull = true
    return new Uint8Array(log.subarray(0, characterStart(log, room)))
  }

  /** How many parts are missing before the last, or before the latest if the last is unknown. */
  #missing(): number {
    if (this.#lastOrdinal === 0) return this.#highestOrdinal - this.#parts.size
    return this.#lastOrdinal - (this.#parts.size - this.#beyondLast)
  }
}

/** The texts up to and with the first that was cut: what a reader sees is a true beginning. */
function textsOf(parts: readonly Part[]): Uint8Array[] {
  const cut = parts.findIndex((part) => part.log.length < part.size)
  return parts.slice(0, cut < 0 ? parts.length : cut + 1).map((part) => part.log)
}

function writeTruncated(writer: ByteWriter, originalSize: number): void {
  writeStr(writer, 'truncated')
  writeBoolean(writer, true)
  writeStr(writer, 'original_size')
  writeInteger(writer, originalSize)
}

function writeMissing(writer: ByteWriter, missing: number): void {
  writeStr(writer, 'partial_missing')
  writeInteger(writer, missing)
}

/** `end`, or a little before it where that would cut a UTF-8 character. */
function characterStart(bytes: Uint8Array, end: number): number {
  for (let start = end; start > 0 && start > end - 4; start--) {
    if ((bytes[start]! & 0xc0) !== 0x80) return start
  }
  return end
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
