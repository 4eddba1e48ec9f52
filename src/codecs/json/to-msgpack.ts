/**
 * Turns JSON text into msgpack bytes without making objects of it. RFC 8259.
 * Keys keep their order (and repeat when they repeat), integers stay exact (number-decoder.ts),
 * strings that are not UTF-8 pass through as the bytes they are.
 */
import { ByteWriter } from '../byte-writer.ts'
import { CodecError, type CodecFault as Fault } from '../codec-error.ts'
import { isJsonSpace } from './framer.ts'
import { writeJsonNumber } from './number-decoder.ts'
import { unescapeJson } from './string-decoder.ts'
import { writeBoolean, writeNil, writeStrBytes } from '../msgpack/writer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const TRUE = bytesOf('true')
const FALSE = bytesOf('false')
const NULL = bytesOf('null')

/** What the next token has to be. */
type State = 'value' | 'value_or_close' | 'key' | 'key_or_close' | 'comma_or_close' | 'end'

/** Keeps its working memory between values: make one per connection or request. */
export class JsonToMsgpack {
  readonly #depthMax: number
  readonly #scratch = new ByteWriter(256)
  /** Per open array or object: where its msgpack header is, values so far, which of the two. */
  readonly #headers: Uint32Array
  readonly #counts: Uint32Array
  readonly #isObject: Uint8Array
  #depth = 0
  #position = 0
  #state: State = 'value'
  #fault: Fault | null = null
  /** Whether the outermost object goes without its header. */
  #isBare = false

  /** How many fields the last call of `transcodeFields` has appended. */
  fieldCount = 0

  /** `depthMax`: levels of arrays and objects that a value may have. */
  constructor(depthMax: number) {
    this.#depthMax = depthMax
    this.#headers = new Uint32Array(depthMax)
    this.#counts = new Uint32Array(depthMax)
    this.#isObject = new Uint8Array(depthMax)
  }

  /**
   * Appends the one JSON value between `start` and `end`, white space around it allowed. On an
   * error, whose offset counts from `start`, the writer is left as it was.
   */
  transcode(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): CodecError | null {
    this.#isBare = false
    const fault = this.#transcodeText(bytes, start, end, writer)
    return fault === null ? null : new CodecError({ ...fault, offset: fault.offset - start })
  }

  /**
   * Appends the fields of the one JSON object between `start` and `end`, key and value after key
   * and value, without the header of a map around them; `fieldCount` says how many they are. For
   * who adds fields of their own. The offset of a fault counts as `start` does.
   */
  transcodeFields(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): Fault | null {
    this.#isBare = true
    return this.#transcodeText(bytes, start, end, writer)
  }

  #transcodeText(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): Fault | null {
    const lengthBefore = writer.length
    this.#begin(start)
    this.#skipSpace(bytes, end)
    if (this.#isBare && this.#position < end && bytes[this.#position] !== OPEN_OBJECT) {
      this.#fail(describe(bytes[this.#position]!), '{ of a JSON object', 'not_an_object')
    }
    while (this.#fault === null && this.#position < end) {
      this.#readToken(bytes, end, writer)
      this.#skipSpace(bytes, end)
    }
    this.#requireEnd()
    if (this.#fault !== null) writer.length = lengthBefore
    return this.#fault
  }

