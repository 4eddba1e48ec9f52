/**
 * RFC 3164 and all that is sent in its name (docs/guide/syslog.md has the list): after PRI there
 * may be a time, a host and a tag, or some of them, or none.
 *
 *     Nov 21 08:50:00 HOST TAG[PID]: text        Docker leaves the host out
 *     2026-11-21T08:50:00.1+01:00 HOST TAG: text rsyslog
 *     99: HOST: *Mar  1 18:48:50.483 UTC: %FAC-5-MNEMONIC: text   Cisco
 *
 * A token that ends with a colon or has a bracket in it is the tag; one before it is the host.
 * Python's SysLogHandler sends nothing but PRI and the text.
 */
import { isEmpty, setSpan, type SyslogMessage } from './parts.ts'
import { isDigit, skipSpaces, type SyslogTimes } from './times.ts'

const TAB = 0x09
const SPACE = 0x20
const PERCENT = 0x25
const STAR = 0x2a
const DOT = 0x2e
const COLON = 0x3a
const OPEN = 0x5b
const CLOSE = 0x5d

/** Longer ones are taken for text. */
const TAG_MAX_BYTES = 256
const PID_MAX_BYTES = 64
const HOST_MAX_BYTES = 255
/** In a tag, as Docker lets people make one; then it needs a pid to be told from text. */
const TAG_SPACES_MAX = 3
const SEQUENCE_MAX_DIGITS = 10
const FORWARDED = new TextEncoder().encode('Message forwarded from ')

/** Whether there was a time or a tag; else all is text. */
export function readBsd(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
  times: SyslogTimes,
): boolean {
  let position = readTime(bytes, start, end, message, times)
  if (position >= 0) position = readHost(bytes, position, end, message)
  else position = readCisco(bytes, start, end, message, times)
  const hasTime = position >= 0
  if (!hasTime) position = skipSpaces(bytes, start, end)
  const text = readTag(bytes, position, end, message)
  setSpan(message.text, text, end)
  if (hasTime) return true
  message.lacksHost = isEmpty(message.host)
  if (!isEmpty(message.ident)) return true
  setSpan(message.text, start, end)
  return false
}

/** Returns the offset of what follows the time, or -1. */
function readTime(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
  times: SyslogTimes,
): number {
  const timeEnd = times.read(bytes, start, end)
  if (timeEnd < 0) return -1
  const behind = timeEnd < end && bytes[timeEnd] === COLON ? timeEnd + 1 : timeEnd
  if (behind < end && bytes[behind] !== SPACE) return -1
  message.hasTime = true
  message.seconds = times.seconds
  message.nanoseconds = times.nanoseconds
  return skipSpaces(bytes, behind, end)
}

/**
 * `99: HOST: *Mar  1 …`: a sequence number, a host, and whether the clock was set, each of which
 * may be missing. Returns the offset of what follows the time, or -1.
 */
function readCisco(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
  times: SyslogTimes,
): number {
  let position = start
  const last = Math.min(end, start + SEQUENCE_MAX_DIGITS)
  while (position < last && isDigit(bytes[position])) position++
  const hasSequence = position > start && isColonSpace(bytes, position, end)
  const clock = hasSequence ? position + 2 : start
  let found = readClock(bytes, clock, end, message, times)
  if (found < 0 && hasSequence) {
    const hostEnd = hostNameEnd(bytes, clock, end)
    if (hostEnd > clock && isColonSpace(bytes, hostEnd, end)) {
      found = readClock(bytes, hostEnd + 2, end, message, times)
      if (found >= 0) setSpan(message.host, clock, hostEnd)
    }
  }
  // A device that has no time to say.
  if (found < 0 && hasSequence && clock < end && bytes[clock] === PERCENT) found = clock
  if (found >= 0 && hasSequence) setSpan(message.sequence, start, position)
  return found
}

/** A star says that the clock was never set: such a time is only kept, and not believed. */
function readClock(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
  times: SyslogTimes,
): number {
  const mark = bytes[start]
  const from = mark === STAR || mark === DOT ? start + 1 : start
  const next = readTime(bytes, from, end, message, times)
  if (next < 0 || mark !== STAR) return next
  let timeEnd = next
  while (bytes[timeEnd - 1] === SPACE) timeEnd--
  if (bytes[timeEnd - 1] === COLON) timeEnd--
  setSpan(message.deviceTime, start, timeEnd)
  message.hasTime = false
  return next
}

