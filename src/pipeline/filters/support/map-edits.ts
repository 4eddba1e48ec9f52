/**
 * Changes to a msgpack map, written to a ByteWriter beside it. Trusted bytes: nothing is checked.
 * Of a key that comes twice, all are meant.
 */
import type { ByteWriter } from '../../../codecs/byte-writer.ts'
import { isMap } from '../../../codecs/msgpack/format.ts'
import { writeMapHeader, writeStrBytes } from '../../../codecs/msgpack/writer.ts'
import { isStrEqual, mapBodyOffset, mapCount, skipValue } from '../../../codecs/record.ts'

/** Bytes of a value: where it comes from. */
export interface ValueBytes {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** How many pairs of the map at `offset` have the key. */
export function countKey(bytes: Uint8Array, offset: number, key: Uint8Array): number {
  let found = 0
  let position = mapBodyOffset(bytes, offset)
  for (let left = mapCount(bytes, offset); left > 0; left--) {
    if (isStrEqual(bytes, position, key)) found++
    position = skipValue(bytes, skipValue(bytes, position))
  }
  return found
}

/** The map with `value` at `keys` from level `depth` on; maps on the way are made. */
export function writeWith(
  out: ByteWriter,
  map: { readonly bytes: Uint8Array; readonly offset: number },
  { keys, depth = 0 }: { readonly keys: readonly Uint8Array[]; readonly depth?: number },
  value: ValueBytes,
): void {
  const { bytes, offset } = map
  const key = keys[depth]!
  const count = mapCount(bytes, offset)
  const found = countKey(bytes, offset, key)
  writeMapHeader(out, found > 0 ? count : count + 1)
  let position = mapBodyOffset(bytes, offset)
  if (found === 0) {
    out.appendRange(bytes, position, skipValue(bytes, offset))
    writeStrBytes(out, key, 0, key.length)
    writeNew(out, keys, depth + 1, value)
    return
  }
  for (let left = count; left > 0; left--) {
    const inner = skipValue(bytes, position)
    const next = skipValue(bytes, inner)
    if (!isStrEqual(bytes, position, key)) out.appendRange(bytes, position, next)
    else {
      out.appendRange(bytes, position, inner)
      const isLast = depth === keys.length - 1
      if (!isLast && isMap(bytes[inner]!))
        writeWith(out, { bytes, offset: inner }, { keys, depth: depth + 1 }, value)
      else writeNew(out, keys, depth + 1, value)
    }
    position = next
  }
}

/** `value` inside as many maps as there are keys left. */
function writeNew(
  out: ByteWriter,
  keys: readonly Uint8Array[],
  depth: number,
  value: ValueBytes,
): void {
  for (const key of keys.slice(depth)) {
    writeMapHeader(out, 1)
    writeStrBytes(out, key, 0, key.length)
  }
  out.appendRange(value.bytes, value.start, value.end)
}

/** The map without what is at `keys`, which must be there. */
export function writeWithout(
  out: ByteWriter,
  bytes: Uint8Array,
  offset: number,
  keys: readonly Uint8Array[],
  depth = 0,
): void {
  const key = keys[depth]!
  const isLast = depth === keys.length - 1
  const count = mapCount(bytes, offset)
  writeMapHeader(out, isLast ? count - countKey(bytes, offset, key) : count)
  let position = mapBodyOffset(bytes, offset)
  for (let left = count; left > 0; left--) {
    const inner = skipValue(bytes, position)
    const next = skipValue(bytes, inner)
    if (!isStrEqual(bytes, position, key)) out.appendRange(bytes, position, next)
    else if (!isLast) {
      out.appendRange(bytes, position, inner)
      if (isMap(bytes[inner]!)) writeWithout(out, bytes, inner, keys, depth + 1)
      else out.appendRange(bytes, inner, next)
    }
    position = next
  }
}
