/**
 * JSON values to msgpack, without recursion. What is not usual (surrogates, exponents, integers of
 * more than 18 digits, deep nesting, anything that is wrong) is for the twin, which has its words
 * for it: ../../json/to-msgpack.ts.
 */
import { copy, isSame } from './copy'
import { findSpecial } from './json-strings'
import { hasNoRoom, putPlainStr, putStr, putUsualStrHeader, strEnd } from './json-to-str'
import { BAD } from './msgpack'
import { digit, isDigit } from './numbers'

const QUOTE: u32 = 0x22
const COMMA: u32 = 0x2c
const COLON: u32 = 0x3a
const DOT: u32 = 0x2e
const OPEN_OBJECT: u32 = 0x7b
const CLOSE_OBJECT: u32 = 0x7d
const OPEN_ARRAY: u32 = 0x5b
const CLOSE_ARRAY: u32 = 0x5d
/** What may be put between two looks at the room that is left. */
const SLACK: usize = 64
/** Integers with more digits, and decimals with more than a double holds exactly. */
const INTEGER_DIGITS_MAX: usize = 18
const EXACT_DIGITS_MAX: usize = 15

/** Levels inside the outermost object; deeper ones are for the twin. */
const DEPTH_MAX: u32 = 32
/** Per open level: where its header is (usize), how many values it has, whether it is an object. */
const HEADERS = memory.data(32 * 4)
const COUNTS = memory.data(32 * 4)
const KINDS = memory.data(32)

/** Powers of ten that a double holds exactly. */
const POWERS = memory.data<f64>([
  1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
])

/** Where the next byte goes, and from where on there is no room. */
let position: usize = 0
let limit: usize = 0

/** Put in front of the names of the outermost object. */
let prefix: usize = 0
let prefixLength: usize = 0
/** The name of the outermost object that is looked for; of length 0 for none. */
let wanted: usize = 0
let wantedLength: usize = 0

/** Of the last `putFields`: where its key is, or 0. */
export let wantedKey: usize = 0
/** Of the last `putFields`: where the fields end, how many they are, whether room was short. */
export let fieldsEnd: usize = 0
export let fieldCount: u32 = 0
export let isFull: bool = false
/** A bit for each name of the outermost object, as `nameBit` has them. */
export let fieldNames: u64 = 0

/**
 * One bit of 64 for the name of `length` bytes, which is not empty, at `name`: of its length and
 * its ends. Names that share one have to be compared, which takes longer than all else here.
 */
export function nameBit(name: usize, length: usize): u64 {
  const ends = <u64>load<u8>(name) * 7 + <u64>load<u8>(name + length - 1) * 3
  return (<u64>1) << ((<u64>length * 19 + ends) & 63)
}

/** Holds until the next call. */
export function useNames(put: usize, putLength: usize, name: usize, nameLength: usize): void {
  prefix = put
  prefixLength = putLength
  wanted = name
  wantedLength = nameLength
}

/**
 * The fields of the object that is all there is between `start` and `end`, but for white space, at
 * `target`. False if it is for the twin, or (`isFull`) too long.
 */
export function putFields(start: usize, end: usize, target: usize, targetEnd: usize): bool {
  const source = skipSpace(start, end)
  const behind = putObject(source, end, target, targetEnd)
  return behind != BAD && skipSpace(behind, end) == end
}

/** As `putFields`, of the object that begins at `start`; the offset behind its }, or BAD. */
export function putObject(start: usize, end: usize, target: usize, targetEnd: usize): usize {
  position = target
  limit = targetEnd - SLACK
  fieldCount = 0
  fieldNames = 0
  wantedKey = 0
  isFull = false
  if (start >= end || load<u8>(start) != OPEN_OBJECT) return BAD
  const behind = putMembers(start + 1, end)
  fieldsEnd = position
  return behind
}

