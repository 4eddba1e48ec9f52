/** Entries a nanosecond apart, from plain records or from pairs that no plain record can hold. */
import { encodeEntry, packRecord, TEST_SECONDS } from '../../support/entries.ts'

/** Keys and values in their order, repeated keys too. */
export class Pairs {
  readonly pairs: readonly (readonly [unknown, unknown])[]

  constructor(...pairs: readonly (readonly [unknown, unknown])[]) {
    this.pairs = pairs
  }
}

/** msgpack as it is. */
export class Raw {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

export function packed(value: unknown): Uint8Array {
  if (value instanceof Raw) return value.bytes
  if (!(value instanceof Pairs)) return packRecord(value)
  const { length } = value.pairs
  const parts = value.pairs.flatMap(([key, field]) => [packed(key), packed(field)])
  return Buffer.concat([Buffer.from([0xde, length >> 8, length & 0xff]), ...parts])
}

export function joinedEntries(records: readonly unknown[]): Uint8Array {
  return Buffer.concat(
    records.map((record, index) => encodeEntry(TEST_SECONDS, index, packed(record))),
  )
}
