/** Events that say who they are, in entries of varied length, on which their time hangs. */
import { writeEntryHead } from '../../../../src/codecs/entry.ts'

/** `{ i: uint32, p: str8 }` behind the head; see src/codecs/entry.ts. */
const ID_OFFSET = 11 + 1 + 2 + 1
const PADDING_LENGTH_OFFSET = ID_OFFSET + 4 + 2 + 1
const BARE_BYTES = PADDING_LENGTH_OFFSET + 1

/** Entries with the ids from `firstId` on, each with so many bytes of padding (below 256). */
export function entriesWithIds(firstId: number, paddings: readonly number[]): Buffer {
  const total = paddings.reduce((sum, padding) => sum + BARE_BYTES + padding, 0)
  const bytes = Buffer.alloc(total)
  let offset = 0
  paddings.forEach((padding, index) => {
    const map = writeEntryHead(bytes, offset, secondsOf(padding), index)
    bytes.set([0x82, 0xa1, 0x69, 0xce], map)
    bytes.writeUInt32BE(firstId + index, offset + ID_OFFSET)
    bytes.set([0xa1, 0x70, 0xd9, padding], offset + ID_OFFSET + 4)
    bytes.fill('x', offset + BARE_BYTES, offset + BARE_BYTES + padding)
    offset += BARE_BYTES + padding
  })
  return bytes
}

/** Seconds since 1970 of an event with so much padding: in one of three hours. */
export function secondsOf(padding: number): number {
  return 1_795_251_000 + (padding % 3) * 3600
}

/** Throws if the bytes are not whole entries, for one because they were given back. */
export function idsOf(entries: Uint8Array): number[] {
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.length)
  const ids: number[] = []
  for (let offset = 0; offset < bytes.length;) {
    if (bytes[offset] !== 0x92) throw new Error(`not an entry at ${offset}`)
    ids.push(bytes.readUInt32BE(offset + ID_OFFSET))
    offset += BARE_BYTES + bytes[offset + PADDING_LENGTH_OFFSET]!
    if (offset > bytes.length) throw new Error('a torn entry')
  }
  return ids
}
