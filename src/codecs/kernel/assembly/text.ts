/**
 * Bytes of text to the inside of a JSON string, always valid UTF-8. Twin:
 * ../../json/string-encoder.ts and ../../utf8.ts.
 */
import { splat } from './splat'

/** `\uXXXX` for one byte is the longest that any byte becomes. */
export const TEXT_GROWTH: usize = 6

/** For each byte below 0x20 the letter behind the backslash; `u` for `\u00XX`. */
const LETTERS = memory.data<u8>([
  0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x62, 0x74, 0x6e, 0x75, 0x66, 0x72, 0x75, 0x75,
  0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75,
])
/** `\u00` as it lies in memory. */
const UNICODE_ESCAPE: u32 = 0x3030_755c

/** Set by `putSpecial`. */
let next: usize = 0

/** As `putText`, for texts of up to 31 bytes, most of which are names: two blocks, and no loop. */
export function putShortText(source: usize, length: u32, target: usize): usize {
  const first = v128.load(source)
  const second = v128.load(source + 16)
  v128.store(target, first)
  v128.store(target + 16, second)
  const special = specialBytes(first) | (specialBytes(second) << 16)
  if ((special & ((1 << length) - 1)) == 0) return target + length
  return putText(source, source + length, target)
}

/**
 * Puts the text from `start` to `end` at `target` and returns the offset behind it. Reads up to 31
 * bytes behind `end`; writes as much behind what it returns.
 */
export function putText(start: usize, end: usize, target: usize): usize {
  let source = start
  let position = target
  while (source + 32 <= end) {
    const first = v128.load(source)
    const second = v128.load(source + 16)
    v128.store(position, first)
    v128.store(position + 16, second)
    const special = specialBytes(first) | (specialBytes(second) << 16)
    if (special == 0) {
      source += 32
      position += 32
    } else {
      const plain = <usize>ctz(special)
      position = putSpecial(source + plain, end, position + plain)
      source = next
    }
  }
  return putRest(source, end, position)
}

/** Less than 32 bytes, or what is left behind a character that has reached further. */
function putRest(start: usize, end: usize, target: usize): usize {
  let source = start
  let position = target
  while (source < end) {
    const block = v128.load(source)
    v128.store(position, block)
    const left = end - source
    let special = specialBytes(block)
    if (left < 16) special &= (1 << (<i32>left)) - 1
    if (special == 0) {
      const plain: usize = left < 16 ? left : 16
      source += plain
      position += plain
    } else {
      const plain = <usize>ctz(special)
      position = putSpecial(source + plain, end, position + plain)
      source = next
    }
  }
  return position
}

/** A bit for each byte that cannot stay as it is: `"`, `\`, control characters and non-ASCII. */
function specialBytes(block: v128): i32 {
  // Bytes from 0x80 on are negative. With their second bit turned over, quotes are 0x20, and
  // control characters still below it: one comparison finds all three.
  const turned = v128.xor(block, splat(0x02))
  const low = i8x16.lt_s(turned, splat(0x21))
  const backslashes = i8x16.eq(block, splat(0x5c))
  return i8x16.bitmask(v128.or(low, backslashes))
}

/** Puts the one character at `source`, or all that are not ASCII in a row. */
function putSpecial(source: usize, end: usize, target: usize): usize {
  const byte = <u32>load<u8>(source)
  if (byte >= 0x80) return putNonAscii(source, end, target)
  next = source + 1
  if (byte >= 0x20) {
    store<u16>(target, <u16>((byte << 8) | 0x5c))
    return target + 2
  }
  const letter = <u32>load<u8>(LETTERS + byte)
  store<u16>(target, <u16>((letter << 8) | 0x5c))
  if (letter != 0x75) return target + 2
  store<u32>(target, UNICODE_ESCAPE)
  store<u8>(target + 4, 0x30 + (byte >> 4))
  store<u8>(target + 5, hexDigit(byte & 0x0f))
  return target + 6
}

function hexDigit(value: u32): u32 {
  return value < 10 ? 0x30 + value : 0x57 + value
}

function putNonAscii(start: usize, end: usize, target: usize): usize {
  let source = start
  let position = target
  while (source < end && load<u8>(source) >= 0x80) {
    const length = characterLength(source, end)
    if (length > 0) {
      store<u32>(position, load<u32>(source))
      source += length
      position += length
    } else {
      // U+FFFD
      store<u32>(position, 0xbdbfef)
      source -= length
      position += 3
    }
  }
  next = source
  return position
}

/**
 * How many bytes the character has that starts with the byte at `source`, which is not ASCII, or,
 * negated, how many bytes that are no character become one U+FFFD.
 */
function characterLength(source: usize, end: usize): i32 {
  const lead = <u32>load<u8>(source)
  if (lead < 0xc2 || lead > 0xf4) return -1
  const length: i32 = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  const second = source + 1 < end ? <u32>load<u8>(source + 1) : 0
  if (second < lowestSecond(lead) || second > highestSecond(lead)) return -1
  for (let index = 2; index < length; index++) {
    const byte = source + index < end ? <u32>load<u8>(source + index) : 0
    if ((byte & 0xc0) != 0x80) return -index
  }
  return length
}

function lowestSecond(lead: u32): u32 {
  return lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80
}

function highestSecond(lead: u32): u32 {
  return lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf
}
