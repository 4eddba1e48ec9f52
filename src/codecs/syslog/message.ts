/**
 * One syslog message, told apart and read: RFC 5424, RFC 3164, and what the world sends in their
 * place. Nothing is copied: a message is where its parts are in the bytes it was read from.
 *
 *     <30>1 2026-11-21T08:50:00.1Z HOST APP PROCID MSGID [SD] MSG     ietf.ts
 *     <30>Nov 21 08:50:00 HOST TAG[PID]: MSG                          bsd.ts
 *
 * No message is invalid: what cannot be read is the message, with a word on why.
 */
import { readBsd } from './bsd.ts'
import { readIetf } from './ietf.ts'
import { setSpan, type SyslogMessage, trimmedEnd } from './parts.ts'
import { PRIORITIES } from './priority.ts'
import type { SyslogTimes } from './times.ts'

/** Reads the message from `start` to `end`, its framing left out. */
export function readMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
  times: SyslogTimes,
): void {
  message.clear()
  const textEnd = trimmedEnd(bytes, start, end)
  const body = readPriority(bytes, start, textEnd, message)
  const header = versionEnd(bytes, body, textEnd)
  if (header > 0) {
    message.version = 1
    if (readIetf(bytes, header, textEnd, message, times)) return
    message.version = 0
    message.clearHeader()
  }
  const hasHeader = readBsd(bytes, body, textEnd, message, times)
  // A priority and a text are a message (RFC 3164, section 4.3.2); a text alone may be anything.
  const isMessage = body > start && message.oddPriority < 0 && header === 0
  if (!hasHeader && !isMessage) message.failure = 'no_header'
}

/** Raw bytes in the place of a message, as the rest of one that was too long. */
export function readRaw(start: number, end: number, message: SyslogMessage, why: string): void {
  message.clear()
  setSpan(message.text, start, end)
  message.failure = why
}

/** `<30>`, maybe with leading zeros; returns the offset behind, or `start` if there is none. */
function readPriority(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: SyslogMessage,
): number {
  if (start >= end || bytes[start] !== 0x3c) return start
  let value = 0
  let position = start + 1
  for (; position < end && position <= start + 4; position++) {
    const digit = bytes[position]! - 0x30
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  if (position === start + 1 || position >= end || bytes[position] !== 0x3e) return start
  if (value < PRIORITIES) message.priority = value
  else message.oddPriority = value
  return position + 1
}

/** Behind `1 ` if a header of RFC 5424 may follow: a time, or `-`. Else 0. */
function versionEnd(bytes: Uint8Array, start: number, end: number): number {
  if (start + 3 > end || bytes[start] !== 0x31 || bytes[start + 1] !== 0x20) return 0
  const next = bytes[start + 2]!
  const isTime = next >= 0x30 && next <= 0x39
  return isTime || next === 0x2d ? start + 2 : 0
}
