/**
 * Error logs of web servers.
 *
 *     nginx   2026/11/21 08:50:00 [error] 12#34: *56 open() "/x" failed (2: …), client: 10.0.0.1
 *     apache  [Sat Nov 21 08:50:00.123456 2026] [core:error] [pid 12:tid 34] [client 10.0.0.1:56] …
 *
 * Apache's parts in brackets may come in any number; what is in none of them is the message.
 */
import type { TimeReader } from '../time/time-reader.ts'
import { findByte, skipSpaces, startsWith } from './bytes.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { columnOf, putColumn } from './text-fields.ts'

const SPACE = 0x20
const OPEN = 0x5b
const CLOSE = 0x5d
const COLON = 0x3a
const HASH = 0x23
const STAR = 0x2a
const NGINX_TIME_LENGTH = 19

const TYPES = { pid: 'integer', tid: 'integer', cid: 'integer' } as const
const LEVEL = columnOf('level')
const MODULE = columnOf('module')
const PID = columnOf('pid', TYPES)
const TID = columnOf('tid', TYPES)
const CID = columnOf('cid', TYPES)
const CLIENT = columnOf('client')
const MESSAGE = columnOf('message')
const PID_MARK = Buffer.from('pid ')
const TID_MARK = Buffer.from(':tid ')
const CLIENT_MARK = Buffer.from('client ')

export class NginxErrorFormat implements LineFormat {
  readonly type = 'nginx_error'
  readonly reasons: readonly string[] = ['no_match']
  readonly #time: TimeReader
  readonly #instant = { seconds: 0, nanoseconds: 0 }

  /** `time` reads `2026/11/21 08:50:00`. */
  constructor(time: TimeReader) {
    this.#time = time
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const timeEnd = start + NGINX_TIME_LENGTH
    const instant = this.#instant
    if (end < timeEnd + 2 || !this.#time.read(bytes, start, timeEnd, instant))
      return line.fail('no_match', start)
    if (bytes[timeEnd] !== SPACE || bytes[timeEnd + 1] !== OPEN)
      return line.fail('no_match', timeEnd)
    const levelEnd = findByte(bytes, CLOSE, timeEnd + 2, end)
    const pidEnd = findByte(bytes, HASH, levelEnd + 2, end)
    const tidEnd = findByte(bytes, COLON, pidEnd + 1, end)
    if (tidEnd >= end) return line.fail('no_match', timeEnd)
    putColumn(line, LEVEL, bytes, timeEnd + 2, levelEnd)
    putColumn(line, PID, bytes, levelEnd + 2, pidEnd)
    putColumn(line, TID, bytes, pidEnd + 1, tidEnd)
    const message = this.#readConnection(bytes, Math.min(tidEnd + 2, end), end, line)
    putColumn(line, MESSAGE, bytes, message, end)
    return line.setTime(instant.seconds, instant.nanoseconds) || line.fail('no_match', start)
  }

  /** `*56 ` in front of the message. */
  #readConnection(bytes: Uint8Array, start: number, end: number, line: ParsedLine): number {
    if (start >= end || bytes[start] !== STAR) return start
    const cidEnd = findByte(bytes, SPACE, start, end)
    if (cidEnd === end) return start
    putColumn(line, CID, bytes, start + 1, cidEnd)
    return cidEnd + 1
  }
}

export class ApacheErrorFormat implements LineFormat {
  readonly type = 'apache_error'
  readonly reasons: readonly string[] = ['no_match']
  readonly #times: readonly TimeReader[]
  readonly #instant = { seconds: 0, nanoseconds: 0 }

  /** `times` read `Sat Nov 21 08:50:00.123456 2026` and the form without a fraction. */
  constructor(times: readonly TimeReader[]) {
    this.#times = times
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const timeEnd = findByte(bytes, CLOSE, start, end)
    if (timeEnd >= end || bytes[start] !== OPEN) return line.fail('no_match', start)
    if (!this.#readTime(bytes, start + 1, timeEnd, line)) return line.fail('no_match', start)
    let position = skipSpaces(bytes, timeEnd + 1, end)
    let isFirst = true
    while (position < end && bytes[position] === OPEN) {
      const close = findByte(bytes, CLOSE, position, end)
      if (close === end || !putBracket(line, bytes, position + 1, close, isFirst)) break
      isFirst = false
      position = skipSpaces(bytes, close + 1, end)
    }
    if (isFirst) return line.fail('no_match', Math.min(position, end))
    putColumn(line, MESSAGE, bytes, position, end)
    return true
  }

  #readTime(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const instant = this.#instant
    for (let index = 0; index < this.#times.length; index++) {
      if (this.#times[index]!.read(bytes, start, end, instant))
        return line.setTime(instant.seconds, instant.nanoseconds)
    }
    return false
  }
}

/** False for what is in brackets and none of Apache's: it belongs to the message. */
function putBracket(
  line: ParsedLine,
  bytes: Uint8Array,
  start: number,
  end: number,
  isFirst: boolean,
): boolean {
  if (isFirst) {
    const colon = findByte(bytes, COLON, start, end)
    if (colon < end && colon > start) putColumn(line, MODULE, bytes, start, colon)
    putColumn(line, LEVEL, bytes, colon < end ? colon + 1 : start, end)
  } else if (startsWith(bytes, start, end, PID_MARK)) {
    const pidEnd = findByte(bytes, COLON, start, end)
    putColumn(line, PID, bytes, start + PID_MARK.length, pidEnd)
    if (startsWith(bytes, pidEnd, end, TID_MARK))
      putColumn(line, TID, bytes, pidEnd + TID_MARK.length, end)
  } else if (startsWith(bytes, start, end, CLIENT_MARK)) {
    putColumn(line, CLIENT, bytes, start + CLIENT_MARK.length, end)
  } else {
    return false
  }
  return true
}
