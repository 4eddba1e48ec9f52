/**
 * A body of msgpack: records (maps), arrays of records, and entries `[time, record]` with the times
 * of the forward protocol or Fluent Bit's `[[time, metadata], record]`, one after the other.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { CodecError } from '../codec-error.ts'
import { EntryTime } from '../forward/entry-time.ts'
import { StreamBuffer } from '../forward/stream-buffer.ts'
import { isArray, isMap, typeName } from '../msgpack/format.ts'
import { MsgpackScanner, SCAN_FAILED, SCAN_MORE } from '../msgpack/scanner.ts'
import { mapBodyOffset, mapCount, skipValue } from '../record.ts'
import type { BodyDecoder } from './body-decoder.ts'
import type { RecordCollector } from './record-collector.ts'

/** Around a record: the array of an entry, and an array of entries. */
const OUTER_LEVELS = 2

export interface MsgpackBodyOptions {
  /** Levels that a record may have. */
  readonly depthMax: number
  /** Of one value: a record, an entry, or an array of them. */
  readonly valueMaxBytes: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export class MsgpackBody implements BodyDecoder {
  readonly #buffer = new StreamBuffer(false)
  readonly #scanner: MsgpackScanner
  readonly #time: EntryTime

  constructor({ depthMax, valueMaxBytes, now }: MsgpackBodyOptions) {
    this.#scanner = new MsgpackScanner({ depthMax: depthMax + OUTER_LEVELS, valueMaxBytes })
    this.#time = new EntryTime(now)
  }

  get heldBytes(): number {
    return this.#buffer.length
  }

  push(bytes: Uint8Array, collector: RecordCollector): CodecError | null {
    const buffer = this.#buffer
    buffer.append(bytes, this.#scanner.expectedLength)
    while (buffer.length > 0) {
      const length = this.#scanner.scan(buffer.bytes, buffer.start, buffer.end)
      if (length === SCAN_MORE) return null
      if (length === SCAN_FAILED) return this.#scanner.error!.shiftedBy(buffer.streamOffset)
      const error = this.#addValue(buffer.bytes, buffer.start, length, collector)
      if (error) return error
      buffer.consume(length)
    }
    return null
  }

  end(): CodecError | null {
    const { length, streamOffset } = this.#buffer
    this.#buffer.clear()
    if (length === 0) return null
    const found = `the end of the body after ${length} bytes of a value`
    return new CodecError({
      reason: 'truncated',
      offset: streamOffset,
      found,
      expected: 'the rest',
    })
  }

  #addValue(
    bytes: Uint8Array,
    start: number,
    length: number,
    collector: RecordCollector,
  ): CodecError | null {
    if (this.#scanner.isTooDeep)
      return this.#fail(start, 'depth_exceeded', 'a value that nests deeper', 'fewer levels')
    const type = bytes[start]!
    if (isMap(type)) {
      collector.addRecord(bytes, start, start + length)
      return null
    }
    if (!isArray(type)) return this.#failType(bytes, start)
    if (isEntry(bytes, start)) return this.#addEntry(bytes, start, collector)
    return this.#addArray(bytes, start, collector)
  }

  #addArray(bytes: Uint8Array, start: number, collector: RecordCollector): CodecError | null {
    let position = mapBodyOffset(bytes, start)
    for (let left = mapCount(bytes, start); left > 0; left--) {
      const end = skipValue(bytes, position)
      let error: CodecError | null = null
      if (isMap(bytes[position]!)) collector.addRecord(bytes, position, end)
      else if (isEntry(bytes, position)) error = this.#addEntry(bytes, position, collector)
      else error = this.#failType(bytes, position)
      if (error) return error
      position = end
    }
    return null
  }

  #addEntry(bytes: Uint8Array, start: number, collector: RecordCollector): CodecError | null {
    const head = mapBodyOffset(bytes, start)
    const record = skipValue(bytes, head)
    const time = isArray(bytes[head]!) ? mapBodyOffset(bytes, head) : head
    if (!this.#time.read(bytes, time))
      return this.#fail(time, 'invalid_time', typeName(bytes[time]!), 'a time from 1970 to 2106')
    const { seconds, nanoseconds } = this.#time
    collector.addTimed(bytes, record, skipValue(bytes, record), seconds, nanoseconds)
    return null
  }

  #failType(bytes: Uint8Array, position: number): CodecError {
    const expected = 'a map, an array of maps, or [time, map]'
    return this.#fail(position, 'record_not_a_map', typeName(bytes[position]!), expected)
  }

  #fail(position: number, reason: string, found: string, expected: string): CodecError {
    const offset = this.#buffer.streamOffset + position - this.#buffer.start
    return new CodecError({ reason, offset, found, expected })
  }
}

/** `[time, map]` or `[[time, metadata], map]`. An array of two records or entries is none. */
function isEntry(bytes: Uint8Array, start: number): boolean {
  if (!isArray(bytes[start]!) || mapCount(bytes, start) !== 2) return false
  const head = mapBodyOffset(bytes, start)
  return !isMap(bytes[head]!) && isMap(bytes[skipValue(bytes, head)]!)
}
