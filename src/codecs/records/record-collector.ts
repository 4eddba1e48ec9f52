/**
 * Collects entries of what came without the frame of a protocol: lines, and records as JSON or
 * msgpack. What cannot be read is kept as it came, in the field `message`, with `parse_failed`.
 */
import { ByteWriter } from '../byte-writer.ts'
import { type LineFormat, ParsedLine } from '../formats/format.ts'
import { KernelJsonRecords, type UsualRun } from '../kernel/json-records.ts'
import { type Kernel, sharedKernel } from '../kernel/kernel.ts'
import { Lease } from '../lease.ts'
import { writeBoolean, writeStr, writeStrBytes } from '../msgpack/writer.ts'
import { isStrEqual, mapBodyOffset, mapCount, skipValue } from '../record.ts'
import type { TimeReader } from '../time/time-reader.ts'
import { beginEntry, fieldsStart, finishEntry } from './entry-maker.ts'
import { RecordTime } from './record-time.ts'

export interface RecordCollectorOptions {
  /** Added to every record; a field of the record that has the same key gives way. */
  readonly fields: readonly (readonly [key: string, value: string])[]
  /** The field that a record's time is taken out of; null for none. */
  readonly timeKey: string | null
  /** How that is written; null or absent for one of the usual ways (record-time.ts). */
  readonly timeReader?: TimeReader | null
  /** Added to those that could not be read, beside `fields`. */
  readonly failedFields?: readonly (readonly [key: string, value: string])[]
  /** Null for the twins alone. */
  readonly kernel?: Kernel | null
}

/** Collects one run after another: `begin`, then what there is, then `finish`. */
export class RecordCollector {
  /** Entries in the run so far. */
  count = 0
  /** Of them, those that could not be read. */
  failedCount = 0
  /** Of the memory of the run that was finished last; to be released once it is settled. */
  lease: Lease | null = null
  readonly #kernel: Kernel | null
  readonly #timeKey: Uint8Array | null
  readonly #fieldKeys: readonly Uint8Array[]
  readonly #fields: Uint8Array
  readonly #failedFields: Uint8Array
  readonly #failedFieldCount: number
  readonly #timeReader: TimeReader | null
  readonly #time: RecordTime
  readonly #line = new ParsedLine(new ByteWriter(0))
  #writer = new ByteWriter(0)
  #seconds = 0
  #nanoseconds = 0
  #isFixed = false
  #quick: KernelJsonRecords | null = null
  /** What `#quick` was made for. */
  #quickFormat: LineFormat | null = null
  #quickIsFixed = false

  constructor(options: RecordCollectorOptions) {
    const { fields, timeKey, timeReader = null, failedFields = [] } = options
    const { kernel = sharedKernel } = options
    this.#kernel = kernel
    this.#timeKey = timeKey === null ? null : encoder.encode(timeKey)
    this.#timeReader = timeReader
    this.#time = new RecordTime(timeReader)
    this.#fieldKeys = fields.map(([key]) => encoder.encode(key))
    this.#fields = encodePairs(fields)
    this.#failedFields = encodePairs(failedFields)
    this.#failedFieldCount = failedFields.length
  }

  /** Starts a run in memory of its own. `isFixed`: that time is the time, whatever records say. */
  begin(capacity: number, time: RunTime): void {
    this.#writer = this.#line.writer = new ByteWriter(capacity)
    this.setTime(time)
    this.count = 0
    this.failedCount = 0
    this.#quick?.reset()
  }

  /** For what is added from now on. */
  setTime(time: RunTime): void {
    this.#seconds = time.seconds
    this.#nanoseconds = time.nanoseconds
    this.#isFixed = time.isFixed
  }

