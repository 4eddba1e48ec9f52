/**
 * Entries to JSON lines. Twin: ../../lines/json-lines.ts and ../../json/value-encoder.ts. What is
 * rare ends the walk before its entry, which the twin encodes: ext values and keys that are not
 * text. Entries are trusted, so nothing here checks where they end.
 */
import { report } from './control'
import { copy } from './copy'
import { putDateTime } from './date-time'
import { isText, mapBody, mapCount, readU16, readU32, textLength, textStart } from './msgpack'
import { putNineDigits, putNumber } from './numbers'
import { isUsualName, startNames, underscoresFor } from './own-names'
import { putShortText, putText, TEXT_GROWTH } from './text'

/** All entries are encoded. */
const DONE = 0
/** The next entry is for the twin. */
const UNUSUAL = 1
/** The target has no room for the next line. */
const FULL = 2

const ENTRY_HEAD_BYTES: usize = 11
/** `{"time":"` */
const DATE_TIME_OFFSET: usize = 9
const NANOSECONDS_OFFSET: usize = 29
/** `{"time":"2026-11-21T08:50:00.123456789Z","tag":"` */
const TAG_OFFSET: usize = 48
export const TAG_BYTES_MAX: usize = 256
/** Any value but text takes less, with what goes around it; and text with what `putText` adds. */
const ROOM: usize = 64
/** For a text of up to 31 bytes, which may grow sixfold, and a short value behind it. */
const NAME_ROOM: usize = 31 * 6 + 64

const NULL: u32 = 0x6c6c_756e
const TRUE: u32 = 0x6575_7274
/** `alse` */
const ALSE: u32 = 0x6573_6c61

/** What every line of a tag starts with; date and time are those of `lineSeconds`. */
const LINE_START = memory.data(48 + 256 * 6 + 16)
let lineStartLength: usize = 0
let lineSeconds: u32 = 0

/** Set when a line cannot go on. */
let stopped = DONE
/** Where the target ends. */
let limit: usize = 0
/** Where the value ends that was put last. */
let next: usize = 0

/**
 * `template` is the beginning of a line of second 0, 48 bytes that end before the tag; `tag` has up
 * to TAG_BYTES_MAX.
 */
export function startLines(template: usize, tag: usize, tagLength: usize): void {
  copy(LINE_START, template, TAG_OFFSET)
  const end = putText(tag, tag + tagLength, LINE_START + TAG_OFFSET)
  store<u8>(end, 0x22)
  lineStartLength = end + 1 - LINE_START
  lineSeconds = 0
}

/** Lines of the entries from `start` to `end`, with what `startLines` was given before them. */
export function putJsonLines(start: usize, end: usize, target: usize, targetEnd: usize): i32 {
  let source = start
  let position = target
  stopped = DONE
  limit = targetEnd
  while (source < end) {
    const lineEnd = putLine(source, position)
    if (stopped != DONE) break
    position = lineEnd
    source = next
  }
  report(source, position, 0)
  return stopped
}

function putLine(entry: usize, target: usize): usize {
  if (target + lineStartLength + ROOM > limit) return stop(FULL, target)
  const seconds = readU32(entry + 3)
  if (seconds != lineSeconds) setDateTime(seconds)
  copy(target, LINE_START, lineStartLength)
  putNineDigits(target + NANOSECONDS_OFFSET, readU32(entry + 7))
  return putFields(entry + ENTRY_HEAD_BYTES, target + lineStartLength)
}

function putFields(record: usize, target: usize): usize {
  let count = mapCount(record)
  let source = mapBody(record)
  let position = target
  startNames()
  for (; count > 0; count--) {
    const keyType = <u32>load<u8>(source)
    if (isUsualName(source, keyType)) {
      // Fast path, for nearly every field: comma, key and colon at once.
      if (position + NAME_ROOM > limit) return stop(FULL, position)
      const length = keyType & 0x1f
      store<u16>(position, 0x222c)
      const keyEnd = putShortText(source + 1, length, position + 2)
      store<u16>(keyEnd, 0x3a22)
      position = putValue(source + 1 + length, keyEnd + 2)
      if (stopped != DONE) return position
      source = next
      continue
    }
    store<u8>(position, 0x2c)
    if (!isText(keyType)) return stop(UNUSUAL, position)
    const underscores = underscoresFor(record, source, keyType)
    position =
      underscores == 0
        ? putPair(source, position + 1)
        : putRenamedPair(source, keyType, underscores, position + 1)
    if (stopped != DONE) return position
    source = next
  }
  store<u16>(position, 0x0a7d)
  next = source
  return position + 2
}

