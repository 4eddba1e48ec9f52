/** Lines of text to entries with one field that differs. Twin: ../../lines/plain-lines.ts. */
import { report } from './control'
import { copy } from './copy'
import { splat } from './splat'

/** All whole lines are used up. */
const DONE = 0
/** The target has no room for the next entry. */
const FULL = 3

const CARRIAGE_RETURN: u32 = 0x0d
/** Of a str header. */
const HEADER_BYTES_MAX: usize = 5
/** What `copy` may touch behind its end. */
const SLACK: usize = 16

/** The lines between `start` and `end`, each behind `prefix`; stops behind the last line end. */
export function putPlainLines(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  prefix: usize,
  prefixLength: usize,
): i32 {
  let line = start
  let position = target
  let count: u32 = 0
  let status = DONE
  const feed = splat(0x0a)
  for (let block = start; block < end; block += 16) {
    let hits = i8x16.bitmask(i8x16.eq(v128.load(block), feed))
    const left = end - block
    if (left < 16) hits &= (1 << (<i32>left)) - 1
    while (hits != 0) {
      const next = block + ctz(hits)
      hits &= hits - 1
      let textEnd = next
      if (textEnd > line && <u32>load<u8>(textEnd - 1) == CARRIAGE_RETURN) textEnd--
      const length = textEnd - line
      if (position + prefixLength + HEADER_BYTES_MAX + length + SLACK > targetEnd) {
        status = FULL
        break
      }
      copy(position, prefix, prefixLength)
      position = putStrHeader(position + prefixLength, <u32>length)
      copy(position, line, length)
      position += length
      line = next + 1
      count++
    }
    if (status == FULL) break
  }
  report(line, position, count)
  return status
}

/** The shortest header of a str of so many bytes; returns the offset behind it. */
export function putStrHeader(at: usize, length: u32): usize {
  if (length < 32) {
    store<u8>(at, <u8>(0xa0 | length))
    return at + 1
  }
  if (length < 0x100) {
    store<u16>(at, <u16>((length << 8) | 0xd9))
    return at + 2
  }
  if (length < 0x10000) {
    store<u8>(at, 0xda)
    store<u16>(at + 1, bswap<u16>(<u16>length))
    return at + 3
  }
  store<u8>(at, 0xdb)
  store<u32>(at + 1, bswap<u32>(length))
  return at + 5
}
