/** What reading syslog needs of texts. Reads up to 15 bytes behind their ends. */
import { copy } from './copy'

/** Where the first newline or NUL is; `end` if there is none. */
export function findLineEnd(start: usize, end: usize): usize {
  const newline = i8x16.splat(0x0a)
  const nothing = i8x16.splat(0)
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const hits = i8x16.bitmask(v128.or(i8x16.eq(block, newline), i8x16.eq(block, nothing)))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/** Where the first space is; `end` if there is none. */
export function findSpace(start: usize, end: usize): usize {
  const space = i8x16.splat(0x20)
  for (let at = start; at < end; at += 16) {
    const hits = i8x16.bitmask(i8x16.eq(v128.load(at), space))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/** Where the first quote or backslash is; `end` if there is none. */
export function findQuote(start: usize, end: usize): usize {
  const quote = i8x16.splat(0x22)
  const backslash = i8x16.splat(0x5c)
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const hits = i8x16.bitmask(v128.or(i8x16.eq(block, quote), i8x16.eq(block, backslash)))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

export function isFiller(byte: u32): bool {
  return byte == 0x0a || byte == 0x0d || byte == 0
}

/** Puts a str of `length` bytes at `source`; returns the offset behind it. */
export function putStr(target: usize, source: usize, length: usize): usize {
  let text = target + 1
  if (length < 32) store<u8>(target, 0xa0 | length)
  else if (length < 0x100) {
    store<u16>(target, <u16>(0xd9 | (length << 8)))
    text = target + 2
  } else if (length < 0x1_0000) {
    store<u8>(target, 0xda)
    store<u16>(target + 1, bswap<u16>(<u16>length))
    text = target + 3
  } else {
    store<u8>(target, 0xdb)
    store<u32>(target + 1, bswap<u32>(<u32>length))
    text = target + 5
  }
  copy(text, source, length)
  return text + length
}
