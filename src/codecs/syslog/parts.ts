/** The parts of a syslog message, by where they are in its bytes. Who reads them: message.ts. */
import { PRIORITY_DEFAULT } from './priority.ts'

/** Where something is; empty if there is none. */
export interface Span {
  start: number
  end: number
}

/** Reused for every message, so that nothing is made per message. */
export class SyslogMessage {
  priority = PRIORITY_DEFAULT
  /** A number in the place of PRI that is none; -1 if there is no such thing. */
  oddPriority = -1
  /** 1 for RFC 5424, 0 for the others. */
  version = 0
  hasTime = false
  /** Whether its sender has to stand in for the host: of a message of RFC 3164 without a time. */
  lacksHost = false
  /** Since 1970; valid with `hasTime`. */
  seconds = 0
  nanoseconds = 0
  readonly host: Span = { start: 0, end: 0 }
  readonly ident: Span = { start: 0, end: 0 }
  readonly pid: Span = { start: 0, end: 0 }
  readonly msgid: Span = { start: 0, end: 0 }
  readonly structuredData: Span = { start: 0, end: 0 }
  /** Cisco's number before the time. */
  readonly sequence: Span = { start: 0, end: 0 }
  /** A time that its sender says not to trust. */
  readonly deviceTime: Span = { start: 0, end: 0 }
  readonly text: Span = { start: 0, end: 0 }
  /** Why parts of it could not be read, in a snake_case word; empty if all could. */
  failure = ''

  clear(): void {
    this.priority = PRIORITY_DEFAULT
    this.oddPriority = -1
    this.version = 0
    this.failure = ''
    this.clearHeader()
  }

  /** All but the priority. */
  clearHeader(): void {
    this.hasTime = this.lacksHost = false
    clear(this.host)
    clear(this.ident)
    clear(this.pid)
    clear(this.msgid)
    clear(this.structuredData)
    clear(this.sequence)
    clear(this.deviceTime)
  }
}

export function setSpan(span: Span, start: number, end: number): void {
  span.start = start
  span.end = end
}

export function isEmpty(span: Span): boolean {
  return span.start === span.end
}

function clear(span: Span): void {
  span.start = span.end = 0
}

/** Line ends and NULs are framing, wherever they are left behind. */
export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let last = end
  while (last > start && isFiller(bytes[last - 1]!)) last--
  return last
}

export function isFiller(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d || byte === 0
}