/** Sets the host if the token at `start` is one; returns the offset of what follows it. */
function readHost(bytes: Uint8Array, start: number, end: number, message: SyslogMessage): number {
  const forwarded = readForwarded(bytes, start, end, message)
  if (forwarded >= 0) return forwarded
  let hostEnd = hostNameEnd(bytes, start, end)
  // What nothing follows is the text.
  if (hostEnd === start || hostEnd + 1 >= end || bytes[hostEnd] !== SPACE) return start
  const next = hostEnd + 1
  if (bytes[hostEnd - 1] === COLON) {
    // A Cisco without a number; else it is a tag.
    if (bytes[next] !== PERCENT) return start
    hostEnd--
  }
  setSpan(message.host, start, hostEnd)
  const behind = skipSpaces(bytes, next, end)
  // Cisco's ASA: `HOST : %ASA-6-302013: text`.
  const isAsa = isColonSpace(bytes, behind, end) && bytes[behind + 2] === PERCENT
  return isAsa && behind + 2 < end ? behind + 2 : behind
}

/** AIX: `Message forwarded from HOST: TAG: text`. */
function readForwarded(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
): number {
  const hostStart = start + FORWARDED.length
  if (hostStart >= end) return -1
  for (let index = 0; index < FORWARDED.length; index++) {
    if (bytes[start + index] !== FORWARDED[index]) return -1
  }
  let hostEnd = hostNameEnd(bytes, hostStart, end)
  if (bytes[hostEnd - 1] === COLON) hostEnd--
  if (hostEnd === hostStart || hostEnd >= end || bytes[hostEnd] !== COLON) return -1
  setSpan(message.host, hostStart, hostEnd)
  return skipSpaces(bytes, hostEnd + 1, end)
}

/** Where the name or address at `start` ends; its last byte may be a colon. */
function hostNameEnd(bytes: Uint8Array, start: number, end: number): number {
  const last = Math.min(end, start + HOST_MAX_BYTES)
  let position = start
  while (position < last && isHostByte(bytes[position]!)) {
    const isBeforePercent = position + 2 < end && bytes[position + 2] === PERCENT
    if (isColonSpace(bytes, position, end) && !isBeforePercent) break
    position++
  }
  return position
}

/** Letters, digits and `%-./:_@`: names, IPv4 and IPv6 with their zones. */
function isHostByte(byte: number): boolean {
  const lower = byte | 0x20
  if (lower >= 0x61 && lower <= 0x7a) return true
  return (byte >= 0x2d && byte <= 0x3a) || byte === 0x5f || byte === PERCENT || byte === 0x40
}

/** `TAG: ` or `TAG[PID]: `; returns where the text starts, which is `start` without a tag. */
function readTag(bytes: Uint8Array, start: number, end: number, message: SyslogMessage): number {
  const last = Math.min(end, start + TAG_MAX_BYTES)
  let spaces = 0
  for (let position = start; position < last; position++) {
    const byte = bytes[position]!
    if (byte === COLON && position > start) {
      if (spaces > 0) return start
      if (!isColonSpace(bytes, position, end)) continue
      setSpan(message.ident, start, position)
      return Math.min(position + 2, end)
    }
    if (byte === OPEN)
      return position === start ? start : readPid(bytes, start, position, end, message)
    if (byte === SPACE && ++spaces > TAG_SPACES_MAX) return start
    if (isNoTagByte(byte)) return start
  }
  return start
}

/** `[PID]:` at `open`, behind the tag at `start`; without spaces in the tag the colon may miss. */
function readPid(
  bytes: Uint8Array,
  start: number,
  open: number,
  end: number,
  message: SyslogMessage,
): number {
  const last = Math.min(end, open + PID_MAX_BYTES)
  let close = open + 1
  let isNumber = true
  for (; close < last && bytes[close] !== CLOSE; close++) {
    const byte = bytes[close]!
    if (byte <= SPACE || byte === OPEN) return start
    if (!isDigit(byte)) isNumber = false
  }
  if (close >= last) return start
  const hasColon = close + 1 < end && bytes[close + 1] === COLON
  if (!(isNumber && hasColon) && hasSpace(bytes, start, open)) return start
  const behind = hasColon ? close + 2 : close + 1
  if (behind < end && bytes[behind] !== SPACE && !hasColon) return start
  setSpan(message.ident, start, open)
  setSpan(message.pid, open + 1, close)
  return behind < end && bytes[behind] === SPACE ? behind + 1 : behind
}

function hasSpace(bytes: Uint8Array, start: number, end: number): boolean {
  for (let position = start; position < end; position++) if (bytes[position] === SPACE) return true
  return false
}

/** Controls, and what shows that a text has begun. */
function isNoTagByte(byte: number): boolean {
  // " ( ) , = and {
  return (
    byte < SPACE ||
    byte === 0x22 ||
    byte === 0x28 ||
    byte === 0x29 ||
    byte === 0x2c ||
    byte === 0x3d ||
    byte === 0x7b
  )
}

/** A colon that ends a word. */
function isColonSpace(bytes: Uint8Array, position: number, end: number): boolean {
  if (position >= end || bytes[position] !== COLON) return false
  if (position + 1 >= end) return true
  const next = bytes[position + 1]
  return next === SPACE || next === TAB
}
