/**
 * The bytes of an entry, the form every event has between an input and an output.
 *
 *     offset  0    1    2    3 … 6            7 … 10               11 …
 *            ┌────┬────┬────┬───────────────┬─────────────────────┬──────────────┐
 *            │ 92 │ d7 │ 00 │ seconds u32BE │ nanoseconds u32BE   │ record (map) │
 *            └────┴────┴────┴───────────────┴─────────────────────┴──────────────┘
 *
 * That is msgpack `[EventTime, map]` of the Fluentd forward protocol v1, with EventTime always in
 * its 8-byte fixext form. Inputs bring every other time (integer, float, msgpack timestamp, Fluent
 * Bit's `[time, metadata]`, none) to this form and check the record (msgpack/scanner.ts), so that
 * whoever comes after may trust the bytes and find the record at a fixed place.
 */
import { readUint32 } from './msgpack/format.ts'

export const ENTRY_RECORD_OFFSET = 11

/** Time range of an entry: 1970-01-01 to 2106-02-07, in whole seconds and nanoseconds. */
export const ENTRY_SECONDS_MAX = 0xffff_ffff
export const NANOSECONDS_MAX = 999_999_999

/** Writes the eleven bytes before the record and returns the offset behind them. */
export function writeEntryHead(
  bytes: Uint8Array,
  offset: number,
  seconds: number,
  nanoseconds: number,
): number {
  bytes[offset] = 0x92
  bytes[offset + 1] = 0xd7
  bytes[offset + 2] = 0x00
  bytes[offset + 3] = seconds >>> 24
  bytes[offset + 4] = seconds >>> 16
  bytes[offset + 5] = seconds >>> 8
  bytes[offset + 6] = seconds
  bytes[offset + 7] = nanoseconds >>> 24
  bytes[offset + 8] = nanoseconds >>> 16
  bytes[offset + 9] = nanoseconds >>> 8
  bytes[offset + 10] = nanoseconds
  return offset + ENTRY_RECORD_OFFSET
}

/** Seconds since 1970 of the entry at `offset`. */
export function entrySeconds(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + 3)
}

/** Nanoseconds inside the second of the entry at `offset`. */
export function entryNanoseconds(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + 7)
}
