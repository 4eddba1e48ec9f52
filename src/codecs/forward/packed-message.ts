/**
 * Writes messages of the Fluentd forward protocol v1 in mode PackedForward, or with compressed
 * entries CompressedPackedForward: `[tag, entries, {size, chunk, compressed}]`. Entries are not
 * written anew, since a canonical entry (entry.ts) is one of the protocol.
 *
 *     93 │ str tag │ bin32 length │ entries … │ map of options
 *     └──── head ──────────────┘             └──── tail ────┘
 */
import { ByteWriter } from '../byte-writer.ts'
import {
  writeArrayHeader,
  writeBinHeader,
  writeInteger,
  writeMapHeader,
  writeStr,
} from '../msgpack/writer.ts'

export type Compression = 'gzip' | 'zstd'

export interface PackedMessage {
  readonly tag: string
  /** Of the events. */
  readonly count: number
  /** Id that the server is to acknowledge; null: none is asked for. */
  readonly chunk: string | null
  /** Of the entries; null: they are as they are. */
  readonly compression: Compression | null
}

/** What comes before `byteCount` bytes of entries. */
export function packedHead({ tag }: PackedMessage, byteCount: number): Uint8Array {
  const writer = new ByteWriter(tag.length + 16)
  writeArrayHeader(writer, 3)
  writeStr(writer, tag)
  writeBinHeader(writer, byteCount)
  return writer.written()
}

/** What comes behind the entries. */
export function packedTail({ count, chunk, compression }: PackedMessage): Uint8Array {
  const writer = new ByteWriter(96)
  const options = 1 + Number(chunk !== null) + Number(compression !== null)
  writeMapHeader(writer, options)
  writeStr(writer, 'size')
  writeInteger(writer, count)
  if (chunk !== null) {
    writeStr(writer, 'chunk')
    writeStr(writer, chunk)
  }
  if (compression !== null) {
    writeStr(writer, 'compressed')
    writeStr(writer, compression)
  }
  return writer.written()
}
