/**
 * Walks msgpack from a peer that is not trusted. Twin: ../../msgpack/scanner.ts, tables as in
 * ../../msgpack/format.ts. https://github.com/msgpack/msgpack/blob/master/spec.md
 */

/** The value does not end before `end`, is too deep or has a type that is never used. */
export const BAD: usize = 0

/**
 * For the types 0xc0 to 0xdf: bytes of the value without what a length field counts, in the low
 * five bits; the width of that field above. 0 for the one that is never used, and for arrays and
 * maps, whose length counts values.
 */
const SHAPES = memory.data<u8>([
  0x01, 0x00, 0x01, 0x01, 0x22, 0x43, 0x85, 0x23, 0x44, 0x86, 0x05, 0x09, 0x02, 0x03, 0x05, 0x09,
  0x02, 0x03, 0x05, 0x09, 0x03, 0x04, 0x06, 0x0a, 0x12, 0x22, 0x43, 0x85, 0x00, 0x00, 0x00, 0x00,
])

export function readU16(at: usize): u32 {
  return bswap<u16>(load<u16>(at))
}

export function readU32(at: usize): u32 {
  return bswap<u32>(load<u32>(at))
}

export function readU64(at: usize): u64 {
  return bswap<u64>(load<u64>(at))
}

export function isMap(type: u32): bool {
  return (type & 0xf0) == 0x80 || type == 0xde || type == 0xdf
}

export function isStr(type: u32): bool {
  return (type & 0xe0) == 0xa0 || (type >= 0xd9 && type <= 0xdb)
}

/** str and bin, in all their forms. */
export function isText(type: u32): bool {
  return isStr(type) || (type >= 0xc4 && type <= 0xc6)
}

/** How many bytes of text the str or bin of `type` at `at` has. */
export function textLength(at: usize, type: u32): u32 {
  if ((type & 0xe0) == 0xa0) return type & 0x1f
  if (type == 0xd9 || type == 0xc4) return load<u8>(at + 1)
  return type == 0xda || type == 0xc5 ? readU16(at + 1) : readU32(at + 1)
}

/** Where they begin. */
export function textStart(at: usize, type: u32): usize {
  if ((type & 0xe0) == 0xa0) return at + 1
  if (type == 0xd9 || type == 0xc4) return at + 2
  return type == 0xda || type == 0xc5 ? at + 3 : at + 5
}

/** The offset behind the value at `at`, which is known to be valid. */
export function valueEnd(at: usize): usize {
  // Fast path: texts of less than 256 bytes, and small numbers.
  const type = <u32>load<u8>(at)
  if ((type & 0xe0) == 0xa0) return at + 1 + (type & 0x1f)
  if (type == 0xd9) return at + 2 + load<u8>(at + 1)
  if (type < 0x80) return at + 1
  return valuesEnd(at, usize.MAX_VALUE, 1, u32.MAX_VALUE)
}

/** How many fields the map at `at` has. */
export function mapCount(at: usize): u32 {
  const type = <u32>load<u8>(at)
  if (type < 0xde) return type & 0x0f
  return type == 0xde ? readU16(at + 1) : readU32(at + 1)
}

/** Where they begin. */
export function mapBody(at: usize): usize {
  const type = <u32>load<u8>(at)
  if (type < 0xde) return at + 1
  return type == 0xde ? at + 3 : at + 5
}

/** The offset behind the map at `at`, or BAD; `depth` counts the levels it may have. */
export function mapEnd(at: usize, end: usize, depth: u32): usize {
  const type = <u32>load<u8>(at)
  if ((type & 0xf0) == 0x80) return valuesEnd(at + 1, end, (type & 0x0f) << 1, depth)
  if (type == 0xde) return valuesEnd(at + 3, end, (<u64>readU16(at + 1)) << 1, depth)
  if (type == 0xdf) return valuesEnd(at + 5, end, (<u64>readU32(at + 1)) << 1, depth)
  return BAD
}

/** The offset behind `count` values from `at` on, which are one level of `depth`, or BAD. */
function valuesEnd(at: usize, end: usize, count: u64, depth: u32): usize {
  if (count == 0) return at <= end ? at : BAD
  // Every value takes a byte, so a count is checked against what is there before the loop.
  if (depth == 0 || at > end || count > <u64>(end - at)) return BAD
  let position = at
  for (let left = count; left > 0; left--) {
    if (position >= end) return BAD
    const type = <u32>load<u8>(position)
    if ((type & 0xe0) == 0xa0) {
      position += 1 + (type & 0x1f)
    } else if (type < 0x80 || type >= 0xe0) {
      position += 1
    } else {
      position = type < 0xc0 ? containerEnd(position, end, depth) : longEnd(position, end, depth)
      if (position == BAD) return BAD
    }
  }
  return position <= end ? position : BAD
}

/** fixmap and fixarray */
function containerEnd(at: usize, end: usize, depth: u32): usize {
  const type = <u32>load<u8>(at)
  const count = type & 0x0f
  return valuesEnd(at + 1, end, type < 0x90 ? count << 1 : count, depth - 1)
}

/** Types 0xc0 to 0xdf. A read past `end` stays inside memory and is found out right after. */
function longEnd(at: usize, end: usize, depth: u32): usize {
  const type = <u32>load<u8>(at)
  const shape = <u32>load<u8>(SHAPES + type - 0xc0)
  if (shape == 0) return countedEnd(at, end, type, depth)
  const width = shape >> 5
  const fixed = at + (shape & 0x1f)
  if (width == 0) return fixed
  if (fixed > end) return BAD
  const length: u32 = width == 1 ? load<u8>(at + 1) : width == 2 ? readU16(at + 1) : readU32(at + 1)
  return <usize>length <= end - fixed ? fixed + length : BAD
}

function countedEnd(at: usize, end: usize, type: u32, depth: u32): usize {
  if (type == 0xc1) return BAD
  const isLong = (type & 1) == 1
  const count = <u64>(isLong ? readU32(at + 1) : readU16(at + 1))
  return valuesEnd(at + (isLong ? 5 : 3), end, type >= 0xde ? count << 1 : count, depth - 1)
}
