/**
 * The usual GELF messages to canonical entries (../../entry.ts): flat JSON objects with a time, as
 * Docker's driver and most libraries write them. Whatever is not usual, not whole or not valid ends
 * the walk before its message, and the twin goes on from there: ../../gelf/message.ts.
 */
import { report } from './control'
import { isSame } from './copy'
import {
  CONTAINER,
  kindOf,
  LEVEL,
  nameAt,
  putKey,
  startNames,
  STREAM,
  TAG,
  TIME,
  wireLength,
} from './gelf-names'
import { findSpecial } from './json-strings'
import { hasNoRoom, putStr, strEnd } from './json-to-str'
import { BAD } from './msgpack'
import { digit, isDigit } from './numbers'

/** All bytes are used up. */
const DONE = 0
/** The next message is for the twin. */
const UNUSUAL = 1
/** The next message looks usual, but has another `_tag`. */
const OTHER_TAG = 2
/** The target has no room for the next entry. */
const FULL = 3

/** Names without the underscore of additional fields, the text under the key that is given. */
const STRIPS: u32 = 1
const NUL_ENDS: u32 = 2
const NEWLINE_ENDS: u32 = 4
/** A message may end where the bytes do: a datagram. */
const END_ENDS: u32 = 8

const ENTRY_HEAD_BYTES: usize = 11
/** Little-endian 0x92 0xd7 0x00. */
const ENTRY_HEAD: u32 = 0x00d792
/** What may be put between two looks at the room that is left. */
const SLACK: usize = 128
const QUOTE: u32 = 0x22
const LEVEL_STDOUT: u32 = 6
const LEVEL_STDERR: u32 = 3

/** msgpack `"stream":"stdout"` and `"stream":"stderr"`, in 16 bytes. */
const STREAM_FIELD_BYTES: usize = 14
const STDOUT_FIELD = memory.data<u8>([
  0xa6, 0x73, 0x74, 0x72, 0x65, 0x61, 0x6d, 0xa6, 0x73, 0x74, 0x64, 0x6f, 0x75, 0x74, 0, 0,
])
const STDERR_FIELD = memory.data<u8>([
  0xa6, 0x73, 0x74, 0x72, 0x65, 0x61, 0x6d, 0xa6, 0x73, 0x74, 0x64, 0x65, 0x72, 0x72, 0, 0,
])

/** Of the call. */
let flags: u32 = 0
let tagMax: usize = 0
/** Where the next byte goes, and from where on there is no room. */
let position: usize = 0
let limit: usize = 0
let isFull: bool = false

/** Of the message at hand. */
let nameIndex: usize = 0
let fieldCount: u32 = 0
let seconds: u64 = 0
let nanoseconds: u32 = 0
let level: u32 = 0
let hasTime: bool = false
let isDocker: bool = false
let hasStream: bool = false
let tag: usize = 0
let tagLength: usize = 0

/** `_tag` of the messages of a call: where it is in the source; of length 0 if they have none. */
let runTag: usize = 0
let runTagLength: usize = 0

export function gelfTag(): usize {
  return runTag
}

export function gelfTagLength(): usize {
  return runTagLength
}

/** Messages of one `_tag` between `start` and `end`, into entries at `target`. */
export function readGelf(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  key: usize,
  keyLength: usize,
  options: u32,
  tagBytesMax: usize,
): i32 {
  flags = options
  startNames((options & STRIPS) != 0, key, keyLength)
  tagMax = tagBytesMax
  position = target
  limit = targetEnd - SLACK
  isFull = false
  runTag = 0
  runTagLength = 0
  let source = start
  let count: u32 = 0
  let status = DONE
  while (source < end) {
    if (endsMessage(load<u8>(source))) {
      source++
      continue
    }
    const before = position
    const behind = delimiterEnd(putMessage(source, end), end)
    if (behind == BAD) status = isFull ? FULL : UNUSUAL
    else if (count == 0) takeTag()
    else if (!hasRunTag()) status = OTHER_TAG
    if (status != DONE) {
      position = before
      break
    }
    source = behind
    count++
  }
  report(source, position, count)
  return status
}

function takeTag(): void {
  runTag = tag
  runTagLength = tagLength
}

function hasRunTag(): bool {
  return tagLength == runTagLength && isSame(tag, runTag, tagLength)
}

function endsMessage(byte: u32): bool {
  if (byte == 0) return (flags & NUL_ENDS) != 0
  return byte == 0x0a && (flags & NEWLINE_ENDS) != 0
}

/** Behind the delimiter that is at `at`, or BAD. */
function delimiterEnd(at: usize, end: usize): usize {
  if (at == BAD) return BAD
  if (at >= end) return (flags & END_ENDS) != 0 ? at : BAD
  return endsMessage(load<u8>(at)) ? at + 1 : BAD
}

/** Puts the entry of the message at `at`; the offset behind its }, or BAD. */
function putMessage(at: usize, end: usize): usize {
  if (load<u8>(at) != 0x7b) return BAD
  startMessage()
  const entry = position
  const record = entry + ENTRY_HEAD_BYTES
  position = record + 1
  let source = at + 1
  while (true) {
    source = putField(source, end)
    if (source == BAD || source >= end) return BAD
    const byte = <u32>load<u8>(source++)
    if (byte == 0x7d) break
    if (byte != 0x2c) return BAD
    if (load<u8>(source) == 0x20) source++
  }
  if (!hasTime) return BAD
  putStream()
  putMapHeader(record)
  store<u32>(entry, ENTRY_HEAD)
  store<u32>(entry + 3, bswap<u32>(<u32>seconds))
  store<u32>(entry + 7, bswap<u32>(nanoseconds))
  return source
}

