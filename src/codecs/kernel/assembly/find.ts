/** Searches bytes for bytes. Twin: `Buffer.indexOf`. */
import { isSame } from './copy'

/** Reads up to 16 bytes behind `end`. */
const NOT_FOUND: i32 = -1

/**
 * Where `needle` starts for the first time between `start` and `end`, counted from `start`, or -1.
 * Looked for are two of its neighbouring bytes, the first at `pair`: the rarer they are in what is
 * searched, the better. `needle` has at least two bytes.
 */
export function find(
  start: usize,
  end: usize,
  needle: usize,
  needleLength: usize,
  pair: usize,
): i32 {
  if (end - start < needleLength) return NOT_FOUND
  const first = i8x16.splat(load<i8>(needle + pair))
  const second = i8x16.splat(load<i8>(needle + pair + 1))
  const last = end - needleLength
  for (let position = start; position <= last; position += 16) {
    const at = position + pair
    const firsts = i8x16.eq(v128.load(at), first)
    let hits = i8x16.bitmask(v128.and(firsts, i8x16.eq(v128.load(at + 1), second)))
    while (hits != 0) {
      const candidate = position + ctz(hits)
      if (candidate > last) return NOT_FOUND
      if (isSame(candidate, needle, needleLength)) return <i32>(candidate - start)
      hits &= hits - 1
    }
  }
  return NOT_FOUND
}
