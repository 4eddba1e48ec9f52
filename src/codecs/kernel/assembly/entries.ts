/**
 * The usual forms of what forward connections carry, to canonical entries (../../entry.ts): whole
 * Message frames of one tag, and runs of `[time, record]`. Whatever is not usual, not whole or not
 * valid ends the walk before it, and the twin goes on from there: ../../forward/frames.ts and
 * ../../forward/entries.ts.
 */
import { report } from './control'
import { copy, isSame } from './copy'
import { BAD, isMap, mapEnd, readU32 } from './msgpack'

/** All bytes are used up. */
const DONE = 0
/** The next value is for the twin. */
const UNUSUAL = 1
/** The next frame looks usual, but has another tag. */
const OTHER_TAG = 2
/** The target has no room for the next entry. */
const FULL = 3

const ENTRY_HEAD_BYTES: usize = 11
/** Little-endian 0x92 0xd7 0x00. */
const ENTRY_HEAD: u32 = 0x00d792
const NANOSECONDS_MAX: u32 = 999_999_999
/** Fluent Bit's group markers, as seconds. */
const MARKERS_FROM: u32 = 0xffff_fffe
/** What `copy` may touch behind its end. */
const SLACK: usize = 16

/** Set by `readTime`. */
let seconds: u32 = 0
let nanoseconds: u32 = 0

/**
 * Message frames `[tag, time, record]`, or with an empty option, of the tag at `tag`, from `start`
 * to `end`, into entries at `target`.
 */
export function readMessages(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  tag: usize,
  tagLength: usize,
  depthMax: u32,
): i32 {
  let source = start
  let count: u32 = 0
  let status = DONE
  startTarget(target, targetEnd)
  while (source < end) {
    status = UNUSUAL
    const frame = source
    const hasOption = load<u8>(source) == 0x94
    if (!hasOption && load<u8>(source) != 0x93) break
    const text = tagText(source + 1, end)
    if (text == BAD) break
    const length = tagTextLength
    if (text + length >= end) break
    if (length != tagLength || !isSame(text, tag, length)) {
      status = OTHER_TAG
      break
    }
    const before = position
    status = putEntry(readTime(text + length), end, depthMax)
    if (status != DONE) break
    source = hasOption ? emptyOptionEnd(recordEnd, end) : recordEnd
    if (source == BAD) {
      // Put, but not to be: its option says more.
      position = before
      source = frame
      status = UNUSUAL
      break
    }
    count++
  }
  report(source, position, count)
  return status
}

/** Up to `countMax` entries from `start` on that are canonical as they are. */
export function checkEntries(start: usize, end: usize, depthMax: u32, countMax: u32): i32 {
  let source = start
  let count: u32 = 0
  while (source < end && count < countMax) {
    if (!isCanonical(source)) break
    const recordEnd = mapEnd(source + ENTRY_HEAD_BYTES, end, depthMax)
    if (recordEnd == BAD) break
    source = recordEnd
    count++
  }
  report(source, 0, count)
  return source == end ? DONE : UNUSUAL
}

/**
 * Up to `countMax` entries `[time, record]` or `[[time, {}], record]` with a usual time, made
 * canonical at `target`.
 */
export function convertEntries(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  depthMax: u32,
  countMax: u32,
): i32 {
  let source = start
  let count: u32 = 0
  let status = DONE
  startTarget(target, targetEnd)
  while (source < end && count < countMax) {
    const record = load<u8>(source) == 0x92 ? readEntryTime(source + 1) : BAD
    status = putEntry(record, end, depthMax)
    if (status != DONE) break
    source = recordEnd
    count++
  }
  report(source, position, count)
  return status
}

/** Where the next entry goes, and where the target ends. */
let position: usize = 0
let limit: usize = 0
/** Where the record of the last `putEntry` ends, in the source. */
let recordEnd: usize = 0

function startTarget(target: usize, targetEnd: usize): void {
  position = target
  limit = targetEnd
}

/** Puts the entry of the time read last and of the record at `record`, unless that is BAD. */
function putEntry(record: usize, end: usize, depthMax: u32): i32 {
  if (record == BAD || record >= end) return UNUSUAL
  recordEnd = mapEnd(record, end, depthMax)
  if (recordEnd == BAD) return UNUSUAL
  const length = recordEnd - record
  if (position + ENTRY_HEAD_BYTES + length + SLACK > limit) return FULL
  putHead(position)
  copy(position + ENTRY_HEAD_BYTES, record, length)
  position += ENTRY_HEAD_BYTES + length
  return DONE
}

/** Set by `tagText`. */
let tagTextLength: usize = 0

/** Where the text of a tag of at most 255 bytes starts, or BAD. */
function tagText(at: usize, end: usize): usize {
  if (at + 2 > end) return BAD
  const type = <u32>load<u8>(at)
  if ((type & 0xe0) == 0xa0) {
    tagTextLength = type & 0x1f
    return at + 1
  }
  if (type != 0xd9) return BAD
  tagTextLength = load<u8>(at + 1)
  return at + 2
}

/** Behind nil or an empty map; BAD for any other option, or none. */
function emptyOptionEnd(at: usize, end: usize): usize {
  if (at >= end) return BAD
  const type = load<u8>(at)
  return type == 0xc0 || type == 0x80 ? at + 1 : BAD
}

/** Reads past the end of the bytes stay inside memory; the caller looks where the time ends. */
function isCanonical(entry: usize): bool {
  return (
    (load<u32>(entry) & 0x00ff_ffff) == ENTRY_HEAD &&
    load<u32>(entry + 3) != 0 &&
    readU32(entry + 7) <= NANOSECONDS_MAX &&
    isMap(load<u8>(entry + ENTRY_HEAD_BYTES))
  )
}

/** The time of an entry, alone or with empty metadata; where the record starts, or BAD. */
function readEntryTime(at: usize): usize {
  if (load<u8>(at) != 0x92) return readTime(at)
  const metadata = readTime(at + 1)
  if (metadata == BAD || load<u8>(metadata) != 0x80) return BAD
  return seconds >= MARKERS_FROM ? BAD : metadata + 1
}

/** Sets the time that is at `at` and returns the offset behind it; BAD unless it is usual. */
function readTime(at: usize): usize {
  const type = load<u8>(at)
  if (type == 0xd7 && load<u8>(at + 1) == 0) return readEventTime(at + 2)
  if (type == 0xc7 && load<u16>(at + 1) == 0x0008) return readEventTime(at + 3)
  if (type != 0xce) return BAD
  seconds = readU32(at + 1)
  nanoseconds = 0
  return seconds == 0 ? BAD : at + 5
}

function readEventTime(at: usize): usize {
  seconds = readU32(at)
  nanoseconds = readU32(at + 4)
  return seconds == 0 || nanoseconds > NANOSECONDS_MAX ? BAD : at + 8
}

function putHead(target: usize): void {
  store<u32>(target, ENTRY_HEAD)
  store<u32>(target + 3, bswap<u32>(seconds))
  store<u32>(target + 7, bswap<u32>(nanoseconds))
}
