/**
 * A line of Docker's `json-file` driver (moby, daemon/logger/jsonfilelog):
 * `{"log":"…\n","stream":"stdout","attrs":{…},"time":"2026-11-21T08:50:00.123456789Z"}`. Its time
 * becomes the event's; `log` loses its line end, without which the line is a part of a longer one.
 */
import { JsonToMsgpack } from '../json/to-msgpack.ts'
import { isStrEqual, payloadEnd, payloadStart, skipValue } from '../record.ts'
import { readRfc3339 } from '../time/rfc3339.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { removeBytes, shortenStr } from './mend.ts'

const DEPTH_MAX = 64
const LOG = Buffer.from('log')
const TIME = Buffer.from('time')
const LINE_FEED = 0x0a

export class DockerFormat implements LineFormat {
  readonly type = 'docker'
  readonly reasons: readonly string[] = [
    'not_docker',
    'invalid_json',
    'not_an_object',
    'depth_exceeded',
  ]
  readonly #transcoder = new JsonToMsgpack(DEPTH_MAX)
  readonly #instant = { seconds: 0, nanoseconds: 0 }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const transcoder = this.#transcoder
    const fault = transcoder.transcodeFields(bytes, start, end, line.writer)
    if (fault !== null) return line.fail(fault.reason, fault.offset)
    line.fieldCount = transcoder.fieldCount
    return this.#mend(line) || line.fail('not_docker', start)
  }

  /** The last first, since what stands behind a field moves when the field gets shorter. */
  #mend(line: ParsedLine): boolean {
    const { bytes } = line.writer
    let log = -1
    let time = -1
    let timeKey = -1
    let position = line.start
    for (let left = line.fieldCount; left > 0; left--) {
      const value = skipValue(bytes, position)
      if (isStrEqual(bytes, position, LOG)) log = value
      else if (isStrEqual(bytes, position, TIME)) [time, timeKey] = [value, position]
      position = skipValue(bytes, value)
    }
    if (log < 0 || payloadStart(bytes, log) < 0) return false
    if (time > log) this.#takeTime(line, timeKey, time)
    takeLineEnd(line, log)
    if (time >= 0 && time < log) this.#takeTime(line, timeKey, time)
    return true
  }

  /** A time that is none stays a field. */
  #takeTime(line: ParsedLine, key: number, value: number): void {
    const { bytes } = line.writer
    const instant = this.#instant
    const start = payloadStart(bytes, value)
    const end = payloadEnd(bytes, value)
    const isTime = start >= 0 && readRfc3339(bytes, start, end, instant) === end
    line.hasBadTime = !isTime || !line.setTime(instant.seconds, instant.nanoseconds)
    if (line.hasBadTime) return
    removeBytes(line.writer, key, end)
    line.fieldCount--
  }
}

function takeLineEnd(line: ParsedLine, log: number): void {
  const { bytes } = line.writer
  const end = payloadEnd(bytes, log)
  if (end === payloadStart(bytes, log) || bytes[end - 1] !== LINE_FEED) line.isPartial = true
  else shortenStr(line.writer, log)
}