  #begin(start: number): void {
    this.#depth = 0
    this.#position = start
    this.#state = 'value'
    this.#fault = null
  }

  #requireEnd(): void {
    if (this.#fault === null && this.#state !== 'end') this.#fail('the end of the text')
  }

  #skipSpace(bytes: Uint8Array, end: number): void {
    while (this.#position < end && isJsonSpace(bytes[this.#position]!)) this.#position++
  }

  #readToken(bytes: Uint8Array, end: number, writer: ByteWriter): void {
    const byte = bytes[this.#position]!
    const isClose = byte === CLOSE_ARRAY || byte === CLOSE_OBJECT
    switch (this.#state) {
      case 'value':
        return this.#readValue(bytes, end, writer)
      case 'value_or_close':
        return isClose ? this.#close(byte, writer) : this.#readValue(bytes, end, writer)
      case 'key':
        return this.#readKey(bytes, end, writer)
      case 'key_or_close':
        return isClose ? this.#close(byte, writer) : this.#readKey(bytes, end, writer)
      case 'comma_or_close':
        return isClose ? this.#close(byte, writer) : this.#readComma(byte)
      case 'end':
        return this.#fail(describe(byte))
    }
  }

  #readValue(bytes: Uint8Array, end: number, writer: ByteWriter): void {
    const byte = bytes[this.#position]!
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) return this.#open(byte, writer)
    if (byte === QUOTE) this.#readString(bytes, end, writer)
    else if (byte === 0x74) this.#readWord(bytes, end, TRUE, writer)
    else if (byte === 0x66) this.#readWord(bytes, end, FALSE, writer)
    else if (byte === 0x6e) this.#readWord(bytes, end, NULL, writer)
    else this.#readNumber(bytes, end, writer)
    this.#endValue()
  }

  #readKey(bytes: Uint8Array, end: number, writer: ByteWriter): void {
    if (bytes[this.#position] !== QUOTE) return this.#fail(describe(bytes[this.#position]!))
    this.#readString(bytes, end, writer)
    if (this.#fault !== null) return
    this.#skipSpace(bytes, end)
    this.#state = 'value'
    if (this.#position === end) return
    if (bytes[this.#position] === COLON) this.#position++
    else this.#fail(describe(bytes[this.#position]!), ':')
  }

  #readComma(byte: number): void {
    if (byte !== COMMA) return this.#fail(describe(byte))
    this.#position++
    this.#state = this.#isObject[this.#depth - 1] === 1 ? 'key' : 'value'
  }

  /** The count is not known yet, so the header is one byte that `#close` may have to widen. */
  #open(byte: number, writer: ByteWriter): void {
    if (this.#depth === this.#depthMax) {
      return this.#fail(describe(byte), `at most ${this.#depthMax} levels`, 'depth_exceeded')
    }
    const isObject = byte === OPEN_OBJECT
    this.#headers[this.#depth] = writer.length
    this.#counts[this.#depth] = 0
    this.#isObject[this.#depth] = isObject ? 1 : 0
    if (this.#depth > 0 || !this.#isBare) {
      writer.reserve(1)
      writer.length++
    }
    this.#depth++
    this.#position++
    this.#state = isObject ? 'key_or_close' : 'value_or_close'
  }

  #close(byte: number, writer: ByteWriter): void {
    const level = this.#depth - 1
    const isObject = this.#isObject[level] === 1
    if (isObject !== (byte === CLOSE_OBJECT)) return this.#fail(describe(byte))
    const header = this.#headers[level]!
    const count = this.#counts[level]!
    if (level === 0 && this.#isBare) this.fieldCount = count
    else if (count < 16) writer.bytes[header] = (isObject ? 0x80 : 0x90) | count
    else widenHeader(writer, header, count, isObject)
    this.#depth = level
    this.#position++
    this.#endValue()
  }

  #endValue(): void {
    if (this.#depth > 0) this.#counts[this.#depth - 1]! += 1
    this.#state = this.#depth > 0 ? 'comma_or_close' : 'end'
  }

  /** Fast path: no escape, so the text is copied as it is. */
  #readString(bytes: Uint8Array, end: number, writer: ByteWriter): void {
    const start = this.#position + 1
    let position = start
    while (position < end) {
      const byte = bytes[position]!
      if (byte === QUOTE) {
        writeStrBytes(writer, bytes, start, position)
        this.#position = position + 1
        return
      }
      if (byte === BACKSLASH) return this.#readEscapedString(bytes, start, end, writer)
      if (byte < 0x20) break
      position++
    }
    this.#position = position
    this.#fail(position === end ? 'the end of the text' : describe(bytes[position]!), 'a string')
  }

  #readEscapedString(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
    this.#scratch.clear()
    const position = unescapeJson(bytes, start, end, this.#scratch)
    if (position >= 0) {
      writeStrBytes(writer, this.#scratch.bytes, 0, this.#scratch.length)
      this.#position = position
      return
    }
    this.#position = -position - 1
    const found = this.#position < end ? describe(bytes[this.#position]!) : 'the end of the text'
    this.#fail(found, 'a string with JSON escapes')
  }

  #readWord(bytes: Uint8Array, end: number, word: Uint8Array, writer: ByteWriter): void {
    for (let index = 0; index < word.length; index++) {
      const position = this.#position + index
      if (position < end && bytes[position] === word[index]) continue
      return this.#fail(describe(bytes[this.#position]!), 'true, false or null')
    }
    this.#position += word.length
    if (word === NULL) writeNil(writer)
    else writeBoolean(writer, word === TRUE)
  }

  #readNumber(bytes: Uint8Array, end: number, writer: ByteWriter): void {
    const position = writeJsonNumber(bytes, this.#position, end, writer)
    if (position < 0) this.#fail(describe(bytes[this.#position]!))
    else this.#position = position
  }

  #fail(found: string, expected = EXPECTED[this.#state], reason = 'invalid_json'): void {
    this.#fault = { reason, offset: this.#position, found, expected }
  }
}

const EXPECTED: Readonly<Record<State, string>> = {
  value: 'a JSON value',
  value_or_close: 'a JSON value or the closing bracket',
  key: 'a string as key',
  key_or_close: 'a string as key or }',
  comma_or_close: 'a comma or the closing bracket',
  end: 'nothing behind the JSON value',
}

/** Makes room for a 16 or 32 bit count in front of what has been written behind `header`. */
export function widenHeader(
  writer: ByteWriter,
  header: number,
  count: number,
  isObject: boolean,
): void {
  const width = count < 0x1_0000 ? 2 : 4
  writer.reserve(width)
  writer.bytes.copyWithin(header + 1 + width, header + 1, writer.length)
  writer.length += width
  writer.bytes[header] = (isObject ? 0xde : 0xdc) + (width === 2 ? 0 : 1)
  for (let index = 1; index <= width; index++) {
    writer.bytes[header + index] = count >>> (8 * (width - index))
  }
}

/** A byte as error messages show it. */
export function describe(byte: number): string {
  const isPrintable = byte > 0x20 && byte < 0x7f
  return isPrintable ? String.fromCharCode(byte) : `byte 0x${byte.toString(16).padStart(2, '0')}`
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
