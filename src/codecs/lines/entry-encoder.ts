/** What all encoders of entries (entry.ts) are; lines/line-format.ts lists them. */
import type { ByteWriter } from '../byte-writer.ts'

/** Appends all of `entries`, which share `tag`, to `writer`. */
export type EntryEncoder = (tag: string, entries: Uint8Array, writer: ByteWriter) => void