/** Everything up to the bracket that closes the outermost object; the offset behind it, or BAD. */
function putMembers(start: usize, end: usize): usize {
  let source = skipSpace(start, end)
  let depth: u32 = 0
  let isObject = true
  let count: u32 = 0
  if (source < end && load<u8>(source) == CLOSE_OBJECT) return source + 1
  while (true) {
    // Here a value begins, in an object with its name.
    if (position > limit) {
      isFull = true
      return BAD
    }
    if (isObject) source = putName(source, end, depth == 0)
    if (source == BAD || source >= end) return BAD
    count++
    const byte = <u32>load<u8>(source)
    if (byte == OPEN_OBJECT || byte == OPEN_ARRAY) {
      const opened = byte == OPEN_OBJECT
      source = skipSpace(source + 1, end)
      if (source >= end) return BAD
      if (load<u8>(source) == (opened ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        store<u8>(position++, opened ? 0x80 : 0x90)
        source++
      } else {
        if (depth == DEPTH_MAX) return BAD
        store<u32>(HEADERS + depth * 4, <u32>position)
        position++
        store<u32>(COUNTS + depth * 4, count)
        store<u8>(KINDS + depth, isObject)
        depth++
        count = 0
        isObject = opened
        continue
      }
    } else {
      source = putScalar(source, end)
      if (source == BAD) return BAD
    }
    // Behind a value: a comma, or the ends of levels.
    while (true) {
      source = skipSpace(source, end)
      if (source >= end) return BAD
      const next = <u32>load<u8>(source++)
      if (next == COMMA) {
        source = skipSpace(source, end)
        break
      }
      if (next != (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return BAD
      if (depth == 0) {
        fieldCount = count
        return source
      }
      depth--
      if (!closeLevel(load<u32>(HEADERS + depth * 4), count, isObject)) return BAD
      count = load<u32>(COUNTS + depth * 4)
      isObject = load<u8>(KINDS + depth) != 0
    }
  }
}

/** One byte was left for the header. */
function closeLevel(header: usize, count: u32, isObject: bool): bool {
  if (count < 16) {
    store<u8>(header, (isObject ? 0x80 : 0x90) | count)
    return true
  }
  if (count >= 0x1_0000 || position > limit) return false
  memory.copy(header + 3, header + 1, position - header - 1)
  position += 2
  store<u8>(header, isObject ? 0xde : 0xdc)
  store<u16>(header + 1, bswap<u16>(<u16>count))
  return true
}

/** A name without escapes, and its colon; the offset of the value, or BAD. */
function putName(at: usize, end: usize, isOutermost: bool): usize {
  if (at >= end || load<u8>(at) != QUOTE) return BAD
  const name = at + 1
  const close = findSpecial(name, end)
  if (close == BAD || load<u8>(close) != QUOTE || close == name) return BAD
  const length = close - name
  if (!(isOutermost ? putOutermostName(name, length) : putText(name, length))) return BAD
  const colon = skipSpace(close + 1, end)
  if (colon >= end || load<u8>(colon) != COLON) return BAD
  return skipSpace(colon + 1, end)
}

/** With the prefix. Of a repeated name the last one counts, which is for the twin to see. */
function putOutermostName(name: usize, length: usize): bool {
  if (length == wantedLength && isSame(name, wanted, length)) {
    if (wantedKey != 0) return false
    wantedKey = position
  }
  if (prefixLength == 0) {
    fieldNames |= nameBit(name, length)
    return putText(name, length)
  }
  const whole = prefixLength + length
  isFull = position + whole > limit
  if (isFull) return false
  const header = putUsualStrHeader(whole, position)
  if (header == 0) return false
  copy(position + header, prefix, prefixLength)
  copy(position + header + prefixLength, name, length)
  fieldNames |= nameBit(position + header, whole)
  position += header + whole
  return true
}

function putScalar(at: usize, end: usize): usize {
  const byte = <u32>load<u8>(at)
  if (byte == QUOTE) return putString(at + 1, end)
  if (byte == 0x2d || byte - 0x30 < 10) return putNumber(at, end)
  const word = load<u32>(at)
  if (word == 0x6575_7274 && at + 4 <= end) return putWord(0xc3, at + 4)
  if (word == 0x6c6c_756e && at + 4 <= end) return putWord(0xc0, at + 4)
  const isFalse = word == 0x736c_6166 && load<u8>(at + 4) == 0x65 && at + 5 <= end
  return isFalse ? putWord(0xc2, at + 5) : BAD
}

function putWord(type: u32, behind: usize): usize {
  store<u8>(position++, type)
  return behind
}

/** Whole numbers, and decimals whose digits a double holds exactly: one division is exact then. */
function putNumber(at: usize, end: usize): usize {
  const isNegative = load<u8>(at) == 0x2d
  const first = isNegative ? at + 1 : at
  let source = first
  let value: u64 = 0
  while (source < end && isDigit(source)) value = value * 10 + digit(source++)
  const digits = source - first
  if (digits == 0 || digits > INTEGER_DIGITS_MAX) return BAD
  if (load<u8>(first) == 0x30 && digits > 1) return BAD
  const next: u32 = source < end ? load<u8>(source) : 0
  if ((next | 0x20) == 0x65) return BAD
  if (next != DOT) {
    // Minus zero is a double.
    if (isNegative && value == 0) return BAD
    if (isNegative) putNegative(<i64>(0 - value))
    else putUnsigned(value)
    return source
  }
  const fraction = ++source
  while (source < end && isDigit(source)) value = value * 10 + digit(source++)
  const decimals = source - fraction
  if (decimals == 0 || digits + decimals > EXACT_DIGITS_MAX) return BAD
  if (source < end && (load<u8>(source) | 0x20) == 0x65) return BAD
  const double = <f64>value / load<f64>(POWERS + (decimals << 3))
  store<u8>(position, 0xcb)
  store<u64>(position + 1, bswap<u64>(reinterpret<u64>(isNegative ? -double : double)))
  position += 9
  return source
}

function putUnsigned(value: u64): void {
  if (value < 0x80) {
    store<u8>(position, <u32>value)
    position += 1
  } else if (value < 0x100) putTyped(0xcc, <u32>value, 1)
  else if (value < 0x1_0000) putTyped(0xcd, <u32>value, 2)
  else if (value <= 0xffff_ffff) putTyped(0xce, <u32>value, 4)
  else putLong(0xcf, value)
}

function putNegative(value: i64): void {
  if (value >= -32) {
    store<u8>(position, <u32>value)
    position += 1
  } else if (value >= -0x80) putTyped(0xd0, <u32>value, 1)
  else if (value >= -0x8000) putTyped(0xd1, <u32>value, 2)
  else if (value >= -0x8000_0000) putTyped(0xd2, <u32>value, 4)
  else putLong(0xd3, <u64>value)
}

/** The type and the low `width` bytes of the value, big-endian. */
function putTyped(type: u32, value: u32, width: usize): void {
  store<u8>(position, type)
  store<u32>(position + 1, bswap<u32>(value << (32 - ((<u32>width) << 3))))
  position += 1 + width
}

function putLong(type: u32, value: u64): void {
  store<u8>(position, type)
  store<u64>(position + 1, bswap<u64>(value))
  position += 9
}

/** The text behind a quote at `at`; the offset behind its closing quote, or BAD. */
function putString(at: usize, end: usize): usize {
  const behind = putStr(at, end, position, limit)
  isFull = hasNoRoom
  if (behind != BAD) position = strEnd
  return behind
}

/** A str of the text, which needs no change; false if there is no room or it is too long. */
function putText(text: usize, length: usize): bool {
  const isPut = putPlainStr(text, length, position, limit)
  isFull = hasNoRoom
  if (isPut) position = strEnd
  return isPut
}

/** The offset of the first byte that is no white space of JSON, or `end`. */
export function skipSpace(start: usize, end: usize): usize {
  let at = start
  while (at < end && isSpace(load<u8>(at))) at++
  return at
}

function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
}
