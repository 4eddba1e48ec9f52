/**
 * What the journal of held parts says, one record per frame (journal.ts). Numbers are big-endian.
 *
 *     part     01 │ flags │ line u32 │ ordinal u32 │ size u32 │ field count u32
 *                 │ length u32 and bytes of: tag and key (UTF-8), head │ text to the end
 *     release  02 │ 00    │ line u32
 *
 * Flags: 1 last part, 2 of an old Docker. A changed form takes new first bytes; records that begin
 * with an unknown byte are left out at start.
 */
import type { LineName, Part } from './line.ts'
import type { Head } from './head.ts'

const PART = 1
const RELEASE = 2
const FLAG_LAST = 1
const FLAG_LEGACY = 2
const PART_FIXED_BYTES = 18

export type JournalRecord =
  | { readonly kind: 'part'; readonly line: LineName; readonly part: Part; readonly head: Head }
  | { readonly kind: 'release'; readonly id: number }

export function encodePart(line: LineName, part: Part, head: Head): Uint8Array {
  const tag = Buffer.from(line.tag)
  const key = Buffer.from(line.key)
  const fixed = Buffer.alloc(PART_FIXED_BYTES)
  fixed[0] = PART
  fixed[1] = (part.isLast ? FLAG_LAST : 0) | (line.isLegacy ? FLAG_LEGACY : 0)
  fixed.writeUInt32BE(line.id, 2)
  fixed.writeUInt32BE(part.ordinal, 6)
  fixed.writeUInt32BE(part.size, 10)
  fixed.writeUInt32BE(head.fieldCount, 14)
  const sized = [tag, key, head.bytes].flatMap((bytes) => [lengthOf(bytes), bytes])
  return Buffer.concat([fixed, ...sized, part.log])
}

export function encodeRelease(id: number): Uint8Array {
  const bytes = Buffer.alloc(6)
  bytes[0] = RELEASE
  bytes.writeUInt32BE(id, 2)
  return bytes
}

/** Undefined for a kind of record that this version does not know. */
export function decodeRecord(bytes: Buffer): JournalRecord | undefined {
  if (bytes[0] === RELEASE) return { kind: 'release', id: bytes.readUInt32BE(2) }
  return bytes[0] === PART ? decodePart(bytes) : undefined
}

function decodePart(bytes: Buffer): JournalRecord {
  let offset = PART_FIXED_BYTES
  const next = () => {
    const start = offset + 4
    offset = start + bytes.readUInt32BE(offset)
    return bytes.subarray(start, offset)
  }
  const [tag, key, head] = [next().toString(), next().toString(), new Uint8Array(next())]
  const flags = bytes[1]!
  const line = { id: bytes.readUInt32BE(2), key, tag, isLegacy: (flags & FLAG_LEGACY) !== 0 }
  const part = {
    ordinal: bytes.readUInt32BE(6),
    isLast: (flags & FLAG_LAST) !== 0,
    log: bytes.subarray(offset),
    size: bytes.readUInt32BE(10),
    call: 0,
  }
  return { kind: 'part', line, part, head: { bytes: head, fieldCount: bytes.readUInt32BE(14) } }
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}
