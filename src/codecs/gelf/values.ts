/**
 * Reads the names and values of one GELF message, which is JSON, from left to right: values become
 * msgpack at the end of a writer. What a field means is message.ts's business.
 */
import { ByteWriter } from '../byte-writer.ts'
import { CodecError } from '../codec-error.ts'
import { isJsonSpace, JsonFramer } from '../json/framer.ts'
import { writeJsonNumber } from '../json/number-decoder.ts'
import { unescapeJson } from '../json/string-decoder.ts'
import { describe, JsonToMsgpack } from '../json/to-msgpack.ts'
import { writeStrBytes } from '../msgpack/writer.ts'
import { isText } from './names.ts'
import type { FieldPlace } from './strict.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const OPEN_OBJECT = 0x7b

export class GelfValues {
  bytes = NOTHING
  /** Of what is to be read next. */
  position = 0
  end = 0
  writer = NO_OUTPUT
  /** The first one, whose offset is one into the bytes; null while all is well. */
  error: CodecError | null = null
  /** Whether control characters may not stand bare in texts. */
  readonly #isStrict: boolean
  readonly #depthMax: number
  readonly #nested: JsonToMsgpack
  readonly #scratch = new ByteWriter(256)

  constructor(isStrict: boolean, depthMax: number) {
    this.#isStrict = isStrict
    this.#depthMax = depthMax
    this.#nested = new JsonToMsgpack(depthMax - 1)
  }

  begin(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.writer = writer
    this.error = null
  }

  /** Lets go of the bytes and of the writer. */
  finish(): void {
    this.bytes = NOTHING
    this.writer = NO_OUTPUT
  }

  /** Sets the place of the name at hand; an escaped one is in memory of its own. */
  readKey(place: FieldPlace): boolean {
    if (this.peek() !== QUOTE) return this.failed('a name in quotes')
    const start = this.position + 1
    const close = this.#plainEnd(start)
    if (close === this.end) return this.failedAt(close, 'the end of the name')
    if (this.bytes[close] === QUOTE) {
      place.keyBytes = this.bytes
      place.keyStart = start
      place.keyEnd = close
      this.position = close + 1
      return true
    }
    if (!this.#unescape(start)) return false
    // A copy, as the value may need the scratch memory.
    place.keyBytes = this.#scratch.written().slice()
    place.keyStart = 0
    place.keyEnd = place.keyBytes.length
    return true
  }

  /** Appends the value at hand. */
  readValue(): boolean {
    const byte = this.peek()
    if (byte === QUOTE) return this.#readString()
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return this.#readNested()
    if (byte === TRUE[0]) return this.#readWord(TRUE, 0xc3)
    if (byte === FALSE[0]) return this.#readWord(FALSE, 0xc2)
    if (byte === NULL[0]) return this.#readWord(NULL, 0xc0)
    if (byte === -1) return this.failed('a value')
    const numberEnd = writeJsonNumber(this.bytes, this.position, this.end, this.writer)
    if (numberEnd < 0) return this.failed('a value')
    this.position = numberEnd
    return true
  }

  #readString(): boolean {
    const start = this.position + 1
    const close = this.#plainEnd(start)
    if (close === this.end) return this.failedAt(close, 'the end of the text')
    if (this.bytes[close] === QUOTE) {
      writeStrBytes(this.writer, this.bytes, start, close)
      this.position = close + 1
      return true
    }
    if (!this.#unescape(start)) return false
    writeStrBytes(this.writer, this.#scratch.bytes, 0, this.#scratch.length)
    return true
  }

  /** Where the next quote is, or what may not stay as it is; else the end. */
  #plainEnd(start: number): number {
    const bytes = this.bytes
    let position = start
    while (position < this.end && bytes[position] !== QUOTE && bytes[position] !== BACKSLASH) {
      // Bare control characters are for the way of escapes, which knows whether they may be.
      if (this.#isStrict && bytes[position]! < 0x20) return position
      position++
    }
    return position
  }

  /** Into the scratch memory; moves behind the closing quote. */
  #unescape(start: number): boolean {
    this.#scratch.clear()
    const controls = this.#isStrict ? 'refused' : 'kept'
    const behind = unescapeJson(this.bytes, start, this.end, this.#scratch, controls)
    if (behind < 0) return this.failedAt(-behind - 1, 'a text with JSON escapes')
    this.position = behind
    return true
  }

  #readNested(): boolean {
    const start = this.position
    const length = new JsonFramer(Infinity).scan(this.bytes, start, this.end)
    if (length <= 0) return this.failedAt(this.end, 'the closing bracket')
    const error = this.#nested.transcode(this.bytes, start, start + length, this.writer)
    if (error === null) {
      this.position = start + length
      return true
    }
    const { reason, expected } = error
    const isTooDeep = reason === 'depth_exceeded'
    const allowed = isTooDeep ? `at most ${this.#depthMax} levels` : expected
    return this.failedAt(start + error.offset, allowed, reason)
  }

  #readWord(word: Uint8Array, type: number): boolean {
    const isWhole = this.end - this.position >= word.length
    if (!isWhole || !isText(this.bytes, this.position, word)) {
      return this.failed('true, false or null')
    }
    this.writer.reserve(1)
    this.writer.bytes[this.writer.length++] = type
    this.position += word.length
    return true
  }

  skipSpace(): void {
    while (this.position < this.end && isJsonSpace(this.bytes[this.position]!)) this.position++
  }

  /** The byte at hand, or -1 at the end. */
  peek(): number {
    return this.position < this.end ? this.bytes[this.position]! : -1
  }

  fail(expected: string, reason = 'invalid_json'): void {
    this.failAt(this.position, expected, reason)
  }

  failAt(offset: number, expected: string, reason: string): void {
    const found = offset < this.end ? describe(this.bytes[offset]!) : 'the end of the text'
    this.error = new CodecError({ reason, offset, found, expected })
  }

  /** As `fail`, for what returns whether it could. */
  failed(expected: string): false {
    this.fail(expected)
    return false
  }

  failedAt(offset: number, expected: string, reason = 'invalid_json'): false {
    this.failAt(offset, expected, reason)
    return false
  }
}

const NOTHING: Uint8Array = new Uint8Array(0)
const NO_OUTPUT = new ByteWriter(0)
const TRUE = new TextEncoder().encode('true')
const FALSE = new TextEncoder().encode('false')
const NULL = new TextEncoder().encode('null')