  /** The entries of the run, which nobody else writes to. */
  finish(): Uint8Array {
    this.#quick?.reset()
    const entries = this.#writer.written()
    this.lease = new Lease(this.#writer.bytes)
    this.#writer = this.#line.writer = new ByteWriter(0)
    return entries
  }

  /** Adds what the kernel can read of `format`; returns how far that is, which may be nowhere. */
  addUsual(format: LineFormat, bytes: Uint8Array, run: UsualRun): number {
    const quick = this.#quickReader(format)
    if (quick === null) return run.start
    quick.begin(this.#seconds, this.#nanoseconds)
    const stoppedAt = quick.read(bytes, run, this.#writer)
    this.count += quick.count
    return stoppedAt
  }

  /** Whether the last `addUsual` has stopped behind an object, not before one. */
  get isBehindObject(): boolean {
    return this.#quick?.isBehind ?? false
  }

  /** A line that `format` reads; false if it could not, and the line was kept as it came. */
  addLine(format: LineFormat, bytes: Uint8Array, start: number, end: number): boolean {
    const line = this.#line
    const entry = beginEntry(this.#writer)
    line.begin()
    if (!format.parse(bytes, start, end, line)) {
      this.#writer.length = entry
      this.addFailed(bytes, start, end, line.reason)
      return false
    }
    if (line.hasTime) this.#finish(entry, line.fieldCount, line.seconds, line.nanoseconds)
    else this.#finishTimed(entry, line.fieldCount)
    return true
  }

  /** A JSON object; false if it is none, with the reason in `fault`. Nothing is kept then. */
  tryLine(format: LineFormat, bytes: Uint8Array, start: number, end: number): boolean {
    const line = this.#line
    const entry = beginEntry(this.#writer)
    line.begin()
    if (format.parse(bytes, start, end, line)) {
      this.#finishTimed(entry, line.fieldCount)
      return true
    }
    this.#writer.length = entry
    return false
  }

  /** Why the last line could not be read, and where. */
  get fault(): { readonly reason: string; readonly faultOffset: number } {
    return this.#line
  }

  /** The msgpack map from `offset` to `end`, known to be valid. */
  addRecord(bytes: Uint8Array, offset: number, end: number): void {
    const entry = this.#copyRecord(bytes, offset, end)
    this.#finishTimed(entry, mapCount(bytes, offset))
  }

  /** As `addRecord`, with the time that came beside it. */
  addTimed(
    bytes: Uint8Array,
    offset: number,
    end: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    const entry = this.#copyRecord(bytes, offset, end)
    this.#finish(entry, mapCount(bytes, offset), seconds, nanoseconds)
  }

  /** Keeps as it came what cannot be read. */
  addFailed(bytes: Uint8Array, start: number, end: number, reason: string): void {
    const writer = this.#writer
    const entry = beginEntry(writer)
    writeStr(writer, 'message')
    writeStrBytes(writer, bytes, start, end)
    writeStr(writer, 'parse_failed')
    writeStr(writer, reason)
    writer.append(this.#failedFields)
    this.failedCount++
    this.#finish(entry, 2 + this.#failedFieldCount, this.#seconds, this.#nanoseconds)
  }

  /** A piece of a line that is too long, in the field `key`, marked unless it is the last. */
  addPiece(key: string, bytes: Uint8Array, start: number, end: number, isCut: boolean): void {
    const writer = this.#writer
    const entry = beginEntry(writer)
    writeStr(writer, key)
    writeStrBytes(writer, bytes, start, end)
    if (isCut) {
      writeStr(writer, 'truncated')
      writeBoolean(writer, true)
    }
    this.#finish(entry, isCut ? 2 : 1, this.#seconds, this.#nanoseconds)
  }

  #quickReader(format: LineFormat): KernelJsonRecords | null {
    if (format === this.#quickFormat && this.#isFixed === this.#quickIsFixed) return this.#quick
    this.#quickFormat = format
    this.#quickIsFixed = this.#isFixed
    const fields = this.#fields
    const fieldCount = this.#fieldKeys.length
    const timeKey = this.#isFixed ? null : this.#timeKey
    this.#quick = KernelJsonRecords.create(this.#kernel, format, {
      ...{ fields, fieldCount, timeKey, timeReader: this.#timeReader },
    })
    return this.#quick
  }

  #copyRecord(bytes: Uint8Array, offset: number, end: number): number {
    const entry = beginEntry(this.#writer)
    this.#writer.append(bytes.subarray(mapBodyOffset(bytes, offset), end))
    return entry
  }

  #finishTimed(entry: number, fieldCount: number): void {
    const key = this.#isFixed ? null : this.#timeKey
    const at = key === null ? -1 : this.#findField(entry, fieldCount, key)
    const isTime = at >= 0 && this.#time.read(this.#writer.bytes, skipValue(this.#writer.bytes, at))
    if (!isTime) return this.#finish(entry, fieldCount, this.#seconds, this.#nanoseconds)
    this.#removeField(at)
    this.#finish(entry, fieldCount - 1, this.#time.seconds, this.#time.nanoseconds)
  }

  #finish(entry: number, fieldCount: number, seconds: number, nanoseconds: number): void {
    const writer = this.#writer
    let count = fieldCount
    for (let index = 0; index < this.#fieldKeys.length; index++) {
      const at = this.#findField(entry, count, this.#fieldKeys[index]!)
      if (at < 0) continue
      this.#removeField(at)
      count--
    }
    writer.append(this.#fields)
    count += this.#fieldKeys.length
    if (this.#isFixed) finishEntry(writer, entry, count, this.#seconds, this.#nanoseconds)
    else finishEntry(writer, entry, count, seconds, nanoseconds)
    this.count++
  }

  /** Where the first field with that key is among those of the entry in the making; -1 for none. */
  #findField(entry: number, count: number, key: Uint8Array): number {
    const { bytes } = this.#writer
    let position = fieldsStart(entry)
    for (let left = count; left > 0; left--) {
      if (isStrEqual(bytes, position, key)) return position
      position = skipValue(bytes, skipValue(bytes, position))
    }
    return -1
  }

  #removeField(at: number): void {
    const writer = this.#writer
    const end = skipValue(writer.bytes, skipValue(writer.bytes, at))
    writer.bytes.copyWithin(at, end, writer.length)
    writer.length -= end - at
  }
}

export interface RunTime {
  readonly seconds: number
  readonly nanoseconds: number
  readonly isFixed: boolean
}

const encoder = new TextEncoder()

function encodePairs(pairs: RecordCollectorOptions['fields']): Uint8Array {
  const writer = new ByteWriter(64)
  for (const [key, value] of pairs) {
    writeStr(writer, key)
    writeStr(writer, value)
  }
  return writer.written()
}
