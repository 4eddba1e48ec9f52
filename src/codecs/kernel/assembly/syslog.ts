/**
 * Syslog as it usually is, from a stream into entries: RFC 5424 and RFC 3164 (or with a time as
 * RFC 3339 writes it), behind a length or before a newline, all of one priority. Whatever is not
 * usual, not whole or not valid ends the walk before it, and the twin goes on from there:
 * ../../syslog/framer.ts, message.ts and fields.ts.
 */
import { report } from './control'
import { copy } from './copy'
import {
  readRfc3339,
  readBsdTime,
  timeNanoseconds,
  timeSeconds,
  useYear as useYearOfTimes,
} from './syslog-times'
import { putStructuredData, structuredDataEnd } from './syslog-data'
import {
  findHostEnd,
  findLineEnd,
  findPidEnd,
  findSpace,
  findTagEnd,
  isFiller,
  putStr,
} from './syslog-text'

/** NUL has ended the last line, so that a newline may be within the next. */
const BEHIND_NUL: u32 = 1
/** A counted message ends right here; that is for the twin to know. */
const BEHIND_COUNT: u32 = 2

/** All bytes are used up. */
const DONE = 0
/** The next message is for the twin. */
const UNUSUAL = 1
/** The target has no room for the next entry. */
const FULL = 2
/** And more: the next message has another priority, which is what it is more. */
const OTHER_PRIORITY = 16

const NONE: usize = 0
/** Little-endian 0x92 0xd7 0x00. */
const ENTRY_HEAD: u32 = 0x00d792
const ENTRY_HEAD_BYTES: usize = 11
const PRIORITIES: u32 = 192
const LENGTH_DIGITS_MAX: usize = 6
const HOST_MAX_BYTES: usize = 255
const TAG_MAX_BYTES: usize = 256
const PID_MAX_BYTES: usize = 64
/** What the names of the fields and their headers take at most, beside the texts themselves. */
const NAMES_BYTES: usize = 256
/** What `copy` may touch behind its end. */
const SLACK: usize = 16

/** `message`, with its header, as it lies in memory. */
const KEY_MESSAGE: u64 = 0x6567_6173_7365_6da7

// Which names are where of those that `useNames` is given (../syslog-names.ts): each up to 16
// bytes of msgpack, and how many behind them. Those of no bytes are left out.
const NAME_BYTES: usize = 24
const HOST: usize = 0
const IDENT: usize = NAME_BYTES
const PID: usize = 2 * NAME_BYTES
const MSGID: usize = 3 * NAME_BYTES
const DATA: usize = 4 * NAME_BYTES
/** A whole pair, of messages of RFC 5424. */
const VERSION: usize = 5 * NAME_BYTES
/** What is put before the host and the tag another time, behind the fields. */
const HOST_AGAIN: usize = 6 * NAME_BYTES
const IDENT_AGAIN: usize = 7 * NAME_BYTES

const SPACE: u32 = 0x20
const COLON: u32 = 0x3a

/** Pairs before and behind those of the message; set by `startSyslog`. */
let tail: usize = 0
let tailLength: usize = 0
let tailFields: u32 = 0
let messageMax: usize = 0
/** Names, and where in the fields of a priority the map starts that fields go to; or 0. */
let names: usize = 0
let innerMap: usize = 0
/** BEHIND_NUL and BEHIND_COUNT, or'ed: how the message before the next was framed. */
let framing: u32 = 0

/** What is the same for all messages of a push: the fields that come last, and the longest. */
export function startSyslog(
  lastFields: usize,
  lastLength: usize,
  lastCount: u32,
  messageMaxBytes: usize,
  framingBefore: u32,
): void {
  tail = lastFields
  tailLength = lastLength
  tailFields = lastCount
  messageMax = messageMaxBytes
  framing = framingBefore
}

/** The same behind what was read last. */
export function syslogFraming(): u32 {
  return framing
}

/**
 * How fields are called. With `inner` those of a message go to a map within the fields of its
 * priority, whose header is so many bytes behind their start.
 */
export function useNames(list: usize, inner: usize): void {
  names = list
  innerMap = inner
}

/**
 * What times without a year mean: `yearDays` from 1970 to the first of January, and between which
 * seconds of the wall clock it has that year and is `offset` seconds before UTC.
 */
export function useYear(yearDays: u32, isLeap: u32, from: u32, to: u32, offset: i32): void {
  useYearOfTimes(yearDays, isLeap, from, to, offset)
}

/** The message at hand; set by `readFrame`. */
let body: usize = 0
let bodyEnd: usize = 0
let following: usize = 0
let framingBehind: u32 = 0
let host: usize = 0
let hostLength: usize = 0
let ident: usize = 0
let identLength: usize = 0

/** Where the next field goes. */
let position: usize = 0
let fields: u32 = 0

/** Its text, which is put last. */
let text: usize = 0

