/**
 * Lines of Docker's json-file driver as it writes them, to entries: whole ones, without attributes,
 * `{"log":"…\n","stream":"stdout","time":"2026-11-21T08:50:00.123456789Z"}`. Whatever is
 * different ends the walk before its line. Twin: ../../formats/docker.ts.
 */
import { report } from './control'
import { escapeEnd, putEscape } from './json-strings'
import { putStrHeader } from './plain-lines'
import { splat } from './splat'

/** All is used up that is whole. */
const DONE = 0
/** The next line is for the twin, or not whole. */
const UNUSUAL = 1
/** The target has no room for the next entry. */
const FULL = 3
const BAD: usize = 0

/** `{"log":"` as it lies in memory. */
const BEGINNING: u64 = 0x223a_2267_6f6c_227b
/** `,"stream` and `":"`. */
const STREAM_KEY: u64 = 0x6d61_6572_7473_222c
const STREAM_REST: u32 = 0x22_3a22
/** `stdo` and `stde`, `ut"` and `rr"`. */
const STDO: u32 = 0x6f64_7473
const STDE: u32 = 0x6564_7473
const UT: u32 = 0x22_7475
const RR: u32 = 0x22_7272
/** `,"time":` and `"`. */
const TIME_KEY: u64 = 0x3a22_656d_6974_222c
/** `Z"}` and a line feed. */
const ENDING: u32 = 0x0a7d_225a

const QUOTE: u32 = 0x22
const BACKSLASH: u32 = 0x5c
const LINE_FEED: u8 = 0x0a
const ENTRY_HEAD_BYTES: usize = 11
/** Little-endian 0x92 0xd7 0x00. */
const ENTRY_HEAD: u32 = 0x00d792
/** Header of a str of 32 to 255 bytes, which most are. */
const USUAL_HEADER_BYTES: usize = 2
/** `stream` and its value, and what copies touch behind their ends. */
const TAIL_BYTES: usize = 64

/** Set by `putLogText`: behind the quote that ends it. */
let textEnd: usize = 0
/** Set by `readTime`. */
let seconds: u32 = 0
let nanoseconds: u32 = 0
/** The date that was read last, as its ten bytes, and its day. */
let dateHead: u64 = 0
let dateTail: u16 = 0
let dateDays: u32 = 0

/** `prefix` is what stands between the time and the text of `log`: a map's header, pairs, a key. */
export function putDockerLines(
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
  while (line < end) {
    status = UNUSUAL
    if (load<u64>(line) != BEGINNING) break
    const text = position + ENTRY_HEAD_BYTES + prefixLength + USUAL_HEADER_BYTES
    // A text never gets longer; that it fits is known only when its end is found.
    const limit = targetEnd - TAIL_BYTES
    if (text >= limit) {
      status = FULL
      break
    }
    const last = putLogText(line + 8, end, text, limit)
    if (last == BAD) {
      if (textEnd == BAD) status = FULL
      break
    }
    if (last == text || load<u8>(last - 1) != LINE_FEED) break
    const stream = textEnd
    const isOut = load<u32>(stream + 11) == STDO && (load<u32>(stream + 15) & 0xff_ffff) == UT
    const isError = load<u32>(stream + 11) == STDE && (load<u32>(stream + 15) & 0xff_ffff) == RR
    if (load<u64>(stream) != STREAM_KEY) break
    if ((load<u32>(stream + 8) & 0xff_ffff) != STREAM_REST || !(isOut || isError)) break
    const next = readTime(stream + 18)
    if (next == BAD || next > end) break
    store<u32>(position, ENTRY_HEAD)
    store<u32>(position + 3, bswap<u32>(seconds))
    store<u32>(position + 7, bswap<u32>(nanoseconds))
    position = putRest(position, prefix, prefixLength, text, last - 1 - text, isOut)
    line = next
    count++
    status = DONE
  }
  report(line, position, count)
  return status
}

/** Everything behind the time of an entry whose text is at `text` already; where it ends. */
function putRest(
  entry: usize,
  prefix: usize,
  prefixLength: usize,
  text: usize,
  length: usize,
  isOut: bool,
): usize {
  const header = entry + ENTRY_HEAD_BYTES + prefixLength
  const isUsual = length >= 32 && length < 0x100
  const at = isUsual ? text : header + headerBytes(length)
  if (!isUsual) memory.copy(at, text, length)
  putPrefix(entry + ENTRY_HEAD_BYTES, prefix, prefixLength)
  putStrHeader(header, <u32>length)
  const end = at + length
  // The str `stream`, and six letters.
  store<u64>(end, 0xa66d_6165_7274_73a6)
  store<u32>(end + 8, isOut ? STDO : STDE)
  store<u16>(end + 12, <u16>(isOut ? UT : RR))
  return end + 14
}

