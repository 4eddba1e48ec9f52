/**
 * Canonical entries made from, and read back into, plain JavaScript records, with msgpackr: an
 * implementation of msgpack that shares nothing with ours.
 */
import { Packr, Unpackr } from 'msgpackr'
import {
  ENTRY_RECORD_OFFSET,
  entryNanoseconds,
  entrySeconds,
  writeEntryHead,
} from '../../src/codecs/entry.ts'
import type { Batch } from '../../src/pipeline/batch.ts'

/** 2026-11-21T08:50:00Z, the time of entries whose time does not matter. */
export const TEST_SECONDS = 1_795_251_000

const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({ useRecords: false })

export interface DecodedEntry {
  readonly seconds: number
  readonly nanoseconds: number
  readonly record: Readonly<Record<string, unknown>>
}

/**
 * A record's msgpack bytes. A BigInt becomes a 64-bit integer, a Buffer bin; a whole number past 32
 * bits becomes a float64, so write 5_000_000_000n where an integer is meant.
 */
export function packRecord(record: unknown): Uint8Array {
  return new Uint8Array(packr.pack(record))
}

/** One entry; `record` may also be the bytes of a msgpack map. */
export function encodeEntry(seconds: number, nanoseconds: number, record: object): Uint8Array {
  const map = record instanceof Uint8Array ? record : packRecord(record)
  const entry = new Uint8Array(ENTRY_RECORD_OFFSET + map.length)
  entry.set(map, writeEntryHead(entry, 0, seconds, nanoseconds))
  return entry
}

/** Entries of `records` laid end to end; the first at `TEST_SECONDS`, each next 1 ns later. */
export function entriesOf(records: readonly object[]): Uint8Array {
  const entries = records.map((record, index) => encodeEntry(TEST_SECONDS, index, record))
  return new Uint8Array(Buffer.concat(entries))
}

export function batchOf(tag: string, ...records: object[]): Batch {
  return { tag, entries: entriesOf(records), count: records.length }
}

/** What the entries of a batch say; integers in a 64-bit encoding come as BigInt. */
export function decodeEntries(entries: Uint8Array): DecodedEntry[] {
  const decoded: DecodedEntry[] = []
  if (entries.length === 0) return decoded
  unpackr.unpackMultiple(entries, (value, start = 0) => {
    const record = (value as [unknown, DecodedEntry['record']])[1]
    const [seconds, nanoseconds] = [entrySeconds(entries, start), entryNanoseconds(entries, start)]
    decoded.push({ seconds, nanoseconds, record })
  })
  return decoded
}

/** Records alone, for tests that do not look at times. */
export function decodeRecords(entries: Uint8Array): DecodedEntry['record'][] {
  return decodeEntries(entries).map((entry) => entry.record)
}
