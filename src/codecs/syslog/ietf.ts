/**
 * The header of RFC 5424 behind its version, and what senders make of it: fractions of more digits
 * than allowed, no structured data at all, brackets in its values that are not escaped.
 */
import { type SyslogMessage, setSpan, type Span } from './parts.ts'
import { structuredDataEnd } from './structured-data.ts'
import type { SyslogTimes } from './times.ts'

const SPACE = 0x20
const NIL = 0x2d

/** False if it is no such header; `message` is to be cleared then. */
export function readIetf(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
  times: SyslogTimes,
): boolean {
  let position = readTime(bytes, start, end, message, times)
  if (position < 0) return false
  position = readToken(bytes, position, end, message.host)
  position = readToken(bytes, position, end, message.ident)
  position = readToken(bytes, position, end, message.pid)
  position = readToken(bytes, position, end, message.msgid)
  // `end + 1` is behind a last token that nothing follows.
  if (position < 0 || position > end + 1) return false
  readContent(bytes, Math.min(position, end), end, message)
  return true
}

/** Returns the offset of the next token, or -1. */
function readTime(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
  times: SyslogTimes,
): number {
  if (bytes[start] === NIL) return bytes[start + 1] === SPACE ? start + 2 : -1
  const timeEnd = times.readRfc3339(bytes, start, end)
  if (timeEnd < 0 || timeEnd >= end || bytes[timeEnd] !== SPACE) return -1
  message.hasTime = true
  message.seconds = times.seconds
  message.nanoseconds = times.nanoseconds
  return timeEnd + 1
}

/** Sets `span` to the token at `start`, to nothing if it is `-`; returns the offset of the next. */
function readToken(bytes: Uint8Array, start: number, end: number, span: Span): number {
  if (start < 0 || start >= end) return -1
  let position = start
  while (position < end && bytes[position] !== SPACE) position++
  const isNil = position === start + 1 && bytes[start] === NIL
  if (!isNil) setSpan(span, start, position)
  return position + 1
}

function readContent(bytes: Uint8Array, start: number, end: number, message: SyslogMessage): void {
  let position = start
  if (bytes[start] === 0x5b && start < end) {
    position = structuredDataEnd(bytes, start, end)
    if (position < 0) message.failure = 'structured_data'
    else setSpan(message.structuredData, start, position)
  } else if (bytes[start] === NIL && isTokenEnd(bytes, start + 1, end)) position++
  else return setSpan(message.text, start, end)
  if (position < 0) return setSpan(message.text, start, end)
  if (position < end && bytes[position] === SPACE) position++
  setSpan(message.text, behindByteOrderMark(bytes, position, end), end)
}

function isTokenEnd(bytes: Uint8Array, position: number, end: number): boolean {
  return position >= end || bytes[position] === SPACE
}

function behindByteOrderMark(bytes: Uint8Array, start: number, end: number): number {
  const isMark =
    start + 3 <= end &&
    bytes[start] === 0xef &&
    bytes[start + 1] === 0xbb &&
    bytes[start + 2] === 0xbf
  return isMark ? start + 3 : start
}
