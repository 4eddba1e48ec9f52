/** Events of a test as plain values, and as the bytes that go through the pipeline. */
import { ByteWriter } from '../codecs/byte-writer.ts'
import {
  ENTRY_RECORD_OFFSET,
  entryNanoseconds,
  entrySeconds,
  writeEntryHead,
} from '../codecs/entry.ts'
import { JsonToMsgpack } from '../codecs/json/to-msgpack.ts'
import { encodeJsonValue } from '../codecs/json/value-encoder.ts'
import { TIMESTAMP_BYTES, putTimestamp } from '../codecs/lines/timestamp.ts'
import { entryEnd } from '../codecs/record.ts'

export interface TrialEvent {
  readonly tag: string
  readonly time: string
  readonly record: unknown
}

export const DEFAULT_TIME = '2026-01-01T00:00:00Z'
const DEPTH_MAX = 100

/** One entry. `time` is known to be one. */
export function encodeEvent(time: string, record: unknown): Uint8Array {
  const writer = new ByteWriter(1024)
  writer.length = writeEntryHead(
    writer.bytes,
    0,
    Math.floor(Date.parse(time) / 1000),
    nanosOf(time),
  )
  const json = Buffer.from(JSON.stringify(record))
  const fault = new JsonToMsgpack(DEPTH_MAX).transcode(json, 0, json.length, writer)
  if (fault) throw new Error(`cannot use a record: ${fault.message}`, { cause: fault })
  return writer.written()
}

function nanosOf(time: string): number {
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? ''
  return Number(fraction.padEnd(9, '0'))
}

export function decodeEvents(tag: string, entries: Uint8Array): TrialEvent[] {
  const events: TrialEvent[] = []
  for (let entry = 0, end = 0; entry < entries.length; entry = end) {
    end = entryEnd(entries, entry)
    const writer = new ByteWriter(1024)
    encodeJsonValue(entries, entry + ENTRY_RECORD_OFFSET, writer)
    const record: unknown = JSON.parse(Buffer.from(writer.written()).toString())
    events.push({ tag, time: timeOf(entries, entry), record })
  }
  return events
}

/** Without the digits that say nothing. */
function timeOf(entries: Uint8Array, entry: number): string {
  const bytes = new Uint8Array(TIMESTAMP_BYTES)
  putTimestamp(bytes, 0, entrySeconds(entries, entry), entryNanoseconds(entries, entry))
  return shortTime(Buffer.from(bytes).toString())
}

function shortTime(text: string): string {
  return text.replace(/\.?0*Z$/, 'Z')
}

/** Whether two texts of RFC 3339 name the same time, to the nanosecond. */
export function isSameTime(one: string, other: string): boolean {
  const seconds = (time: string) => Math.floor(Date.parse(time) / 1000)
  return seconds(one) === seconds(other) && nanosOf(one) === nanosOf(other)
}
