/**
 * Shortens bytes without changing their CRC-32. Twin: `crc32` of node:zlib.
 *
 * That CRC is what the bytes, a polynomial over GF(2), leave when they are divided by the one of
 * RFC 1952. x^300 + x^155 + x^117 + x^89 + 1 is a multiple of it, and so is the square of that: the
 * same with exponents twice as large. Squared seven times it is one in x^128, so a block of 16
 * bytes may be taken away when it is xored into those 145, 183, 211 and 300 blocks behind it. That
 * needs neither tables nor the multiplication without carry that WebAssembly lacks. After S.
 * Russell, Chorba: A novel CRC32 implementation, arXiv:2412.16398.
 */
const BLOCK: usize = 16
const FIRST: usize = 145 * BLOCK
const SECOND: usize = 183 * BLOCK
const THIRD: usize = 211 * BLOCK
const LAST: usize = 300 * BLOCK

/**
 * Where the bytes begin that have, up to `end`, the CRC-32 of all from `start` on, with `state` in
 * front of those and 0 in front of these. At least 600 blocks; what lies before `end` is changed.
 */
export function foldChecksum(start: usize, end: usize, state: u32): usize {
  const kept = start + ((end - start) & ~(BLOCK - 1)) - LAST
  store<u32>(start, load<u32>(start) ^ state)
  // The first blocks have fewer before them; each pass reads only what is final.
  fold(start + FIRST, start + LAST, FIRST)
  fold(start + SECOND, start + LAST, SECOND)
  fold(start + THIRD, start + LAST, THIRD)
  foldAll(start + LAST, kept)
  // The last ones stay, so nothing goes from one of them to another.
  fold(kept, kept + FIRST, FIRST)
  fold(kept, kept + SECOND, SECOND)
  fold(kept, kept + THIRD, THIRD)
  fold(kept, kept + LAST, LAST)
  return kept
}

function fold(from: usize, to: usize, distance: usize): void {
  for (let at = from; at < to; at += BLOCK) {
    v128.store(at, v128.xor(v128.load(at), v128.load(at - distance)))
  }
}

/** Four blocks at a time, none of which is folded into another of them. */
function foldAll(from: usize, to: usize): void {
  let at = from
  for (; at + 3 * BLOCK < to; at += 4 * BLOCK) {
    foldBlock(at)
    foldBlock(at + BLOCK)
    foldBlock(at + 2 * BLOCK)
    foldBlock(at + 3 * BLOCK)
  }
  for (; at < to; at += BLOCK) foldBlock(at)
}

function foldBlock(at: usize): void {
  const before = at - LAST
  const far = v128.xor(v128.load(before), v128.load(before, LAST - THIRD))
  const near = v128.xor(v128.load(before, LAST - SECOND), v128.load(before, LAST - FIRST))
  v128.store(at, v128.xor(v128.load(at), v128.xor(far, near)))
}
