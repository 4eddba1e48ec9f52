/**
 * One GELF message, a JSON object, to an entry (../entry.ts) without making objects of it.
 * GELF 1.1 as Graylog has it, and as lenient: `version` and `host` may be missing, values may be
 * of any kind, control characters may stand bare in texts. Whatever was sent is in the record.
 * Twin of ../kernel/assembly/gelf.ts, which reads what is usual.
 */
import { ByteWriter } from '../byte-writer.ts'
import { CodecError } from '../codec-error.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../entry.ts'
import { RecordExtender, type TextField } from '../forward/record-extender.ts'
import { tagOf } from '../forward/tag-cache.ts'
import { isJsonSpace, JsonFramer } from '../json/framer.ts'
import { writeJsonNumber } from '../json/number-decoder.ts'
import { unescapeJson } from '../json/string-decoder.ts'
import { describe, JsonToMsgpack, widenHeader } from '../json/to-msgpack.ts'
import { writeMapHeader, writeStr, writeStrBytes } from '../msgpack/writer.ts'
import { payloadEnd, payloadStart } from '../record.ts'
import { isText, kindOfName, strippedBytes, type FieldKind } from './names.ts'
import { StrictRules, type FieldPlace } from './strict.ts'
import { GelfTimestamp } from './timestamp.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
/** Docker's driver: informational for what a container writes to stdout, error for stderr. */
const LEVEL_STDOUT = 6
const LEVEL_STDERR = 3

export interface GelfMessageOptions {
  /** `strip`: without the underscores of additional fields, the text under `messageKey`. */
  readonly fields: 'strip' | 'keep'
  /** What `short_message` becomes with `strip`. */
  readonly messageKey: string
  /** Whether to refuse what GELF 1.1 does not allow. */
  readonly strict: boolean
  /** Levels of arrays and objects in a value, and the message itself. */
  readonly depthMax: number
  /** A longer `_tag`, in bytes, stays in the record. */
  readonly tagMaxBytes: number
}

/** What records say of who sent them, in place of what they say themselves. */
export interface GelfSource {
  readonly every: RecordExtender
  /** Of those that could not be read. */
  readonly failed: RecordExtender
}

export function gelfSource(
  every: readonly TextField[],
  failed: readonly TextField[] = every,
): GelfSource {
  const extender = (fields: readonly TextField[]) => new RecordExtender({ fields, metadataKey: '' })
  return { every: extender(every), failed: extender(failed) }
}

export const NO_SOURCE = gelfSource([])

/** Keeps its working memory between messages: make one per connection or socket. */
export class GelfMessageReader {
  /** `_tag` of the message read last; null if it had none that could be a tag. */
  tag: string | null = null
  /** Of the messages to come. */
  source = NO_SOURCE

