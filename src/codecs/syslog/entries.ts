/**
 * Collects the entries of syslog messages, in their order: neighbours of one tag make a batch.
 * Everything of one push lies in one array, which is freed when the last batch of it is settled.
 */
import { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../entry.ts'
import { Lease } from '../lease.ts'
import { type FieldNames, writeRecord } from './fields.ts'
import { readMessage, readRaw } from './message.ts'
import { SyslogMessage } from './parts.ts'
import type { SyslogSender } from './sender.ts'

/** Entries of one tag; the input's support knows the same shape. */
export interface SyslogBatch {
  readonly tag: string
  readonly entries: Uint8Array
  readonly count: number
  readonly lease: Lease
}

/** How a message came out of its framing. */
export type Wholeness = 'whole' | 'truncated' | 'continued'

interface Run {
  readonly tag: string
  readonly start: number
  end: number
  count: number
}

/** Fields that a message gets beside its own bytes, about. */
const FIELDS_BYTES = 224

export class SyslogEntries {
  /** Messages that could not be read, or not all of them, since `begin`. */
  failed = 0
  truncated = 0
  readonly #names: FieldNames
  readonly #message = new SyslogMessage()
  #writer = new ByteWriter(0)
  #runs: Run[] = []

  constructor(names: FieldNames) {
    this.#names = names
  }

  /** `byteCount` is what there is to be read, of about so many messages. */
  begin(byteCount: number, messages = byteCount / 256): void {
    this.failed = this.truncated = 0
    this.#writer = new ByteWriter(byteCount + Math.ceil(messages + 1) * FIELDS_BYTES)
  }

  /** The message from `start` to `end`, whose sender has begun. */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    sender: SyslogSender,
    wholeness: Wholeness = 'whole',
  ): void {
    const message = this.#message
    if (wholeness === 'continued') readRaw(start, end, message, 'continued')
    else readMessage(bytes, start, end, message, sender.times)
    if (message.failure !== '') this.failed++
    if (wholeness === 'truncated') this.truncated++
    const run = this.#runOf(sender.tag.of(bytes, message))
    this.#writeEntry(bytes, sender, wholeness === 'truncated')
    run.end = this.#writer.length
    run.count++
  }

  /** Entries of one tag that are made already. */
  addMade(tag: string, entries: Uint8Array, count: number): void {
    const run = this.#runOf(tag)
    this.#writer.append(entries)
    run.end = this.#writer.length
    run.count += count
  }

  finish(): SyslogBatch[] {
    if (this.#runs.length === 0) return []
    const { bytes } = this.#writer
    const lease = new Lease(bytes)
    const batches = this.#runs.map(({ tag, start, end, count }) => {
      return { tag, entries: bytes.subarray(start, end), count, lease: lease.retain() }
    })
    lease.release()
    this.#runs = []
    this.#writer = new ByteWriter(0)
    return batches
  }

  #writeEntry(bytes: Uint8Array, sender: SyslogSender, truncated: boolean): void {
    const writer = this.#writer
    const { hasTime, seconds, nanoseconds } = this.#message
    const { address, arrivalMs, last } = sender
    writer.reserve(ENTRY_RECORD_OFFSET)
    writer.length = hasTime
      ? writeEntryHead(writer.bytes, writer.length, seconds, nanoseconds)
      : writeEntryHead(
          writer.bytes,
          writer.length,
          Math.floor(arrivalMs / 1000),
          Math.floor((arrivalMs % 1000) * 1_000_000),
        )
    writeRecord(writer, bytes, this.#message, { names: this.#names, address, truncated, last })
  }

  #runOf(tag: string): Run {
    const last = this.#runs.at(-1)
    if (last?.tag === tag) return last
    const run = { tag, start: this.#writer.length, end: this.#writer.length, count: 0 }
    this.#runs.push(run)
    return run
  }
}
