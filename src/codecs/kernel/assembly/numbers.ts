/** Numbers as JSON writes them. Twin: ../../json/number-encoder.ts. */
import { readU16, readU32, readU64 } from './msgpack'

/** Longest decimals that are put here, and from where on a double does not hold all digits. */
const DECIMALS_MAX: u32 = 6
const EXACT_LIMIT: f64 = 1e15

/** Puts the text of a double that has many digits; by the host, as only it can do it exactly. */
export declare function putDouble(value: f64, target: usize): usize

/** Puts the number of type `type` whose bytes follow at `at`, and returns the offset behind. */
export function putNumber(type: u32, at: usize, target: usize): usize {
  if (type < 0x80) return putUnsigned(type, target)
  if (type >= 0xe0) return putSigned(<i64>(<i32>type - 0x100), target)
  switch (type) {
    case 0xca:
      return putFloat(<f64>reinterpret<f32>(readU32(at)), target)
    case 0xcb:
      return putFloat(reinterpret<f64>(readU64(at)), target)
    case 0xcc:
      return putUnsigned(load<u8>(at), target)
    case 0xcd:
      return putUnsigned(readU16(at), target)
    case 0xce:
      return putUnsigned(readU32(at), target)
    case 0xcf:
      return putUnsigned(readU64(at), target)
    case 0xd0:
      return putSigned(load<i8>(at), target)
    case 0xd1:
      return putSigned(<i16>readU16(at), target)
    case 0xd2:
      return putSigned(<i32>readU32(at), target)
    default:
      return putSigned(<i64>readU64(at), target)
  }
}

/** `00` to `99`, as they lie in memory. */
const PAIRS = memory.data(200)
for (let value: u32 = 0; value < 100; value++) {
  store<u16>(PAIRS + value * 2, <u16>(0x3030 + value / 10 + ((value % 10) << 8)))
}

/** Nine digits, with leading zeros. */
export function putNineDigits(target: usize, value: u32): void {
  const thousands = value / 100_000
  const rest = value - thousands * 100_000
  const first = thousands / 100
  const third = rest / 1000
  const last = rest - third * 1000
  const fourth = last / 10
  putPair(target, first)
  putPair(target + 2, thousands - first * 100)
  putPair(target + 4, third)
  putPair(target + 6, fourth)
  store<u8>(target + 8, 0x30 + last - fourth * 10)
}

function putPair(target: usize, value: u32): void {
  store<u16>(target, load<u16>(PAIRS + value * 2))
}

function putSigned(value: i64, target: usize): usize {
  if (value >= 0) return putUnsigned(<u64>value, target)
  store<u8>(target, 0x2d)
  return putUnsigned(<u64>(0 - value), target + 1)
}

function putUnsigned(value: u64, target: usize): usize {
  let length: usize = 1
  for (let limit: u64 = 10; value >= limit && length < 20; limit *= 10) length++
  let rest = value
  for (let index = length; index > 0; index--) {
    const tenth = rest / 10
    store<u8>(target + index - 1, <u32>(0x30 + rest - tenth * 10))
    rest = tenth
  }
  return target + length
}

function putFloat(value: f64, target: usize): usize {
  const isWhole = Math.abs(value) <= 9_007_199_254_740_991.0 && Math.trunc(value) == value
  // -0 keeps its sign, so it is for the host.
  if (isWhole && (value != 0 || reinterpret<u64>(value) == 0)) return putSigned(<i64>value, target)
  const end: usize = isWhole ? <usize>0 : putDecimals(value, target)
  return end == 0 ? putDouble(value, target) : end
}

/**
 * A double that is the nearest to a number of few decimals and at most 15 digits. No two of these
 * have the same double, so its digits are the shortest. 0 if there is none.
 */
function putDecimals(value: f64, target: usize): usize {
  const positive = Math.abs(value)
  let power: f64 = 1
  for (let decimals: u32 = 1; decimals <= DECIMALS_MAX; decimals++) {
    power *= 10
    const digits = nearest<f64>(positive * power)
    // Not a number, too.
    if (!(digits < EXACT_LIMIT)) return 0
    if (digits / power != positive) continue
    const whole = <u64>digits / <u64>power
    let at = target
    if (value < 0) store<u8>(at++, 0x2d)
    at = putUnsigned(whole, at)
    store<u8>(at, 0x2e)
    let rest = <u32>(<u64>digits - whole * <u64>power)
    for (let index: usize = decimals; index > 0; index--) {
      const tenth = rest / 10
      store<u8>(at + index, 0x30 + rest - tenth * 10)
      rest = tenth
    }
    return at + 1 + decimals
  }
  return 0
}

export function isDigit(at: usize): bool {
  return <u32>load<u8>(at) - 0x30 < 10
}

/** The value of the digit at `at`. */
export function digit(at: usize): u32 {
  return <u32>load<u8>(at) - 0x30
}
