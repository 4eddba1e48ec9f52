/**
 * The same records as Docker's syslog log driver sends them over TCP: RFC 5424 with the length
 * before each message (RFC 6587, octet counting), RFC 3164 with a newline behind it. The fields
 * that RFC 3164 has no place for are left out.
 */
import type { MsgpackWriter } from './msgpack.ts'
import type { Records } from './records.ts'

export type SyslogMode = 'rfc5424' | 'rfc3164'

/** Facility daemon, severity info. */
const PRIORITY = '<30>'
const HOST = 'bench-host'
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

export interface SyslogFields {
  readonly container_name: string
  readonly attempt: string
  readonly log: string
  readonly container_id?: string
  readonly source?: string
  readonly service?: string
}

/** What of the current record arrives at the other side. */
export function syslogFields(mode: SyslogMode, records: Records): SyslogFields {
  const text = (name: string) => String(records.value(name))
  const fields = {
    container_name: text('container_name').slice(1),
    attempt: text('attempt'),
    // The driver cuts at newlines, so there is none within a message.
    log: text('log').replaceAll('\n', ' '),
  }
  if (mode === 'rfc3164') return fields
  const [container_id, source, service] = [text('container_id'), text('source'), text('service')]
  return { ...fields, container_id, source, service }
}

/** Appends one message; `time` is RFC 3339. */
export function putSyslog(
  mode: SyslogMode,
  fields: SyslogFields,
  time: string,
  out: MsgpackWriter,
): void {
  const { container_name: name, attempt, log } = fields
  if (mode === 'rfc3164') {
    return out.text(`${PRIORITY}${oldTime(time)} ${HOST} ${name}[${attempt}]: ${log}\n`)
  }
  const { container_id, source, service } = fields
  const data = `[docker@32473 container_id="${container_id}" source="${source}"]`
  // Six digits behind the second are the most that RFC 5424 allows.
  const head = `${time.slice(0, 26)}Z ${HOST} ${name} ${attempt} ${service}`
  const message = `${PRIORITY}1 ${head} ${data} ${log}`
  out.text(`${Buffer.byteLength(message)} ${message}`)
}

/** `Nov 21 08:50:00` */
function oldTime(time: string): string {
  const day = String(Number(time.slice(8, 10))).padStart(2)
  return `${MONTHS[Number(time.slice(5, 7)) - 1]} ${day} ${time.slice(11, 19)}`
}
