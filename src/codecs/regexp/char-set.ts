/**
 * Sets of UTF-16 units, as sorted ranges that do not touch. A character beyond U+FFFF is two units
 * and is never part of a set.
 */

/** First and last unit of each range, flat: `[0x30, 0x39, 0x41, 0x5a]`. */
export type CharSet = readonly number[]

export const UNIT_MAX = 0xffff

export const DIGITS: CharSet = [0x30, 0x39]
export const WORD: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
/** What `\s` is in JavaScript: white space and line ends of Unicode. */
export const SPACE: CharSet = normalize([
  0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f,
  0x202f, 0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff,
])
/** All but line ends: what `.` is without the flag `s`. */
export const NOT_LINE_END: CharSet = complement([0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029])
export const ALL: CharSet = [0, UNIT_MAX]

/** The names inside `[[:alpha:]]`; ASCII, as POSIX has them. */
export const POSIX: Readonly<Record<string, CharSet>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0x00, 0x1f, 0x7f, 0x7f],
  digit: DIGITS,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word: WORD,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
}

/** Sorts the ranges and joins those that touch. */
export function normalize(ranges: CharSet): CharSet {
  const pairs: [number, number][] = []
  for (let at = 0; at < ranges.length; at += 2) pairs.push([ranges[at]!, ranges[at + 1]!])
  pairs.sort((one, other) => one[0] - other[0])
  const joined: number[] = []
  for (const [first, last] of pairs) {
    const end = joined.length - 1
    if (end > 0 && first <= joined[end]! + 1) joined[end] = Math.max(joined[end]!, last)
    else joined.push(first, last)
  }
  return joined
}

export function complement(set: CharSet): CharSet {
  const rest: number[] = []
  let next = 0
  for (let at = 0; at < set.length; at += 2) {
    if (set[at]! > next) rest.push(next, set[at]! - 1)
    next = set[at + 1]! + 1
  }
  if (next <= UNIT_MAX) rest.push(next, UNIT_MAX)
  return rest
}

/** The set and, of each letter in it, the other case; what needs two letters stays as it is. */
export function foldCase(set: CharSet): CharSet {
  const folded: number[] = [...set]
  for (let at = 0; at < set.length; at += 2) {
    for (let unit = set[at]!; unit <= set[at + 1]!; unit++) addOtherCase(folded, unit)
  }
  return normalize(folded)
}

function addOtherCase(folded: number[], unit: number): void {
  const char = String.fromCharCode(unit)
  for (const other of [char.toLowerCase(), char.toUpperCase()]) {
    const code = other.charCodeAt(0)
    // U+212A, the Kelvin sign, and its like are no ASCII letters, as in JavaScript's own `i`.
    if (other.length !== 1 || code === unit || (unit >= 0x80 && code < 0x80)) continue
    folded.push(code, code)
  }
}

/** The units up to U+FFFF that have the property, `L` or `Script=Greek`; null if there is none. */
export function unicodeProperty(name: string): CharSet | null {
  let pattern: RegExp
  try {
    pattern = new RegExp(`\\p{${name}}`, 'u')
  } catch {
    // The name comes from the pattern; whoever asked says where it stands.
    return null
  }
  const found: number[] = []
  for (let unit = 0; unit <= UNIT_MAX; unit++) {
    if (!pattern.test(String.fromCharCode(unit))) continue
    const end = found.length - 1
    if (end > 0 && found[end] === unit - 1) found[end] = unit
    else found.push(unit, unit)
  }
  return found
}
