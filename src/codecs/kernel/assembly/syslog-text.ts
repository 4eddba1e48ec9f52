/** What reading syslog needs of texts. Reads up to 15 bytes behind their ends. */
import { copy } from './copy'
import { splat } from './splat'

/** Where the first newline or NUL is; `end` if there is none. */
export function findLineEnd(start: usize, end: usize): usize {
  const newline = splat(0x0a)
  const nothing = splat(0)
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const hits = i8x16.bitmask(v128.or(i8x16.eq(block, newline), i8x16.eq(block, nothing)))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/** Where the first space is; `end` if there is none. */
export function findSpace(start: usize, end: usize): usize {
  const space = splat(0x20)
  for (let at = start; at < end; at += 16) {
    const hits = i8x16.bitmask(i8x16.eq(v128.load(at), space))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/** Where the first quote or backslash is; `end` if there is none. */
export function findQuote(start: usize, end: usize): usize {
  const quote = splat(0x22)
  const backslash = splat(0x5c)
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const hits = i8x16.bitmask(v128.or(i8x16.eq(block, quote), i8x16.eq(block, backslash)))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/** Where the first byte is that no name of structured data has: up to a space, `"`, `=`, `]`. */
export function findNameEnd(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const marks = v128.or(is(block, 0x22), v128.or(is(block, 0x3d), is(block, 0x5d)))
    const hits = i8x16.bitmask(v128.or(isUpToSpace(block), marks))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/**
 * Where the first byte is that ends a host, or may: a colon, and all but letters, digits and
 * `%-./_@`.
 */
export function findHostEnd(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const letters = isWithin(v128.or(block, splat(0x20)), 0x61, 26)
    const digits = isWithin(block, 0x2d, 13)
    const marks = v128.or(is(block, 0x25), v128.or(is(block, 0x40), is(block, 0x5f)))
    const hits = i8x16.bitmask(v128.not(v128.or(marks, v128.or(letters, digits))))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/**
 * Where the first byte is that ends a tag, or may: a colon, `[`, and what shows that a text has
 * begun: up to a space, `"`, `(`, `)`, `,`, `=`, `{`.
 */
export function findTagEnd(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const brackets = v128.or(isWithin(block, 0x28, 2), v128.or(is(block, 0x5b), is(block, 0x7b)))
    const signs = v128.or(is(block, 0x2c), v128.or(is(block, 0x3a), is(block, 0x3d)))
    const others = v128.or(isUpToSpace(block), is(block, 0x22))
    const hits = i8x16.bitmask(v128.or(others, v128.or(brackets, signs)))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

/** Where the first byte is that ends a process id, or cannot be in one: a space, `[`, `]`. */
export function findPidEnd(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at)
    const brackets = v128.or(is(block, 0x5b), is(block, 0x5d))
    const hits = i8x16.bitmask(v128.or(isUpToSpace(block), brackets))
    if (hits != 0) return min(at + ctz(hits), end)
  }
  return end
}

function is(block: v128, byte: u32): v128 {
  return i8x16.eq(block, splat(byte))
}

function isUpToSpace(block: v128): v128 {
  return i8x16.le_u(block, splat(0x20))
}

/** Whether a byte is one of the `count` from `first` on. */
function isWithin(block: v128, first: u32, count: u32): v128 {
  return i8x16.lt_u(i8x16.sub(block, splat(first)), splat(count))
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