/** Not a byte further than it has: the text is there already. */
function putPrefix(target: usize, prefix: usize, length: usize): void {
  let done: usize = 0
  for (; done + 8 <= length; done += 8) store<u64>(target + done, load<u64>(prefix + done))
  for (; done < length; done++) store<u8>(target + done, load<u8>(prefix + done))
}

function headerBytes(length: usize): usize {
  return length < 32 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}

/**
 * Puts the inside of the JSON string at `start` and returns the offset behind it; BAD if it is not
 * whole, not usual or too long, and then `textEnd` is BAD if it is too long.
 */
function putLogText(start: usize, end: usize, target: usize, limit: usize): usize {
  let source = start
  let position = target
  const quotes = splat(0x22)
  const backslashes = splat(0x5c)
  const controls = splat(0x20)
  while (source < end) {
    if (position + 32 > limit) {
      textEnd = BAD
      return BAD
    }
    const block = v128.load(source)
    v128.store(position, block)
    const special = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(block, quotes), i8x16.eq(block, backslashes)),
        i8x16.lt_u(block, controls),
      ),
    )
    if (special == 0) {
      source += 16
      position += 16
      continue
    }
    const plain = <usize>ctz(special)
    source += plain
    position += plain
    const byte = <u32>load<u8>(source)
    if (byte == QUOTE) {
      textEnd = source + 1
      return source < end ? position : BAD
    }
    textEnd = source
    if (byte != BACKSLASH) return BAD
    source = putEscape(source, end, position)
    if (source == BAD) return BAD
    position = escapeEnd
  }
  textEnd = source
  return BAD
}

/** `,"time":"…Z"}` and a line feed; returns the offset behind that, or BAD. */
function readTime(at: usize): usize {
  if (load<u64>(at) != TIME_KEY || <u32>load<u8>(at + 8) != QUOTE) return BAD
  const date = at + 9
  if (!readDate(date)) return BAD
  if (load<u8>(date + 10) != 0x54) return BAD
  if (load<u8>(date + 13) != 0x3a || load<u8>(date + 16) != 0x3a) return BAD
  const hour = twoDigits(date + 11)
  const minute = twoDigits(date + 14)
  const second = twoDigits(date + 17)
  if (hour > 23 || minute > 59 || second > 59) return BAD
  seconds = dateDays * 86_400 + hour * 3600 + minute * 60 + second
  nanoseconds = 0
  let position = date + 19
  if (load<u8>(position) == 0x2e) {
    position++
    let scale: u32 = 100_000_000
    let digit = <u32>load<u8>(position) - 0x30
    if (digit > 9) return BAD
    while (digit <= 9) {
      // More than nine digits are for the twin.
      if (scale == 0) return BAD
      nanoseconds += digit * scale
      scale /= 10
      position++
      digit = <u32>load<u8>(position) - 0x30
    }
  }
  if (load<u32>(position) != ENDING || seconds == 0) return BAD
  return position + 4
}

/** Sets `dateDays`; most lines have the date of the one before. */
function readDate(at: usize): bool {
  const head = load<u64>(at)
  const tail = load<u16>(at + 8)
  if (head == dateHead && tail == dateTail) return true
  if (load<u8>(at + 4) != 0x2d || load<u8>(at + 7) != 0x2d) return false
  const century = twoDigits(at)
  const inCentury = twoDigits(at + 2)
  const month = twoDigits(at + 5)
  const day = twoDigits(at + 8)
  if (century > 99 || inCentury > 99 || month < 1 || month > 12 || day < 1) return false
  const year = century * 100 + inCentury
  if (year < 1970 || year > 2105 || day > daysInMonth(year, month)) return false
  dateDays = daysSince1970(year, month, day)
  dateHead = head
  dateTail = tail
  return true
}

/** More than 99 if they are none. */
function twoDigits(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 0x30
  const ones = <u32>load<u8>(at + 1) - 0x30
  return tens > 9 || ones > 9 ? 100 : tens * 10 + ones
}

function daysInMonth(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
}

/** The year begins in March here, so that the day that comes and goes is its last. */
function daysSince1970(year: u32, month: u32, day: u32): u32 {
  const from = month > 2 ? year : year - 1
  const months = month > 2 ? month - 3 : month + 9
  const days = from * 365 + from / 4 - from / 100 + from / 400
  return days + (months * 153 + 2) / 5 + day - 1 - 719_468
}
