/**
 * A syslog message, RFC 5424 or 3164 with all their deviations (../syslog/message.ts), as it stands
 * in a file: fields as Fluentd's parser names them. The priority may be absent, as rsyslog's own
 * files have it, but not the time: everything else would be a message.
 */
import { type FieldNames, writeRecord } from '../syslog/fields.ts'
import { readMessage } from '../syslog/message.ts'
import { SyslogMessage } from '../syslog/parts.ts'
import { SyslogTimes } from '../syslog/times.ts'
import { mapBodyOffset, mapCount } from '../record.ts'
import type { ZoneReader } from '../time/rfc3339.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { removeBytes } from './mend.ts'

export interface SyslogFormatOptions {
  /** What a time is read in that does not say its zone. */
  readonly zone: ZoneReader
  /** Milliseconds since 1970, for times without a year. */
  readonly now: () => number
}

const OPTIONS = {
  names: 'fluentd' as FieldNames,
  address: '',
  truncated: false,
  last: { bytes: new Uint8Array(0), count: 0 },
}

export class SyslogFormat implements LineFormat {
  readonly type = 'syslog'
  readonly reasons: readonly string[] = ['not_syslog']
  readonly #now: () => number
  readonly #times: SyslogTimes
  readonly #message = new SyslogMessage()

  constructor({ zone, now }: SyslogFormatOptions) {
    this.#now = now
    this.#times = new SyslogTimes(zone)
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const message = this.#message
    this.#times.begin(this.#now())
    readMessage(bytes, start, end, message, this.#times)
    const { hasTime, failure, version } = message
    if (failure !== '' || (!hasTime && version === 0)) return line.fail('not_syslog', start)
    writeRecord(line.writer, bytes, message, OPTIONS)
    line.fieldCount = mapCount(line.writer.bytes, line.start)
    removeBytes(line.writer, line.start, mapBodyOffset(line.writer.bytes, line.start))
    if (hasTime) line.setTime(message.seconds, message.nanoseconds)
    return true
  }
}
