/**
 * A body of JSON (RFC 8259): an object, an array of objects, or objects one after the other. It is
 * read as a whole, so that one that is wrong somewhere is taken not at all.
 */
import { CodecError } from '../codec-error.ts'
import { JsonFormat } from '../formats/json.ts'
import { JsonFramer } from '../json/framer.ts'
import type { Separator } from '../kernel/json-records.ts'
import type { BodyDecoder } from './body-decoder.ts'
import type { RecordCollector } from './record-collector.ts'
import { WholeBody } from './whole-body.ts'

const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const COMMA = 0x2c

export class JsonBody implements BodyDecoder {
  readonly #whole: WholeBody
  readonly #depthMax: number

  /** `depthMax`: levels that a record may have. */
  constructor(depthMax: number, bytesMax: number) {
    this.#depthMax = depthMax
    this.#whole = new WholeBody(bytesMax)
  }

  get heldBytes(): number {
    return this.#whole.heldBytes
  }

  push(bytes: Uint8Array): CodecError | null {
    return this.#whole.push(bytes)
  }

  end(collector: RecordCollector): CodecError | null {
    return addJson(this.#whole.take(), collector, this.#depthMax)
  }
}

/** Adds the records of JSON text; on an error the run is good for nothing. */
export function addJson(
  bytes: Uint8Array,
  collector: RecordCollector,
  depthMax: number,
): CodecError | null {
  const reader = new RecordReader(bytes, collector, depthMax)
  const start = JsonFramer.skipSpace(bytes, 0, bytes.length)
  if (start === bytes.length) return fault(start, 'the end of the text', '[ or { of JSON')
  return bytes[start] === OPEN_ARRAY ? reader.readArray(start + 1) : reader.readObjects(start)
}

class RecordReader {
  readonly #bytes: Uint8Array
  readonly #collector: RecordCollector
  readonly #format: JsonFormat
  readonly #framer: JsonFramer
  #position = 0

  constructor(bytes: Uint8Array, collector: RecordCollector, depthMax: number) {
    this.#bytes = bytes
    this.#collector = collector
    this.#format = new JsonFormat(depthMax)
    this.#framer = new JsonFramer(bytes.length)
  }

  readObjects(start: number): CodecError | null {
    this.#position = start
    while (this.#position < this.#bytes.length) {
      const error = this.#readSome('space')
      if (error) return error
      this.#skipSpace()
    }
    return null
  }

  readArray(start: number): CodecError | null {
    const bytes = this.#bytes
    this.#position = start
    this.#skipSpace()
    if (bytes[this.#position] === CLOSE_ARRAY) return this.#endArray()
    for (;;) {
      const error = this.#readSome('comma')
      if (error) return error
      this.#skipSpace()
      if (bytes[this.#position] === CLOSE_ARRAY) return this.#endArray()
      if (bytes[this.#position] !== COMMA) return this.#unexpected('a comma or ]')
      this.#position++
      this.#skipSpace()
    }
  }

  /** The object at hand, and those behind it that can be read quickly. */
  #readSome(separator: Separator): CodecError | null {
    const bytes = this.#bytes
    const run = { start: this.#position, end: bytes.length, separator, lineMaxBytes: 0 }
    this.#position = this.#collector.addUsual(this.#format, bytes, run)
    return this.#collector.isBehindObject ? null : this.#readObject()
  }

  #endArray(): CodecError | null {
    this.#position++
    this.#skipSpace()
    const isEnd = this.#position === this.#bytes.length
    return isEnd ? null : this.#unexpected('nothing behind the array')
  }

  #readObject(): CodecError | null {
    const bytes = this.#bytes
    const start = this.#position
    if (bytes[start] !== OPEN_OBJECT) return this.#unexpected('{ of an object')
    const length = this.#framer.scan(bytes, start, bytes.length)
    // Without its end it is read up to the end of the text, to say what is wrong.
    const end = length > 0 ? start + length : bytes.length
    this.#position = end
    if (this.#collector.tryLine(this.#format, bytes, start, end)) return null
    const { reason, faultOffset: offset } = this.#collector.fault
    const found = describe(bytes, offset)
    const expected = reason === 'depth_exceeded' ? 'fewer levels' : 'valid JSON'
    return new CodecError({ reason, offset, found, expected })
  }

  #skipSpace(): void {
    this.#position = JsonFramer.skipSpace(this.#bytes, this.#position, this.#bytes.length)
  }

  #unexpected(expected: string): CodecError {
    return fault(this.#position, describe(this.#bytes, this.#position), expected)
  }
}

function fault(offset: number, found: string, expected: string): CodecError {
  return new CodecError({ reason: 'invalid_json', offset, found, expected })
}

function describe(bytes: Uint8Array, offset: number): string {
  if (offset >= bytes.length) return 'the end of the text'
  const byte = bytes[offset]!
  const isPrintable = byte > 0x20 && byte < 0x7f
  return isPrintable ? String.fromCharCode(byte) : `byte 0x${byte.toString(16).padStart(2, '0')}`
}
