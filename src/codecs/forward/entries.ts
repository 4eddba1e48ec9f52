/**
 * Brings what forward frames carry, `[time, record]` in all its spellings, to canonical entries
 * (entry.ts) of one run. What cannot become an entry is dropped and counted with a reason.
 */
import { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET, NANOSECONDS_MAX, writeEntryHead } from '../entry.ts'
import { EntryTime } from './entry-time.ts'
import type { KernelEntries } from '../kernel/entries.ts'
import { FIXED_BYTES, isArray, isMap, readUint32 } from '../msgpack/format.ts'
import { MsgpackScanner, SCAN_MORE } from '../msgpack/scanner.ts'
import { mapCount, skipValue } from '../record.ts'
import { RecordExtender, type RecordExtenderOptions } from './record-extender.ts'

/** Fluent Bit marks where a group of OTLP logs starts and ends with these times (-1, -2). */
const GROUP_START_SECONDS = 0xffff_ffff
const GROUP_END_SECONDS = 0xffff_fffe

/** Between runs. */
const NO_OUTPUT = new ByteWriter(0)

export interface EntryCollectorOptions extends RecordExtenderOptions {
  /** Levels of arrays and maps that a record may have, itself included. */
  readonly depthMax: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Null where there is no kernel: the twin, which is here, reads all. */
  readonly quick: KernelEntries | null
}

/** Collects one run after another: `begin`, then `addEvent` or `addRun`, then `finish`. */
export class EntryCollector {
  /** Entries in the run so far. */
  count = 0
  /** Events of the run that were dropped, by reason; null as long as there are none. */
  invalid: Map<string, number> | null = null

  readonly #scanner: MsgpackScanner
  readonly #time: EntryTime
  readonly #extender: RecordExtender
  /** Null when every record changes, which the kernel does not do. */
  readonly #quick: KernelEntries | null
  #output = NO_OUTPUT
  #runStart = 0
  /** The whole run, when it was canonical as it came. */
  #untouched: Uint8Array | null = null

  constructor(options: EntryCollectorOptions) {
    // One level more than the record: the array around it. A packed payload is in memory as a
    // whole, so its end is the only limit that a value needs.
    this.#scanner = new MsgpackScanner({ depthMax: options.depthMax + 1, valueMaxBytes: Infinity })
    this.#time = new EntryTime(options.now)
    this.#extender = new RecordExtender(options)
    this.#quick = this.#extender.hasFields ? null : options.quick
  }

  /** Starts a run, which goes behind what `output` holds already. */
  begin(output: ByteWriter): void {
    this.#output = output
    this.#runStart = output.length
    this.#untouched = null
    this.count = 0
    this.invalid = null
  }

  /** Whether they are a view into the bytes given to `addRun`. */
  get isUntouched(): boolean {
    return this.#untouched !== null
  }

  /** The entries of the run; a view into the output, or into the bytes given to `addRun`. */
  finish(): Uint8Array {
    const output = this.#output
    const entries = this.#untouched ?? output.bytes.subarray(this.#runStart, output.length)
    this.#untouched = null
    this.#output = NO_OUTPUT
    return entries
  }

  drop(reason: string): void {
    this.invalid ??= new Map()
    this.invalid.set(reason, (this.invalid.get(reason) ?? 0) + 1)
  }