function startMessage(): void {
  nameIndex = 0
  fieldCount = 0
  level = 0
  hasTime = false
  isDocker = false
  hasStream = false
  tag = 0
  tagLength = 0
}

function putStream(): void {
  if (!isDocker || hasStream) return
  if (level == LEVEL_STDOUT) v128.store(position, v128.load(STDOUT_FIELD))
  else if (level == LEVEL_STDERR) v128.store(position, v128.load(STDERR_FIELD))
  else return
  position += STREAM_FIELD_BYTES
  fieldCount++
}

/** One byte was left for it. */
function putMapHeader(record: usize): void {
  if (fieldCount < 16) {
    store<u8>(record, 0x80 | fieldCount)
    return
  }
  memory.copy(record + 3, record + 1, position - record - 1)
  position += 2
  store<u8>(record, 0xde)
  store<u16>(record + 1, bswap<u16>(<u16>fieldCount))
}

/** Puts the name and value at `at`; the offset behind, or BAD. */
function putField(at: usize, end: usize): usize {
  if (position > limit) {
    isFull = true
    return BAD
  }
  if (at >= end || load<u8>(at) != QUOTE) return BAD
  const name = nameAt(nameIndex++, at + 1, end)
  if (name == BAD) return BAD
  let value = at + 1 + wireLength(name)
  if (load<u8>(value) == 0x20) value++
  if (value >= end) return BAD
  const kind = kindOf(name)
  if (kind == TIME) return readTime(value, end)
  if (kind == TAG) return readTag(value, end)
  if (fieldCount == 0xffff) return BAD
  position = putKey(name, position)
  fieldCount++
  if (kind == STREAM) hasStream = true
  if (kind == CONTAINER) isDocker = true
  const before = position
  const behind = putValue(value, end)
  if (kind == LEVEL) level = load<u8>(before)
  return behind
}

function putValue(at: usize, end: usize): usize {
  const byte = <u32>load<u8>(at)
  if (byte == QUOTE) return putString(at + 1, end)
  if (byte == 0x2d || byte - 0x30 < 10) return putInteger(at, end)
  const word = load<u32>(at)
  if (word == 0x6575_7274) return putWord(0xc3, at + 4)
  if (word == 0x6c6c_756e) return putWord(0xc0, at + 4)
  const isFalse = word == 0x736c_6166 && load<u8>(at + 4) == 0x65
  return isFalse ? putWord(0xc2, at + 5) : BAD
}

function putWord(type: u32, behind: usize): usize {
  store<u8>(position++, type)
  return behind
}

/** Up to nine digits; others, and what has a fraction, are for the twin. */
function putInteger(at: usize, end: usize): usize {
  const isNegative = load<u8>(at) == 0x2d
  const first = isNegative ? at + 1 : at
  let source = first
  let value: i32 = 0
  while (source < end && isDigit(source)) value = value * 10 + digit(source++)
  const digits = source - first
  if (digits == 0 || digits > 9) return BAD
  if (load<u8>(first) == 0x30 && (digits > 1 || isNegative)) return BAD
  if (isNegative) putNegative(-value)
  else putUnsigned(<u32>value)
  return source
}

function putUnsigned(value: u32): void {
  if (value < 0x80) {
    store<u8>(position, value)
    position += 1
  } else if (value < 0x100) putTyped(0xcc, value, 1)
  else if (value < 0x1_0000) putTyped(0xcd, value, 2)
  else putTyped(0xce, value, 4)
}

function putNegative(value: i32): void {
  if (value >= -32) {
    store<u8>(position, value)
    position += 1
  } else if (value >= -0x80) putTyped(0xd0, value, 1)
  else if (value >= -0x8000) putTyped(0xd1, value, 2)
  else putTyped(0xd2, value, 4)
}

/** The type and the low `width` bytes of the value, big-endian. */
function putTyped(type: u32, value: u32, width: usize): void {
  store<u8>(position, type)
  store<u32>(position + 1, bswap<u32>(value << (32 - ((<u32>width) << 3))))
  position += 1 + width
}

/** Puts the text behind a quote at `at`; the offset behind its closing quote, or BAD. */
function putString(at: usize, end: usize): usize {
  const behind = putStr(at, end, position, limit)
  isFull = hasNoRoom
  if (behind != BAD) position = strEnd
  return behind
}

/** Seconds with up to nine decimals that count; what follows is looked at by the caller. */
function readTime(at: usize, end: usize): usize {
  if (hasTime) return BAD
  let source = at
  let whole: u64 = 0
  while (source < end && isDigit(source)) whole = whole * 10 + digit(source++)
  const digits = source - at
  if (digits == 0 || digits > 10 || whole == 0 || whole > 0xffff_ffff) return BAD
  // JSON has no leading zeros; what a lenient reader makes of them is for the twin.
  if (load<u8>(at) == 0x30) return BAD
  seconds = whole
  nanoseconds = 0
  hasTime = true
  return source < end && load<u8>(source) == 0x2e ? readDecimals(source + 1, end) : source
}

function readDecimals(at: usize, end: usize): usize {
  let source = at
  let value: u32 = 0
  while (source < end && isDigit(source)) {
    if (source - at < 9) value = value * 10 + digit(source)
    source++
  }
  if (source == at) return BAD
  for (let digits = source - at; digits < 9; digits++) value *= 10
  nanoseconds = value
  return source
}

/** A tag that has no escape, and is not too long. */
function readTag(at: usize, end: usize): usize {
  if (tagLength > 0 || load<u8>(at) != QUOTE) return BAD
  const close = findSpecial(at + 1, end)
  if (close == BAD || load<u8>(close) != QUOTE) return BAD
  tag = at + 1
  tagLength = close - tag
  return tagLength == 0 || tagLength > tagMax ? BAD : close + 1
}
