/** The input that takes a scenario's traffic, and how its lines become what was sent. */
import { join } from 'node:path'
import type { Traffic } from '../traffic/prepare.ts'
import type { SyslogMode } from '../traffic/syslog.ts'
import type { Fields } from '../verify/lines.ts'
import type { Expectation, ReadLine } from '../verify/verify.ts'
import type { Place } from './subject.ts'

type Mode = Traffic['mode']

/** The file that is followed; null if the traffic comes over the network. */
export function followedFile(mode: Mode, { folder }: Place): string | null {
  return mode === 'json-file' ? join(folder, 'followed', 'app-json.log') : null
}

/** The options of the input, as a flow mapping without its braces. */
export function inputOptions(mode: Mode, isUdp: boolean, place: Place): string {
  const file = followedFile(mode, place)
  if (file !== null)
    return `type: tail, path: ${JSON.stringify(file)}, format: docker, tag: docker.app`
  const { port } = place
  // That by TCP shows that it is ready.
  const schemes = isUdp ? ['tcp', 'udp'] : ['tcp']
  const listen = schemes.map((scheme) => `"${scheme}://127.0.0.1:${port}"`)
  return `type: ${inputType(mode)}, listen: [${listen.join(', ')}]`
}

function inputType(mode: Mode): string {
  if (mode === 'http-ndjson') return 'http'
  if (mode === 'gelf') return 'gelf'
  if (isSyslog(mode)) return 'syslog'
  return mode === 'tcp-lines' ? 'tcp' : 'forward'
}

export function expectationOf(mode: Mode): Omit<Expectation, 'prepared'> {
  // A line alone says neither its time nor its tag.
  if (mode === 'tcp-lines') return { readLine: ({ log }) => ({ log }), withEnvelope: false }
  // Nothing is known of the container.
  if (mode === 'json-file')
    return { readLine: ({ log, stream }) => ({ log, stream }), withEnvelope: false }
  if (isSyslog(mode)) return { readLine: syslogLine(mode), withEnvelope: false }
  return { readLine: (line) => line, withEnvelope: true }
}

/** The fields of the record that was sent, by the names it had before it became syslog. */
function syslogLine(mode: SyslogMode): ReadLine {
  return ({ ident, pid, msgid, extradata, message }) => {
    const fields = { container_name: ident, attempt: pid, log: message }
    if (mode === 'rfc3164') return fields
    const data = extradata as Readonly<Record<string, Fields>>
    return { ...fields, service: msgid, ...data['docker@32473'] }
  }
}

function isSyslog(mode: Mode): mode is SyslogMode {
  return mode === 'rfc3164' || mode === 'rfc5424'
}