  readonly #strips: boolean
  readonly #messageKey: Uint8Array
  readonly #tagMaxBytes: number
  readonly #depthMax: number
  readonly #rules: StrictRules | null
  readonly #nested: JsonToMsgpack
  readonly #time = new GelfTimestamp()
  readonly #scratch = new ByteWriter(256)
  readonly #place: FieldPlace = {
    keyBytes: NOTHING,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
    valueEnd: 0,
  }
  #bytes = NOTHING
  #position = 0
  #end = 0
  #writer = NO_OUTPUT
  #count = 0
  #hasTime = false
  #level = 0
  #isDocker = false
  #hasStream = false
  #error: CodecError | null = null

  constructor(options: GelfMessageOptions) {
    this.#strips = options.fields === 'strip'
    this.#messageKey = new TextEncoder().encode(options.messageKey)
    this.#tagMaxBytes = options.tagMaxBytes
    this.#depthMax = options.depthMax
    this.#rules = options.strict ? new StrictRules() : null
    this.#nested = new JsonToMsgpack(options.depthMax - 1)
  }

  /**
   * Appends the entry of the message between `start` and `end`; `now`, in milliseconds since 1970,
   * is the time of one that says none. On an error, whose offset counts from `start`, the writer is
   * left as it was.
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    now: number,
    writer: ByteWriter,
  ): CodecError | null {
    const entryStart = writer.length
    this.#begin(bytes, start, end, writer)
    this.#readObject()
    if (this.#error === null) this.#finish(entryStart, now)
    else writer.length = entryStart
    this.#bytes = this.#place.keyBytes = NOTHING
    this.#writer = NO_OUTPUT
    return this.#error === null ? null : this.#error.shiftedBy(-start)
  }

  /** Appends an entry that holds the bytes from `start` to `end` as they came, and why. */
  keep(
    bytes: Uint8Array,
    start: number,
    end: number,
    now: number,
    writer: ByteWriter,
    reason: string,
  ): void {
    writer.reserve(ENTRY_RECORD_OFFSET)
    writer.length = putHeadOfMillis(writer.bytes, writer.length, now)
    const recordStart = writer.length
    writeMapHeader(writer, 2)
    writeStr(writer, 'message')
    writeStrBytes(writer, bytes, start, end)
    writeStr(writer, 'parse_failed')
    writeStr(writer, reason)
    extend(writer, recordStart, this.source.failed)
  }

  #begin(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
    this.#writer = writer
    this.tag = this.#error = null
    this.#count = this.#level = 0
    this.#hasTime = this.#isDocker = this.#hasStream = false
    this.#rules?.begin()
    // One byte for the header of the map, which #finish may have to widen.
    writer.reserve(ENTRY_RECORD_OFFSET + 1)
    writer.length += ENTRY_RECORD_OFFSET + 1
  }

  #readObject(): void {
    this.#skipSpace()
    if (this.#peek() !== OPEN_OBJECT) return this.#fail('{ of a GELF message', 'not_an_object')
    this.#position++
    this.#skipSpace()
    if (this.#peek() === CLOSE_OBJECT) this.#position++
    else this.#readFields()
    if (this.#error !== null) return
    this.#skipSpace()
    if (this.#position < this.#end) return this.#fail('nothing behind the message')
    const missing = this.#rules?.end()
    if (missing) this.#fail(missing.expected, missing.reason)
  }

  #readFields(): void {
    while (this.#error === null) {
      this.#readField()
      if (this.#error !== null) return
      this.#skipSpace()
      const byte = this.#peek()
      if (byte === CLOSE_OBJECT) {
        this.#position++
        return
      }
      if (byte !== COMMA) return this.#fail('a comma or }')
      this.#position++
      this.#skipSpace()
    }
  }

  #readField(): void {
    if (!this.#readKey()) return
    this.#skipSpace()
    if (this.#peek() !== COLON) return this.#fail(':')
    this.#position++
    this.#skipSpace()
    const place = this.#place
    const kind = kindOfName(place.keyBytes, place.keyStart, place.keyEnd)
    const fieldStart = this.#writer.length
    this.#writeName(kind)
    const valueOffset = this.#writer.length
    place.valueStart = this.#position
    if (!this.#readValue()) return
    place.valueEnd = this.#position
    const fault = this.#rules?.field(kind, this.#bytes, place)
    if (fault) return this.#failAt(place.valueStart, fault.expected, fault.reason)
    if (this.#takes(kind, valueOffset)) this.#writer.length = fieldStart
    else this.#count++
  }

  /** Sets the place of the key; an escaped one is in the scratch memory. */
  #readKey(): boolean {
    if (this.#peek() !== QUOTE) return this.#failed('a name in quotes')
    const place = this.#place
    const start = this.#position + 1
    const close = this.#plainEnd(start)
    if (close === this.#end) return this.#failedAt(close, 'the end of the name')
    if (this.#bytes[close] === QUOTE) {
      place.keyBytes = this.#bytes
      place.keyStart = start
      place.keyEnd = close
      this.#position = close + 1
      return true
    }
    if (!this.#unescape(start)) return false
    // A copy, as the value may need the scratch memory.
    place.keyBytes = this.#scratch.written().slice()
    place.keyStart = 0
    place.keyEnd = place.keyBytes.length
    return true
  }

  #writeName(kind: FieldKind): void {
    const { keyBytes, keyStart, keyEnd } = this.#place
    const writer = this.#writer
    if (!this.#strips) return writeStrBytes(writer, keyBytes, keyStart, keyEnd)
    if (kind === 'short_message') {
      return writeStrBytes(writer, this.#messageKey, 0, this.#messageKey.length)
    }
    if (kind === 'other' && this.#isMessageKey()) return this.#writeUnderscored()
    const isAdditional =
      kind === 'additional' || kind === 'tag' || kind === 'container_id' || kind === 'id'
    const left = isAdditional ? strippedBytes(keyBytes, keyStart, keyEnd, this.#messageKey) : 0
    writeStrBytes(writer, keyBytes, keyStart + left, keyEnd)
  }

  #isMessageKey(): boolean {
    const { keyBytes, keyStart, keyEnd } = this.#place
    const key = this.#messageKey
    return keyEnd - keyStart === key.length && isText(keyBytes, keyStart, key)
  }

  /** `log` that GELF does not know, beside the `log` that the text becomes. */
  #writeUnderscored(): void {
    writeStr(this.#writer, `_${Buffer.from(this.#messageKey).toString()}`)
  }

  #readValue(): boolean {
    const byte = this.#peek()
    if (byte === QUOTE) return this.#readString()
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return this.#readNested()
    if (byte === TRUE[0]) return this.#readWord(TRUE, 0xc3)
    if (byte === FALSE[0]) return this.#readWord(FALSE, 0xc2)
    if (byte === NULL[0]) return this.#readWord(NULL, 0xc0)
    if (byte === -1) return this.#failed('a value')
    const numberEnd = writeJsonNumber(this.#bytes, this.#position, this.#end, this.#writer)
    if (numberEnd < 0) return this.#failed('a value')
    this.#position = numberEnd
    return true
  }

  #readString(): boolean {
    const start = this.#position + 1
    const close = this.#plainEnd(start)
    if (close === this.#end) return this.#failedAt(close, 'the end of the text')
    if (this.#bytes[close] === QUOTE) {
      writeStrBytes(this.#writer, this.#bytes, start, close)
      this.#position = close + 1
      return true
    }
    if (!this.#unescape(start)) return false
    writeStrBytes(this.#writer, this.#scratch.bytes, 0, this.#scratch.length)
    return true
  }

  /** Where the next quote is, or what may not stay as it is; else the end. */
  #plainEnd(start: number): number {
    const bytes = this.#bytes
    let position = start
    while (position < this.#end && bytes[position] !== QUOTE && bytes[position] !== BACKSLASH) {
      // Bare control characters are for the way of escapes, which knows whether they may be.
      if (this.#rules !== null && bytes[position]! < 0x20) return position
      position++
    }
    return position
  }

  /** Into the scratch memory; moves behind the closing quote. */
  #unescape(start: number): boolean {
    this.#scratch.clear()
    const controls = this.#rules === null ? 'kept' : 'refused'
    const behind = unescapeJson(this.#bytes, start, this.#end, this.#scratch, controls)
    if (behind < 0) return this.#failedAt(-behind - 1, 'a text with JSON escapes')
    this.#position = behind
    return true
  }

  #readNested(): boolean {
    const start = this.#position
    const length = new JsonFramer(Infinity).scan(this.#bytes, start, this.#end)
    if (length <= 0) return this.#failedAt(this.#end, 'the closing bracket')
    const error = this.#nested.transcode(this.#bytes, start, start + length, this.#writer)
    if (error === null) {
      this.#position = start + length
      return true
    }
    const { reason, expected } = error
    const isTooDeep = reason === 'depth_exceeded'
    const allowed = isTooDeep ? `at most ${this.#depthMax} levels` : expected
    return this.#failedAt(start + error.offset, allowed, reason)
  }

  #readWord(word: Uint8Array, type: number): boolean {
    const isWhole = this.#end - this.#position >= word.length
    if (!isWhole || !isText(this.#bytes, this.#position, word)) {
      return this.#failed('true, false or null')
    }
    this.#writer.reserve(1)
    this.#writer.bytes[this.#writer.length++] = type
    this.#position += word.length
    return true
  }

  /** Notes what a field means; whether the event has it now and the record need not. */
  #takes(kind: FieldKind, valueOffset: number): boolean {
    if (kind === 'timestamp') return this.#takesTime()
    if (kind === 'tag') return this.#takesTag(valueOffset)
    if (kind === 'level') this.#level = this.#writer.bytes[valueOffset]!
    else if (kind === 'container_id') this.#isDocker = true
    else if (kind === 'stream') this.#hasStream = true
    return false
  }

  #takesTime(): boolean {
    if (this.#hasTime) return false
    const { valueStart, valueEnd } = this.#place
    const quote = this.#bytes[valueStart] === QUOTE ? 1 : 0
    this.#hasTime = this.#time.read(this.#bytes, valueStart + quote, valueEnd - quote)
    return this.#hasTime
  }

  #takesTag(valueOffset: number): boolean {
    const { bytes } = this.#writer
    const start = payloadStart(bytes, valueOffset)
    const length = payloadEnd(bytes, valueOffset) - start
    if (start < 0 || length === 0 || length > this.#tagMaxBytes || this.tag !== null) return false
    this.tag = tagOf(bytes, start, start + length).text
    return true
  }

  #finish(entryStart: number, now: number): void {
    const writer = this.#writer
    this.#putStream()
    const recordStart = entryStart + ENTRY_RECORD_OFFSET
    if (this.#count < 16) writer.bytes[recordStart] = 0x80 | this.#count
    else widenHeader(writer, recordStart, this.#count, true)
    const { seconds, nanoseconds } = this.#time
    if (this.#hasTime) writeEntryHead(writer.bytes, entryStart, seconds, nanoseconds)
    else putHeadOfMillis(writer.bytes, entryStart, now)
    extend(writer, recordStart, this.source.every)
  }

  /** The level is the only trace that Docker's driver leaves of the stream. */
  #putStream(): void {
    if (!this.#isDocker || this.#hasStream) return
    if (this.#level === LEVEL_STDOUT) this.#writer.append(STREAM_STDOUT)
    else if (this.#level === LEVEL_STDERR) this.#writer.append(STREAM_STDERR)
    else return
    this.#count++
  }

  #skipSpace(): void {
    while (this.#position < this.#end && isJsonSpace(this.#bytes[this.#position]!)) this.#position++
  }

  /** The byte at hand, or -1 at the end. */
  #peek(): number {
    return this.#position < this.#end ? this.#bytes[this.#position]! : -1
  }

  #fail(expected: string, reason = 'invalid_json'): void {
    this.#failAt(this.#position, expected, reason)
  }

  #failAt(offset: number, expected: string, reason: string): void {
    const found = offset < this.#end ? describe(this.#bytes[offset]!) : 'the end of the text'
    this.#error = new CodecError({ reason, offset, found, expected })
  }

  #failed(expected: string): false {
    this.#fail(expected)
    return false
  }

  #failedAt(offset: number, expected: string, reason = 'invalid_json'): false {
    this.#failAt(offset, expected, reason)
    return false
  }
}

function extend(writer: ByteWriter, recordStart: number, extender: RecordExtender): void {
  if (!extender.hasFields) return
  const record = writer.bytes.slice(recordStart, writer.length)
  writer.length = recordStart
  extender.write(writer, record, 0, record.length, -1)
}

function putHeadOfMillis(bytes: Uint8Array, offset: number, now: number): number {
  const seconds = Math.floor(now / 1000)
  return writeEntryHead(bytes, offset, seconds, Math.floor((now - seconds * 1000) * 1e6))
}

function encoded(key: string, value: string): Uint8Array {
  const writer = new ByteWriter(32)
  writeStr(writer, key)
  writeStr(writer, value)
  return writer.written().slice()
}

const NOTHING: Uint8Array = new Uint8Array(0)
const NO_OUTPUT = new ByteWriter(0)
const TRUE = new TextEncoder().encode('true')
const FALSE = new TextEncoder().encode('false')
const NULL = new TextEncoder().encode('null')
const STREAM_STDOUT = encoded('stream', 'stdout')
const STREAM_STDERR = encoded('stream', 'stderr')