/** Messages of `priority`, whose fields, `headFields` pairs, are at `head`. */
export function readSyslog(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  priority: u32,
  head: usize,
  headLength: usize,
  headFields: u32,
): i32 {
  let source = start
  let made = target
  let count: u32 = 0
  let status = DONE
  while (source < end) {
    if (isFiller(load<u8>(source))) {
      framing = load<u8>(source) == 0 ? BEHIND_NUL : framing & BEHIND_NUL
      source++
      continue
    }
    status = UNUSUAL
    if (!readFrame(source, end)) break
    const found = readPriority()
    if (found >= PRIORITIES) break
    if (found != priority) {
      status = OTHER_PRIORITY + found
      break
    }
    if (made + headLength + mostBytes() > targetEnd) {
      status = FULL
      break
    }
    position = made + ENTRY_HEAD_BYTES + 1
    copy(position, head, headLength)
    position += headLength
    fields = headFields
    hostLength = identLength = 0
    if (!readBody()) break
    made = finishEntry(made)
    source = following
    framing = framingBehind
    count++
    status = DONE
  }
  report(source, made, count)
  return status
}

/** Of the entry of the message at hand, without the fields of its priority. */
function mostBytes(): usize {
  const texts = bodyEnd - body
  // Two of them may come twice.
  const all = innerMap == 0 ? texts : 2 * texts
  return ENTRY_HEAD_BYTES + all + NAMES_BYTES + tailLength + SLACK
}

function finishEntry(entry: usize): usize {
  let outer = fields
  if (innerMap != 0) {
    store<u8>(entry + ENTRY_HEAD_BYTES + 1 + innerMap, 0x80 | fields)
    outer = 1 + putAgain(HOST_AGAIN, host, hostLength) + putAgain(IDENT_AGAIN, ident, identLength)
  }
  store<u64>(position, KEY_MESSAGE)
  position = putStr(position + 8, text, bodyEnd - text)
  copy(position, tail, tailLength)
  store<u32>(entry, ENTRY_HEAD)
  store<u32>(entry + 3, bswap<u32>(timeSeconds()))
  store<u32>(entry + 7, bswap<u32>(timeNanoseconds()))
  store<u8>(entry + ENTRY_HEAD_BYTES, 0x80 | (outer + 1 + tailFields))
  return position + tailLength
}

/** As a field of its own; returns how many that were. */
function putAgain(name: usize, start: usize, length: usize): u32 {
  if (length == 0) return 0
  putName(name)
  position = putStr(position, start, length)
  return 1
}

function putName(name: usize): void {
  v128.store(position, v128.load(names + name))
  position += <usize>load<u32>(names + name, 16)
}

function putField(name: usize, start: usize, end: usize): void {
  const length = end - start
  if (name == HOST) {
    host = start
    hostLength = length
  } else if (name == IDENT) {
    ident = start
    identLength = length
  }
  putName(name)
  position = putStr(position, start, length)
  fields++
}

/** Finds the message at `start`, with what frames it. */
function readFrame(start: usize, end: usize): bool {
  const first = <u32>load<u8>(start)
  if (first == 0x3c) {
    body = start
    let lineEnd = findLineEnd(start, end)
    if (lineEnd >= end) return false
    framingBehind = load<u8>(lineEnd) == 0 ? BEHIND_NUL : 0
    if ((framing & BEHIND_NUL) != 0 && framingBehind == 0) {
      // A newline ends the message only with a NUL behind it, as far as we look.
      lineEnd++
      if (lineEnd >= end || load<u8>(lineEnd) != 0) return false
      framingBehind = BEHIND_NUL
    }
    if (lineEnd - start >= messageMax) return false
    bodyEnd = lineEnd
    following = lineEnd + 1
  } else {
    if (first - 0x31 > 8) return false
    const length = readLength(start, end)
    if (length == NONE || length > messageMax || body + length > end) return false
    bodyEnd = following = body + length
    framingBehind = framing | BEHIND_COUNT
  }
  while (bodyEnd > body && isFiller(load<u8>(bodyEnd - 1))) bodyEnd--
  return true
}

/** Sets `body` behind the length and its space. */
function readLength(start: usize, end: usize): usize {
  let length: usize = 0
  let at = start
  for (; at < start + LENGTH_DIGITS_MAX; at++) {
    const digit = <u32>load<u8>(at) - 0x30
    if (digit > 9) break
    length = length * 10 + digit
  }
  // `<` behind the space.
  if (at + 2 > end || load<u16>(at) != 0x3c20) return NONE
  body = at + 1
  return length
}

/** Moves `body` behind it; no priority is as good as one that is too large. */
function readPriority(): u32 {
  let value: u32 = 0
  let at = body + 1
  const last = body + 4
  for (; at < last; at++) {
    const digit = <u32>load<u8>(at) - 0x30
    if (digit > 9) break
    value = value * 10 + digit
  }
  if (at == body + 1 || at >= bodyEnd || load<u8>(at) != 0x3e) return PRIORITIES
  body = at + 1
  return value
}

