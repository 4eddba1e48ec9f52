/** Reads the time that a msgpack value says, by a way that is configured (time-reader.ts). */
import { ByteWriter } from '../byte-writer.ts'
import { encodeJsonNumber } from '../json/number-encoder.ts'
import { payloadEnd, payloadStart } from '../record.ts'
import type { Instant } from './instant.ts'
import type { TimeReader } from './time-reader.ts'

export class TimeValue {
  readonly #reader: TimeReader
  readonly #digits = new ByteWriter(64)

  constructor(reader: TimeReader) {
    this.#reader = reader
  }

  /** Of a text or a number at `value`, which is read as the digits that JSON would have for it. */
  read(bytes: Uint8Array, value: number, into: Instant): boolean {
    const start = payloadStart(bytes, value)
    if (start >= 0) return this.#reader.read(bytes, start, payloadEnd(bytes, value), into)
    if (!isNumber(bytes[value]!)) return false
    const digits = this.#digits
    digits.clear()
    encodeJsonNumber(bytes, value, digits)
    return this.#reader.read(digits.bytes, 0, digits.length, into)
  }
}

function isNumber(type: number): boolean {
  return type < 0x80 || type >= 0xe0 || (type >= 0xca && type <= 0xd3)
}
