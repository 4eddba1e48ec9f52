/** Text or number in a field of an event, for its action line. */
import { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../entry.ts'
import { encodeJsonNumber } from '../json/number-encoder.ts'
import { isMap } from '../msgpack/format.ts'
import { findField, payloadEnd, payloadStart } from '../record.ts'
import { hashId, ID_BYTES_MAX } from './ids.ts'

const textEncoder = new TextEncoder()
const writer = new ByteWriter(64)

/** Reads what is at a path of keys; null if it is neither a number nor a text of some length. */
export class FieldText {
  readonly #keys: readonly Uint8Array[]

  constructor(path: readonly string[]) {
    this.#keys = path.map((key) => textEncoder.encode(key))
  }

  /** Of the entry at `offset`. What is longer than an id may be is the hash of it. */
  read(entries: Uint8Array, offset: number): string | null {
    let position = offset + ENTRY_RECORD_OFFSET
    for (const key of this.#keys) {
      if (!isMap(entries[position]!)) return null
      position = findField(entries, position, key)
      if (position < 0) return null
    }
    return textOf(entries, position)
  }
}

function textOf(entries: Uint8Array, offset: number): string | null {
  const start = payloadStart(entries, offset)
  if (start < 0) return isInteger(entries[offset]!) ? numberText(entries, offset) : null
  const bytes = entries.subarray(start, payloadEnd(entries, offset))
  if (bytes.length === 0) return null
  if (bytes.length > ID_BYTES_MAX) return hashId(bytes)
  const text = Buffer.from(bytes).toString('utf8')
  // What is no UTF-8 has grown.
  return Buffer.byteLength(text) > ID_BYTES_MAX ? hashId(bytes) : text
}

function numberText(entries: Uint8Array, offset: number): string {
  writer.clear()
  encodeJsonNumber(entries, offset, writer)
  return Buffer.from(writer.written()).toString('latin1')
}

function isInteger(type: number): boolean {
  return type < 0x80 || type >= 0xe0 || (type >= 0xcc && type <= 0xd3)
}
