/** Record fields as text for a placeholder, read in place from trusted entries. */
import { isMap, isStr, isBin } from '../../codecs/msgpack/format.ts'
import { findField, payloadEnd, payloadStart } from '../../codecs/record.ts'

/** Where the value of a field starts, its keys from the outside in; -1 if there is none. */
export function findNested(
  bytes: Uint8Array,
  recordOffset: number,
  keys: readonly Uint8Array[],
): number {
  let offset = recordOffset
  for (const key of keys) {
    if (offset < 0 || !isMap(bytes[offset]!)) return -1
    offset = findField(bytes, offset, key)
  }
  return offset
}

/** A str, bin, integer or boolean as text; undefined for anything else. */
export function valueAsText(bytes: Uint8Array, offset: number): string | undefined {
  const type = bytes[offset]!
  if (isStr(type) || isBin(type))
    return Buffer.from(
      bytes.buffer,
      bytes.byteOffset + payloadStart(bytes, offset),
      payloadEnd(bytes, offset) - payloadStart(bytes, offset),
    ).toString()
  if (type === 0xc2 || type === 0xc3) return String(type === 0xc3)
  return integerAsText(bytes, offset)
}

function integerAsText(bytes: Uint8Array, offset: number): string | undefined {
  const type = bytes[offset]!
  if (type < 0x80) return String(type)
  if (type >= 0xe0) return String(type - 0x100)
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + 1)
  if (type === 0xcc) return String(view.getUint8(0))
  if (type === 0xcd) return String(view.getUint16(0))
  if (type === 0xce) return String(view.getUint32(0))
  if (type === 0xcf) return String(view.getBigUint64(0))
  if (type === 0xd0) return String(view.getInt8(0))
  if (type === 0xd1) return String(view.getInt16(0))
  if (type === 0xd2) return String(view.getInt32(0))
  return type === 0xd3 ? String(view.getBigInt64(0)) : undefined
}