/** The record's own `time` or `tag`: there is room for its name, see `ROOM`. */
function putRenamedPair(source: usize, type: u32, underscores: u32, target: usize): usize {
  if (target + ROOM > limit) return stop(FULL, target)
  const start = textStart(source, type)
  const length = textLength(source, type)
  let position = target
  store<u8>(position++, 0x22)
  for (let left = underscores; left > 0; left--) store<u8>(position++, 0x5f)
  store<u32>(position, load<u32>(start))
  position += length
  store<u16>(position, 0x3a22)
  return putValue(start + length, position + 2)
}

/** Key, colon and value; there is room for a short value behind the key. */
function putPair(source: usize, target: usize): usize {
  const type = <u32>load<u8>(source)
  let position: usize
  if ((type & 0xe0) == 0xa0) position = putString(source + 1, type & 0x1f, target)
  else if (isText(type)) position = putLongText(source, type, target)
  else return stop(UNUSUAL, target)
  if (stopped != DONE) return position
  store<u8>(position, 0x3a)
  return putValue(next, position + 1)
}

function putValue(source: usize, target: usize): usize {
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
  if (type < 0xa0) return putContainer(source, target, type)
  if (type >= 0xdc) return putContainer(source, target, type)
  return putOther(source, target, type)
}

function putOther(source: usize, target: usize, type: u32): usize {
  if (type == 0xc0) {
    store<u32>(target, NULL)
    next = source + 1
    return target + 4
  }
  if (type == 0xc3) {
    store<u32>(target, TRUE)
    next = source + 1
    return target + 4
  }
  if (type == 0xc2) {
    store<u8>(target, 0x66)
    store<u32>(target + 1, ALSE)
    next = source + 1
    return target + 5
  }
  if (isText(type)) return putLongText(source, type, target)
  if (type < 0xca || type > 0xd3) return stop(UNUSUAL, target)
  next = source + 1 + numberBytes(type)
  return putNumber(type, source + 1, target)
}

/** Of the types 0xca to 0xd3, behind the type. */
function numberBytes(type: u32): usize {
  if (type == 0xca) return 4
  if (type == 0xcb) return 8
  return (<usize>1) << (type & 3)
}

function putContainer(source: usize, target: usize, type: u32): usize {
  let count = type & 0x0f
  let position = source + 1
  if (type >= 0xdc) {
    const isLong = (type & 1) == 1
    count = isLong ? readU32(source + 1) : readU16(source + 1)
    position += isLong ? 4 : 2
  }
  const isMap = type < 0x90 || type >= 0xde
  return isMap ? putMap(position, count, target) : putArray(position, count, target)
}

function putMap(start: usize, count: u32, target: usize): usize {
  let source = start
  let position = target
  store<u8>(position++, 0x7b)
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) store<u8>(position++, 0x2c)
    position = putPair(source, position)
    if (stopped != DONE) return position
    source = next
  }
  if (position + ROOM > limit) return stop(FULL, position)
  next = source
  store<u8>(position, 0x7d)
  return position + 1
}

function putArray(start: usize, count: u32, target: usize): usize {
  let source = start
  let position = target
  store<u8>(position++, 0x5b)
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) store<u8>(position++, 0x2c)
    position = putValue(source, position)
    if (stopped != DONE) return position
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

function stop(reason: i32, target: usize): usize {
  stopped = reason
  return target
}

/** Date and time of all lines that follow. */
function setDateTime(seconds: u32): void {
  putDateTime(LINE_START + DATE_TIME_OFFSET, seconds)
  lineSeconds = seconds
}
