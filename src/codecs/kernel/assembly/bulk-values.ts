/**
 * Values of documents. Twin: ../../bulk/document.ts. What becomes text there, and ext values, end
 * the walk before their entry: the twin encodes that.
 */
import { closeMap, nameBytes, openMap, putInnerName } from './bulk-names'
import { isText, readU16, readU32, textLength, textStart } from './msgpack'
import { putNumber } from './numbers'
import { putShortText, putText, TEXT_GROWTH } from './text'

/** The next entry is for the twin. */
export const UNUSUAL = 1
/** The target has no room for it. */
export const FULL = 2

/** Any value but text takes less, with what goes around it; and text with what `putText` adds. */
export const ROOM: usize = 64
/** For a text of up to 31 bytes, which may grow sixfold, and a short value behind it. */
export const NAME_ROOM: usize = 31 * 6 + 64

const NULL: u32 = 0x6c6c_756e
const TRUE: u32 = 0x6575_7274
/** `alse` */
const ALSE: u32 = 0x6573_6c61
/** `.0` */
const DECIMALS: u16 = 0x302e

/** 0, or why a document cannot go on. */
export let stopped = 0
/** Where the value ends that was put last. */
export let next: usize = 0
/** How many names the document may still have. */
let fieldsLeft: i32 = 0
/** Where the target ends. */
let limit: usize = 0
let depthMax: u32 = 0

export function startValues(targetEnd: usize, depth: u32): void {
  limit = targetEnd
  depthMax = depth
  stopped = 0
}

/** To be called before each document, which may have so many names. */
export function allowFields(count: i32): void {
  fieldsLeft = count
}

export function stop(reason: i32, target: usize): usize {
  stopped = reason
  return target
}

/** Counts names of a map; false if there are too many. */
export function takeFields(count: u32): bool {
  if (<i64>count > <i64>fieldsLeft) return false
  fieldsLeft -= <i32>count
  return true
}

/** `level` is that of a map or array. */
export function putValue(source: usize, target: usize, level: u32): usize {
  const type = <u32>load<u8>(source)
  if ((type & 0xe0) == 0xa0) {
    if (target + NAME_ROOM > limit) return stop(FULL, target)
    const length = type & 0x1f
    store<u8>(target, 0x22)
    const end = putShortText(source + 1, length, target + 1)
    store<u8>(end, 0x22)
    next = source + 1 + length
    return end + 1
  }
  if (type == 0xd9) return putString(source + 2, load<u8>(source + 1), target)
  if (type == 0xda || type == 0xdb) return putLongText(source, type, target)
  if (target + ROOM > limit) return stop(FULL, target)
  if (type < 0x80 || type >= 0xe0) {
    next = source + 1
    return putNumber(type, next, target)
  }
  if (type < 0xa0 || type >= 0xdc) return putContainer(source, target, type, level)
  return putOther(source, target, type)
}

function putOther(source: usize, target: usize, type: u32): usize {
  next = source + 1
  if (type == 0xc0 || type == 0xc3) {
    store<u32>(target, type == 0xc0 ? NULL : TRUE)
    return target + 4
  }
  if (type == 0xc2) {
    store<u8>(target, 0x66)
    store<u32>(target + 1, ALSE)
    return target + 5
  }
  if (isText(type)) return putLongText(source, type, target)
  if (type < 0xca || type > 0xd3) return stop(UNUSUAL, target)
  return putLongNumber(source, target, type)
}

/** Of the types 0xca to 0xd3. */
function putLongNumber(source: usize, target: usize, type: u32): usize {
  if (type <= 0xcb) {
    next = source + (type == 0xca ? 5 : 9)
    return putFloat(type, source + 1, target)
  }
  // No index takes integers from 2^63 on.
  if (type == 0xcf && load<u8>(source + 1) >= 0x80) return stop(UNUSUAL, target)
  next = source + 1 + ((<usize>1) << (type & 3))
  return putNumber(type, source + 1, target)
}

/** Twin: ../../bulk/floats.ts. */
function putFloat(type: u32, at: usize, target: usize): usize {
  const end = putNumber(type, at, target)
  for (let digit = load<u8>(target) == 0x2d ? target + 1 : target; digit < end; digit++) {
    if (<u32>load<u8>(digit) - 0x30 > 9) return end
  }
  store<u16>(end, DECIMALS)
  return end + 2
}

function putContainer(source: usize, target: usize, type: u32, level: u32): usize {
  if (level > depthMax) return stop(UNUSUAL, target)
  let count = type & 0x0f
  let position = source + 1
  if (type >= 0xdc) {
    const isLong = (type & 1) == 1
    count = isLong ? readU32(source + 1) : readU16(source + 1)
    position += isLong ? 4 : 2
  }
  const isMap = type < 0x90 || type >= 0xde
  return isMap ? putMap(position, count, target, level) : putArray(position, count, target, level)
}

function putMap(start: usize, count: u32, target: usize, level: u32): usize {
  if (!takeFields(count)) return stop(UNUSUAL, target)
  const names = openMap()
  let source = start
  let position = target
  store<u8>(position++, 0x7b)
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) store<u8>(position++, 0x2c)
    const length = nameBytes(source)
    if (position + length * TEXT_GROWTH + ROOM > limit) return stop(FULL, position)
    const nameEnd = putInnerName(source, position, names)
    if (nameEnd == 0) return stop(UNUSUAL, position)
    position = putValue(source + length, nameEnd, level + 1)
    if (stopped != 0) return position
    source = next
  }
  closeMap(names)
  if (position + ROOM > limit) return stop(FULL, position)
  next = source
  store<u8>(position, 0x7d)
  return position + 1
}

function putArray(start: usize, count: u32, target: usize, level: u32): usize {
  let source = start
  let position = target
  store<u8>(position++, 0x5b)
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) store<u8>(position++, 0x2c)
    position = putValue(source, position, level + 1)
    if (stopped != 0) return position
    source = next
  }
  if (position + ROOM > limit) return stop(FULL, position)
  next = source
  store<u8>(position, 0x5d)
  return position + 1
}

function putLongText(source: usize, type: u32, target: usize): usize {
  return putString(textStart(source, type), textLength(source, type), target)
}

function putString(start: usize, length: usize, target: usize): usize {
  // Text may grow sixfold; what is behind it needs room as well. The source is so small that this
  // does not overflow.
  if (target + length * TEXT_GROWTH + ROOM > limit) return stop(FULL, target)
  store<u8>(target, 0x22)
  const end = putText(start, start + length, target + 1)
  store<u8>(end, 0x22)
  next = start + length
  return end + 1
}