  /** One event whose parts have been found and validated; `metadataOffset` is -1 for none. */
  addEvent(
    bytes: Uint8Array,
    timeOffset: number,
    recordOffset: number,
    recordEnd: number,
    metadataOffset: number,
  ): void {
    if (!isMap(bytes[recordOffset]!)) return this.drop('record_not_a_map')
    if (!this.#time.read(bytes, timeOffset)) return this.drop('invalid_time')
    const output = this.#output
    output.reserve(ENTRY_RECORD_OFFSET + recordEnd - recordOffset)
    const { seconds, nanoseconds } = this.#time
    output.length = writeEntryHead(output.bytes, output.length, seconds, nanoseconds)
    if (this.#extender.hasFields || this.#extender.wantsMetadata(bytes, metadataOffset)) {
      this.#extender.write(output, bytes, recordOffset, recordEnd, metadataOffset)
    } else {
      output.append(bytes.subarray(recordOffset, recordEnd))
    }
    this.count += 1
  }

  /**
   * Entries laid end to end from `start` to `end`, not validated yet. What is canonical already is
   * taken as it is, in spans; when that is the whole run, without a copy.
   */
  addRun(bytes: Uint8Array, start: number, end: number): void {
    let spanStart = start
    let position = start
    while (position < end) {
      const canonicalEnd = this.#passCanonical(bytes, position, end)
      const convertedEnd = this.#convertUsual(bytes, canonicalEnd, end, spanStart)
      if (convertedEnd > canonicalEnd) spanStart = convertedEnd
      if (convertedEnd > position) {
        position = convertedEnd
        continue
      }
      const length = this.#scanner.scan(bytes, position, end)
      if (length <= 0) {
        this.#dropRest(length)
        break
      }
      if (this.#isCanonical(bytes, position)) {
        this.count += 1
      } else {
        this.#output.reserve(end - spanStart)
        this.#output.append(bytes.subarray(spanStart, position))
        this.#convert(bytes, position, length)
        spanStart = position + length
      }
      position += length
    }
    const span = bytes.subarray(spanStart, position)
    if (this.#output.length === this.#runStart) this.#untouched = span
    else this.#output.append(span)
  }

  /** Entries that the kernel has made; a copy is taken. */
  addMade(entries: Uint8Array, count: number): void {
    this.#output.append(entries)
    this.count += count
  }

  /** Entries that are known to be canonical, one after the other. */
  addCanonical(bytes: Uint8Array, start: number, end: number, count: number): void {
    const run = bytes.subarray(start, end)
    if (this.#output.length === this.#runStart) this.#untouched = run
    else this.#output.append(run)
    this.count += count
  }

  #passCanonical(bytes: Uint8Array, start: number, end: number): number {
    if (this.#quick === null) return start
    const stopped = this.#quick.canonical(bytes, start, end)
    this.count += this.#quick.count
    return stopped
  }

  #convertUsual(bytes: Uint8Array, start: number, end: number, spanStart: number): number {
    if (this.#quick === null || start === end) return start
    const stopped = this.#quick.convert(bytes, start, end)
    if (stopped === start) return start
    const output = this.#output
    output.reserve(end - spanStart)
    output.append(bytes.subarray(spanStart, start))
    output.append(this.#quick.made)
    this.count += this.#quick.count
    return stopped
  }

  #dropRest(scanResult: number): void {
    this.drop(scanResult === SCAN_MORE ? 'truncated_payload' : this.#scanner.error!.reason)
    this.#scanner.reset()
  }

  /** Second zero may mean "now", so it takes the long way. */
  #isCanonical(bytes: Uint8Array, offset: number): boolean {
    return (
      bytes[offset] === 0x92 &&
      bytes[offset + 1] === 0xd7 &&
      bytes[offset + 2] === 0x00 &&
      isMap(bytes[offset + ENTRY_RECORD_OFFSET]!) &&
      !this.#scanner.isTooDeep &&
      !this.#extender.hasFields &&
      readUint32(bytes, offset + 3) !== 0 &&
      readUint32(bytes, offset + 7) <= NANOSECONDS_MAX
    )
  }

  /** Extra elements behind `[time, record]` are ignored, as Fluentd ignores them. */
  #convert(bytes: Uint8Array, start: number, length: number): void {
    const { childCount, childOffsets, isTooDeep } = this.#scanner
    if (!isArray(bytes[start]!) || childCount < 2) return this.drop('invalid_entry')
    if (isTooDeep) return this.drop('depth_exceeded')
    const timeOffset = start + childOffsets[0]!
    const recordOffset = start + childOffsets[1]!
    const recordEnd = start + (childCount > 2 ? childOffsets[2]! : length)
    if (isArray(bytes[timeOffset]!)) {
      this.#addWithMetadata(bytes, timeOffset, recordOffset, recordEnd)
    } else {
      this.addEvent(bytes, timeOffset, recordOffset, recordEnd, -1)
    }
  }

  /** Fluent Bit's `[[time, {metadata}], record]`. */
  #addWithMetadata(
    bytes: Uint8Array,
    headOffset: number,
    recordOffset: number,
    recordEnd: number,
  ): void {
    const headCount = mapCount(bytes, headOffset)
    const timeOffset = headOffset + FIXED_BYTES[bytes[headOffset]!]!
    if (headCount === 0) return this.drop('invalid_time')
    if (isGroupMarker(bytes, timeOffset)) return this.drop('group_marker')
    const metadataOffset = headCount > 1 ? skipValue(bytes, timeOffset) : -1
    const hasMap = metadataOffset >= 0 && isMap(bytes[metadataOffset]!)
    this.addEvent(bytes, timeOffset, recordOffset, recordEnd, hasMap ? metadataOffset : -1)
  }
}

function isGroupMarker(bytes: Uint8Array, timeOffset: number): boolean {
  if (bytes[timeOffset] !== 0xd7 || bytes[timeOffset + 1] !== 0x00) return false
  const seconds = readUint32(bytes, timeOffset + 2)
  const isMarked = seconds === GROUP_START_SECONDS || seconds === GROUP_END_SECONDS
  return isMarked && readUint32(bytes, timeOffset + 6) === 0
}