function readBody(): bool {
  // `1 ` and a time, or `-`, which is for the twin.
  if (load<u16>(body) == 0x2031) {
    const next = <u32>load<u8>(body + 2)
    if (next - 0x30 <= 9) return readIetf(body + 2)
    if (next == 0x2d) return false
  }
  return readBsd(body)
}

function readIetf(start: usize): bool {
  let at = readRfc3339(start, bodyEnd)
  if (at == NONE || at >= bodyEnd || load<u8>(at) != SPACE) return false
  if (load<u32>(names + VERSION, 16) != 0) {
    putName(VERSION)
    fields++
  }
  at = putToken(HOST, at + 1)
  if (at != NONE) at = putToken(IDENT, at)
  if (at != NONE) at = putToken(PID, at)
  if (at != NONE) at = putToken(MSGID, at)
  if (at == NONE || at >= bodyEnd) return false
  const first = <u32>load<u8>(at)
  if (first == 0x2d) at++
  else if (first == 0x5b) {
    putName(DATA)
    position = putStructuredData(at, bodyEnd, position)
    if (position == NONE) return false
    fields++
    at = structuredDataEnd()
  } else return false
  if (at < bodyEnd) {
    if (load<u8>(at) != SPACE) return false
    at++
  }
  // A byte order mark.
  if (at + 3 <= bodyEnd && (load<u32>(at) & 0x00ff_ffff) == 0xbfbbef) at += 3
  text = at
  return true
}

/** Puts the token at `start` unless it is `-`; returns the offset of the next, or NONE. */
function putToken(name: usize, start: usize): usize {
  const tokenEnd = findSpace(start, bodyEnd)
  if (tokenEnd >= bodyEnd || tokenEnd == start) return NONE
  const isNil = tokenEnd == start + 1 && load<u8>(start) == 0x2d
  if (!isNil) putField(name, start, tokenEnd)
  return tokenEnd + 1
}

function readBsd(start: usize): bool {
  let at =
    <u32>load<u8>(start) - 0x30 <= 9 ? readRfc3339(start, bodyEnd) : readBsdTime(start, bodyEnd)
  if (at == NONE || at + 1 >= bodyEnd || load<u8>(at) != SPACE) return false
  at++
  if (load<u8>(at) == SPACE || startsAsForwarded(at)) return false
  at = putHost(at)
  return at != NONE && putTagAndText(at)
}

/** AIX: `Message forwarded from`. */
function startsAsForwarded(at: usize): bool {
  return load<u64>(at) == 0x2065_6761_7373_654d
}

/** Puts the host, if the token at `start` is one; returns where the tag starts, or NONE. */
function putHost(start: usize): usize {
  const limit = min(bodyEnd, start + HOST_MAX_BYTES)
  let at = findHostEnd(start, limit)
  while (at < limit && load<u8>(at) == COLON) {
    if (isColonSpace(at)) return load<u8>(at + 2) == 0x25 ? NONE : start
    at = findHostEnd(at + 1, limit)
  }
  if (at >= limit) return NONE
  const behind = <u32>load<u8>(at)
  if (behind == 0x5b && at > start) return start
  // What nothing follows is text, and so is what does not end with a space.
  if (behind != SPACE || at == start || at + 1 >= bodyEnd) return NONE
  if (load<u8>(at - 1) == COLON || load<u8>(at + 1) == SPACE) return NONE
  putField(HOST, start, at)
  return at + 1
}

/** A colon that ends a word. */
function isColonSpace(at: usize): bool {
  if (at + 1 >= bodyEnd) return true
  const next = <u32>load<u8>(at + 1)
  return next == SPACE || next == 0x09
}

/** `TAG: ` or `TAG[PID]: `; a text without a tag is for the twin. */
function putTagAndText(start: usize): bool {
  const limit = min(bodyEnd, start + TAG_MAX_BYTES)
  let at = findTagEnd(start, limit)
  while (at < limit && at > start && load<u8>(at) == COLON && !isColonSpace(at))
    at = findTagEnd(at + 1, limit)
  if (at >= limit || at == start) return false
  const behind = <u32>load<u8>(at)
  if (behind == 0x5b) return putPidAndText(start, at)
  if (behind != COLON) return false
  putField(IDENT, start, at)
  text = min(at + 2, bodyEnd)
  return true
}

function putPidAndText(start: usize, open: usize): bool {
  const limit = min(bodyEnd, open + PID_MAX_BYTES)
  const close = findPidEnd(open + 1, limit)
  if (close >= limit || load<u8>(close) != 0x5d) return false
  if (close + 1 >= bodyEnd || load<u8>(close + 1) != COLON) return false
  text = close + 2
  if (text < bodyEnd && load<u8>(text) == SPACE) text++
  putField(IDENT, start, open)
  if (close > open + 1) putField(PID, open + 1, close)
  return true
}
