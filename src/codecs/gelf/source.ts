/** What records of GELF messages say of who sent them, and when where they do not say it. */
import type { ByteWriter } from '../byte-writer.ts'
import { writeEntryHead } from '../entry.ts'
import { RecordExtender, type TextField } from '../forward/record-extender.ts'

/** What records say of who sent them, in place of what they say themselves. */
export interface GelfSource {
  readonly every: RecordExtender
  /** Of those that could not be read. */
  readonly failed: RecordExtender
}

export function gelfSource(
  every: readonly TextField[],
  failed: readonly TextField[] = every,
): GelfSource {
  const extender = (fields: readonly TextField[]) => new RecordExtender({ fields, metadataKey: '' })
  return { every: extender(every), failed: extender(failed) }
}

export const NO_SOURCE = gelfSource([])

/** Puts the fields of `extender` into the record that begins at `recordStart`. */
export function extend(writer: ByteWriter, recordStart: number, extender: RecordExtender): void {
  if (!extender.hasFields) return
  const record = writer.bytes.slice(recordStart, writer.length)
  writer.length = recordStart
  extender.write(writer, record, 0, record.length, -1)
}

/** `now` is in milliseconds since 1970; returns the offset of the record. */
export function putHeadOfMillis(bytes: Uint8Array, offset: number, now: number): number {
  const seconds = Math.floor(now / 1000)
  return writeEntryHead(bytes, offset, seconds, Math.floor((now - seconds * 1000) * 1e6))
}
