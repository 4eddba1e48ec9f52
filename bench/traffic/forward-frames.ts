/**
 * Records framed as senders of the forward protocol do (docs/specs/forward-protocol.md): message
 * as Docker's driver, one event a frame; forward and packed as Fluentd and Fluent Bit, about 500.
 */
import { gzipSync } from 'node:zlib'
import { MsgpackWriter } from './msgpack.ts'
import type { Records, Value } from './records.ts'

export const FORWARD_MODES = ['message', 'message-ack', 'forward', 'packed', 'packed-gzip'] as const
export type ForwardMode = (typeof FORWARD_MODES)[number]

const FRAME_RECORDS_MAX = 500
const FRAME_BYTES_MAX = 1024 * 1024
/** Where Docker cuts a line, daemon/logger/copier.go. */
const PART_BYTES = 16 * 1024
/** Characters of a chunk's name: 16 bytes in base64, as Docker's driver makes them. */
export const CHUNK_LENGTH = 24

export class ForwardFrames {
  readonly #mode: ForwardMode
  readonly #out: MsgpackWriter
  /** Entries of a frame that is not complete. */
  readonly #entries = new MsgpackWriter()
  #count = 0
  #frames = 0

  constructor(mode: ForwardMode, out: MsgpackWriter) {
    this.#mode = mode
    this.#out = out
  }

  /** Whether the next record begins a frame, which is when the tag may change. */
  get isBetweenFrames(): boolean {
    return this.#count === 0
  }

  /** Adds the current record; as several events if its log is longer than Docker's buffer. */
  add(tag: string, records: Records): void {
    const log = records.value('log') as string
    if (log.length * 3 <= PART_BYTES || Buffer.byteLength(log) <= PART_BYTES) {
      return this.#event(tag, records, records.names, records.values)
    }
    const bytes = Buffer.from(log)
    const count = Math.ceil(bytes.length / PART_BYTES)
    for (let index = 0; index < count; index++) this.#part(tag, records, bytes, index, count)
  }

  /** Ends a frame under way. */
  flush(tag: string): void {
    if (this.#count === 0) return
    const out = this.#out
    const entries = this.#entries.written()
    const isGzip = this.#mode === 'packed-gzip'
    out.array(3)
    out.str(tag)
    if (this.#mode === 'forward') {
      out.array(this.#count)
      out.raw(entries)
    } else {
      out.bin(isGzip ? gzipSync(entries) : entries)
    }
    out.map(isGzip ? 2 : 1)
    out.str('size')
    out.integer(this.#count)
    if (isGzip) {
      out.str('compressed')
      out.str('gzip')
    }
    this.#entries.clear()
    this.#count = 0
  }

  #part(tag: string, records: Records, log: Buffer, index: number, count: number): void {
    const text = log.subarray(index * PART_BYTES, (index + 1) * PART_BYTES)
    const values = records.names.map((name, at) => (name === 'log' ? text : records.values[at]!))
    const marks: [string, string][] = [
      ['partial_message', 'true'],
      ['partial_id', log.toString('hex', 0, 32)],
      ['partial_ordinal', String(index + 1)],
      ['partial_last', String(index === count - 1)],
    ]
    const names = [...records.names, ...marks.map(([name]) => name)]
    this.#event(tag, records, names, [...values, ...marks.map(([, value]) => value)])
  }

  #event(
    tag: string,
    time: Records,
    names: readonly string[],
    values: readonly (Value | Uint8Array)[],
  ): void {
    if (this.#mode === 'message' || this.#mode === 'message-ack') {
      this.#out.array(4)
      this.#out.str(tag)
      putEntry(this.#out, time, names, values)
      return this.#option()
    }
    this.#entries.array(2)
    putEntry(this.#entries, time, names, values)
    this.#count++
    const isFull = this.#count >= FRAME_RECORDS_MAX || this.#entries.length >= FRAME_BYTES_MAX
    if (isFull) this.flush(tag)
  }

  /** Docker's driver sends an empty map where it wants no acknowledgement. */
  #option(): void {
    if (this.#mode === 'message') return this.#out.map(0)
    this.#out.map(1)
    this.#out.str('chunk')
    this.#out.str(String(this.#frames++).padStart(CHUNK_LENGTH, 'chunk-of-the-benchmark/'))
  }
}

function putEntry(
  out: MsgpackWriter,
  { seconds, nanoseconds }: Records,
  names: readonly string[],
  values: readonly (Value | Uint8Array)[],
): void {
  out.eventTime(seconds, nanoseconds)
  out.map(names.length)
  for (let index = 0; index < names.length; index++) {
    out.str(names[index]!)
    out.value(values[index]!)
  }
}
