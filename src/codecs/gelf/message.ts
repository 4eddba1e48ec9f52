/**
 * One GELF message, a JSON object, to an entry (../entry.ts) without making objects of it.
 * GELF 1.1 as Graylog has it, and as lenient: `version` and `host` may be missing, values may be
 * of any kind, control characters may stand bare in texts. Whatever was sent is in the record.
 * Twin of ../kernel/assembly/gelf.ts, which reads what is usual.
 */
import { ByteWriter } from '../byte-writer.ts'
import type { CodecError } from '../codec-error.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../entry.ts'
import { tagOf } from '../forward/tag-cache.ts'
import { widenHeader } from '../json/to-msgpack.ts'
import { writeStr, writeStrBytes } from '../msgpack/writer.ts'
import { payloadEnd, payloadStart } from '../record.ts'
import { isText, kindOfName, strippedBytes, type FieldKind } from './names.ts'
import { extend, NO_SOURCE, putHeadOfMillis } from './source.ts'
import { StrictRules, type FieldPlace } from './strict.ts'
import { GelfTimestamp } from './timestamp.ts'
import { GelfValues } from './values.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
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

/** Keeps its working memory between messages: make one per connection or socket. */
export class GelfMessageReader {
  /** `_tag` of the message read last; null if it had none that could be a tag. */
  tag: string | null = null
  /** Of the messages to come. */
  source = NO_SOURCE

  readonly #strips: boolean
  readonly #messageKey: Uint8Array
  readonly #tagMaxBytes: number
  readonly #rules: StrictRules | null
  readonly #json: GelfValues
  readonly #time = new GelfTimestamp()
  readonly #place: FieldPlace = {
    keyBytes: NOTHING,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
    valueEnd: 0,
  }
  #writer = NO_OUTPUT
  #count = 0
  #hasTime = false
  #level = 0
  #isDocker = false
  #hasStream = false

  constructor(options: GelfMessageOptions) {
    this.#strips = options.fields === 'strip'
    this.#messageKey = new TextEncoder().encode(options.messageKey)
    this.#tagMaxBytes = options.tagMaxBytes
    this.#rules = options.strict ? new StrictRules() : null
    this.#json = new GelfValues(options.strict, options.depthMax)
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
    const json = this.#json
    const entryStart = writer.length
    json.begin(bytes, start, end, writer)
    this.#begin(writer)
    this.#readObject()
    const { error } = json
    if (error === null) this.#finish(entryStart, now)
    else writer.length = entryStart
    this.#place.keyBytes = NOTHING
    this.#writer = NO_OUTPUT
    json.finish()
    return error === null ? null : error.shiftedBy(-start)
  }

  #begin(writer: ByteWriter): void {
    this.#writer = writer
    this.tag = null
    this.#count = this.#level = 0
    this.#hasTime = this.#isDocker = this.#hasStream = false
    this.#rules?.begin()
    // One byte for the header of the map, which #finish may have to widen.
    writer.reserve(ENTRY_RECORD_OFFSET + 1)
    writer.length += ENTRY_RECORD_OFFSET + 1
  }

  #readObject(): void {
    const json = this.#json
    json.skipSpace()
    if (json.peek() !== OPEN_OBJECT) return json.fail('{ of a GELF message', 'not_an_object')
    json.position++
    json.skipSpace()
    if (json.peek() === CLOSE_OBJECT) json.position++
    else this.#readFields()
    if (json.error !== null) return
    json.skipSpace()
    if (json.position < json.end) return json.fail('nothing behind the message')
    const missing = this.#rules?.end()
    if (missing) json.fail(missing.expected, missing.reason)
  }

  #readFields(): void {
    const json = this.#json
    while (json.error === null) {
      this.#readField()
      if (json.error !== null) return
      json.skipSpace()
      const byte = json.peek()
      if (byte === CLOSE_OBJECT) {
        json.position++
        return
      }
      if (byte !== COMMA) return json.fail('a comma or }')
      json.position++
      json.skipSpace()
    }
  }

  #readField(): void {
    const json = this.#json
    if (!json.readKey(this.#place)) return
    json.skipSpace()
    if (json.peek() !== COLON) return json.fail(':')
    json.position++
    json.skipSpace()
    const place = this.#place
    const kind = kindOfName(place.keyBytes, place.keyStart, place.keyEnd)
    const fieldStart = this.#writer.length
    this.#writeName(kind)
    const valueOffset = this.#writer.length
    place.valueStart = json.position
    if (!json.readValue()) return
    place.valueEnd = json.position
    const fault = this.#rules?.field(kind, json.bytes, place)
    if (fault) return json.failAt(place.valueStart, fault.expected, fault.reason)
    if (this.#takes(kind, valueOffset)) this.#writer.length = fieldStart
    else this.#count++
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
    const { bytes } = this.#json
    const quote = bytes[valueStart] === QUOTE ? 1 : 0
    this.#hasTime = this.#time.read(bytes, valueStart + quote, valueEnd - quote)
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
}

function encoded(key: string, value: string): Uint8Array {
  const writer = new ByteWriter(32)
  writeStr(writer, key)
  writeStr(writer, value)
  return writer.written().slice()
}

const NOTHING: Uint8Array = new Uint8Array(0)
const NO_OUTPUT = new ByteWriter(0)
const STREAM_STDOUT = encoded('stream', 'stdout')
const STREAM_STDERR = encoded('stream', 'stderr')
