/** What tells the events of one source apart from those of another: the text of a field. */
import { payloadEnd, payloadStart, skipValue } from '../../../codecs/record.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { findNested } from '../../placeholders/field-value.ts'

/** The key of events that do not have the field. */
export const WITHOUT_FIELD = '(none)'
/** Bytes of a value that count; those that begin the same share a key. */
const VALUE_MAX_BYTES = 1024

/** Of the entry at `entry`; of what is no text something that tells its values apart. */
export function entryKey(bytes: Uint8Array, entry: number, keys: readonly Uint8Array[]): string {
  const offset = findNested(bytes, entry + ENTRY_RECORD_OFFSET, keys)
  if (offset < 0) return WITHOUT_FIELD
  const start = payloadStart(bytes, offset)
  if (start < 0) return textOf(bytes, offset, skipValue(bytes, offset), 'hex')
  return textOf(bytes, start, payloadEnd(bytes, offset), 'utf8')
}

function textOf(bytes: Uint8Array, start: number, end: number, as: BufferEncoding): string {
  const length = Math.min(end - start, VALUE_MAX_BYTES)
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString(as)
}
