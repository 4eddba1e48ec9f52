/** The inside of JSON strings (RFC 8259, part 7) as bytes. Twin: ../../json/string-decoder.ts. */
import { BAD } from './msgpack'
import { splat } from './splat'

const QUOTE: u32 = 0x22
const BACKSLASH: u32 = 0x5c

/** The next quote, backslash or control character, or BAD. Reads up to 15 bytes behind `end`. */
export function findSpecial(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) {
    const mask = specialBytes(at)
    if (mask == 0) continue
    const found = at + ctz(mask)
    return found < end ? found : BAD
  }
  return BAD
}

/** A bit for each quote, backslash and control character of the 16 bytes at `at`. */
export function specialBytes(at: usize): i32 {
  const block = v128.load(at)
  // With their second bit turned over, quotes are 0x20, and control characters still below it.
  const low = i8x16.le_u(v128.xor(block, splat(0x02)), splat(0x20))
  return i8x16.bitmask(v128.or(low, i8x16.eq(block, splat(0x5c))))
}

/** Set by `putEscape`: behind what it has put. */
export let escapeEnd: usize = 0

/** Puts what the backslash at `at` stands for; the offset behind it, or BAD. */
export function putEscape(at: usize, end: usize, target: usize): usize {
  if (at + 2 > end) return BAD
  const letter = <u32>load<u8>(at + 1)
  if (letter == 0x75) return putUnicode(at + 2, end, target)
  const byte = escaped(letter)
  if (byte == 0) return BAD
  store<u8>(target, byte)
  escapeEnd = target + 1
  return at + 2
}

/** The byte that a letter behind a backslash stands for; 0 if it is none. */
function escaped(letter: u32): u32 {
  switch (letter) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
      return letter
    case 0x62:
      return 0x08
    case 0x66:
      return 0x0c
    case 0x6e:
      return 0x0a
    case 0x72:
      return 0x0d
    case 0x74:
      return 0x09
    default:
      return 0
  }
}

/** Four hexadecimal digits of a character that is no surrogate. */
function putUnicode(at: usize, end: usize, target: usize): usize {
  if (at + 4 > end) return BAD
  let code: u32 = 0
  for (let index: usize = 0; index < 4; index++) {
    const value = hexValue(load<u8>(at + index))
    if (value > 15) return BAD
    code = (code << 4) | value
  }
  if (code >= 0xd800 && code <= 0xdfff) return BAD
  if (code < 0x80) {
    store<u8>(target, code)
    escapeEnd = target + 1
  } else if (code < 0x800) {
    store<u8>(target, 0xc0 | (code >> 6))
    store<u8>(target + 1, 0x80 | (code & 0x3f))
    escapeEnd = target + 2
  } else {
    store<u8>(target, 0xe0 | (code >> 12))
    store<u8>(target + 1, 0x80 | ((code >> 6) & 0x3f))
    store<u8>(target + 2, 0x80 | (code & 0x3f))
    escapeEnd = target + 3
  }
  return at + 4
}

/** More than 15 for what is no digit. */
function hexValue(byte: u32): u32 {
  if (byte - 0x30 < 10) return byte - 0x30
  const lower = byte | 0x20
  return lower - 0x61 < 6 ? lower - 0x61 + 10 : 16
}
