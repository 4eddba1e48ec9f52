/** A format whose lines say their time in one of their fields. */
import { isStrEqual, skipValue } from '../record.ts'
import type { TimeReader } from '../time/time-reader.ts'
import { TimeValue } from '../time/time-value.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { removeBytes } from './mend.ts'

export interface TimeFieldOptions {
  readonly field: string
  readonly reader: TimeReader
  /** Whether the field stays although its time could be read. */
  readonly keep: boolean
}

/** Of a repeated field the last one counts, as it does for readers of JSON. */
export class TimedFormat implements LineFormat {
  readonly type: string
  readonly reasons: readonly string[]
  readonly inner: LineFormat
  readonly field: string
  readonly reader: TimeReader
  /** Whether the field stays although its time could be read. */
  readonly keep: boolean
  readonly #key: Uint8Array
  readonly #value: TimeValue
  readonly #instant = { seconds: 0, nanoseconds: 0 }

  constructor(format: LineFormat, { field, reader, keep }: TimeFieldOptions) {
    this.type = format.type
    this.reasons = format.reasons
    this.inner = format
    this.field = field
    this.reader = reader
    this.#value = new TimeValue(reader)
    this.keep = keep
    this.#key = Buffer.from(field)
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    if (!this.inner.parse(bytes, start, end, line)) return false
    const key = findKey(line, this.#key)
    if (key >= 0) this.#take(line, key)
    return true
  }

  #take(line: ParsedLine, key: number): void {
    const { bytes } = line.writer
    const value = skipValue(bytes, key)
    const instant = this.#instant
    line.hasBadTime =
      !this.#value.read(bytes, value, instant) ||
      !line.setTime(instant.seconds, instant.nanoseconds)
    if (line.hasBadTime || this.keep) return
    removeBytes(line.writer, key, skipValue(bytes, value))
    line.fieldCount--
  }
}

/** Where the key stands, or -1. */
function findKey(line: ParsedLine, field: Uint8Array): number {
  const { bytes } = line.writer
  let found = -1
  let position = line.start
  for (let left = line.fieldCount; left > 0; left--) {
    if (isStrEqual(bytes, position, field)) found = position
    position = skipValue(bytes, skipValue(bytes, position))
  }
  return found
}
