/**
 * Access logs of web servers, in the forms that most of them write:
 *
 *     common    host ident user [time] "request" code size
 *     combined  … "referer" "agent"
 *     vhost     server:port in front of one of these
 *
 * https://httpd.apache.org/docs/2.4/logs.html,
 * https://nginx.org/en/docs/http/ngx_http_log_module.html
 * Fields are named as Fluentd's parsers `apache2` and `nginx` name them. `-` stands for nothing and
 * leaves no field. A request that is none (a scan, a TLS hello) is kept whole as `request`. What
 * follows behind the known columns is `extra`.
 */
import type { TimeReader } from '../time/time-reader.ts'
import { findByte, skipSpaces } from './bytes.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { type Column, columnOf, putColumn } from './text-fields.ts'

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x5b
const CLOSE = 0x5d
const DASH = 0x2d

const TYPES = { code: 'integer', size: 'integer' } as const
const CODE = columnOf('code', TYPES)
const SIZE = columnOf('size', TYPES)
const REFERER = columnOf('referer')
const AGENT = columnOf('agent')
const EXTRA = columnOf('extra')
const METHOD = columnOf('method')
const PATH = columnOf('path')
const PROTOCOL = columnOf('protocol')
const REQUEST = columnOf('request')

export interface AccessLogOptions {
  readonly type: 'nginx' | 'apache'
  /** `21/Nov/2026:08:50:00 +0000`, and others that the server may be told to write. */
  readonly times: readonly TimeReader[]
}

/** A time that cannot be read is kept as the field `time`. */
export class AccessLogFormat implements LineFormat {
  readonly type: string
  readonly reasons: readonly string[] = ['no_match']
  readonly #times: readonly TimeReader[]
  /** The words in front of the time, as many as there are; four with a virtual host. */
  readonly #words: readonly Column[]
  readonly #vhostWords: readonly Column[]
  readonly #time = columnOf('time')
  readonly #instant = { seconds: 0, nanoseconds: 0 }
  readonly #wordEnds = new Uint32Array(4)

  constructor({ type, times }: AccessLogOptions) {
    this.type = type
    this.#times = times
    const names = type === 'nginx' ? ['remote', 'host', 'user'] : ['host', 'ident', 'user']
    this.#words = names.map((name) => columnOf(name))
    this.#vhostWords = [columnOf('vhost'), ...this.#words]
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const position = this.#readWords(bytes, start, end, line)
    if (position < 0) return line.fail('no_match', -position - 1)
    const timeEnd = findByte(bytes, CLOSE, position + 1, end)
    const quote = timeEnd + 2
    if (bytes[timeEnd + 1] !== SPACE || bytes[quote] !== QUOTE || quote >= end)
      return line.fail('no_match', Math.min(timeEnd, end))
    this.#readTime(bytes, position + 1, timeEnd, line)
    const requestEnd = findQuote(bytes, quote + 1, end)
    if (requestEnd >= end) return line.fail('no_match', quote)
    putRequest(line, bytes, quote + 1, requestEnd)
    return this.#readRest(bytes, requestEnd + 1, end, line)
  }

  /** The offset of the bracket that opens the time, or `-offset - 1` where there is none. */
  #readWords(bytes: Uint8Array, start: number, end: number, line: ParsedLine): number {
    const ends = this.#wordEnds
    let count = 0
    let position = start
    while (position < end && bytes[position] !== OPEN) {
      if (count === ends.length) return -position - 1
      const wordEnd = findByte(bytes, SPACE, position, end)
      if (wordEnd === position || wordEnd === end) return -position - 1
      ends[count++] = wordEnd
      position = wordEnd + 1
    }
    const columns = count === 4 ? this.#vhostWords : this.#words
    if (position >= end || count < 3) return -position - 1
    let wordStart = start
    for (let index = 0; index < count; index++) {
      putUnlessNothing(line, columns[index]!, bytes, wordStart, ends[index]!)
      wordStart = ends[index]! + 1
    }
    return position
  }

  #readTime(bytes: Uint8Array, start: number, end: number, line: ParsedLine): void {
    const instant = this.#instant
    for (let index = 0; index < this.#times.length; index++) {
      if (!this.#times[index]!.read(bytes, start, end, instant)) continue
      if (line.setTime(instant.seconds, instant.nanoseconds)) return
    }
    line.hasBadTime = true
    putColumn(line, this.#time, bytes, start, end)
  }

  /** ` code size`, then perhaps ` "referer" "agent"`, then perhaps more. */
  #readRest(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const codeEnd = findByte(bytes, SPACE, start + 1, end)
    if (bytes[start] !== SPACE || codeEnd === start + 1 || codeEnd >= end)
      return line.fail('no_match', Math.min(start, end))
    const sizeEnd = findByte(bytes, SPACE, codeEnd + 1, end)
    putUnlessNothing(line, CODE, bytes, start + 1, codeEnd)
    putUnlessNothing(line, SIZE, bytes, codeEnd + 1, sizeEnd)
    let position = sizeEnd
    for (const column of COMBINED) {
      if (position + 1 >= end || bytes[position + 1] !== QUOTE) break
      const quoteEnd = findQuote(bytes, position + 2, end)
      if (quoteEnd >= end) break
      putUnlessNothing(line, column, bytes, position + 2, quoteEnd)
      position = quoteEnd + 1
    }
    if (position < end) putColumn(line, EXTRA, bytes, skipSpaces(bytes, position, end), end)
    return true
  }
}

const COMBINED = [REFERER, AGENT]

/** `GET /path HTTP/1.1` in three fields, anything else in one. */
function putRequest(line: ParsedLine, bytes: Uint8Array, start: number, end: number): void {
  const methodEnd = findByte(bytes, SPACE, start, end)
  if (!isMethod(bytes, start, methodEnd) || methodEnd === end)
    return putUnlessNothing(line, REQUEST, bytes, start, end)
  let pathEnd = end
  while (pathEnd > methodEnd && bytes[pathEnd] !== SPACE) pathEnd--
  // HTTP/0.9 has no protocol behind the path.
  if (pathEnd === methodEnd) pathEnd = end
  putColumn(line, METHOD, bytes, start, methodEnd)
  putColumn(line, PATH, bytes, methodEnd + 1, pathEnd)
  if (pathEnd < end) putColumn(line, PROTOCOL, bytes, pathEnd + 1, end)
}

/** Capital letters, at least one. */
function isMethod(bytes: Uint8Array, start: number, end: number): boolean {
  for (let position = start; position < end; position++) {
    if (bytes[position]! < 0x41 || bytes[position]! > 0x5a) return false
  }
  return end > start
}

function putUnlessNothing(
  line: ParsedLine,
  column: Column,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const isNothing = end === start || (end === start + 1 && bytes[start] === DASH)
  if (!isNothing) putColumn(line, column, bytes, start, end)
}

function findQuote(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position] !== QUOTE) {
    position += bytes[position] === BACKSLASH ? 2 : 1
  }
  return position
}
