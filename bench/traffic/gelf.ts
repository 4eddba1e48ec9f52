/**
 * The same records as Docker's gelf log driver sends them over TCP, with a NUL behind each message;
 * but for the time, which has all nine digits here.
 */
import type { MsgpackWriter } from './msgpack.ts'
import type { Records, Value } from './records.ts'

const HOST = 'bench-host'
const COMMAND = '/docker-entrypoint.sh nginx -g daemon off;'
const CREATED = '2026-11-20T08:50:00.123456789Z'
const IMAGE_ID = `sha256:${'0123456789abcdef'.repeat(4)}`
const LEVELS: Readonly<Record<string, number>> = { stdout: 6, stderr: 3 }

/** What is no additional field of the message. */
const DERIVED = new Set(['version', 'host', 'log', 'level', 'stream'])

export type GelfFields = Readonly<Record<string, Value>>

/** What of the current record arrives at the other side. */
export function gelfFields(records: Records): GelfFields {
  const source = String(records.value('source'))
  const service = String(records.value('service'))
  return {
    version: '1.1',
    host: HOST,
    log: records.value('log'),
    level: LEVELS[source]!,
    command: COMMAND,
    container_id: records.value('container_id'),
    container_name: String(records.value('container_name')).slice(1),
    created: CREATED,
    image_id: IMAGE_ID,
    image_name: `registry.example.org/${service}:latest`,
    service,
    stream: source,
  }
}

/** Appends one message. */
export function putGelf(
  fields: GelfFields,
  { seconds, nanoseconds }: Records,
  tag: string,
  out: MsgpackWriter,
): void {
  const { version, host, log, level } = fields
  const names = Object.entries(fields)
    .filter(([name]) => !DERIVED.has(name))
    .map(([name, value]) => [`_${name}`, value] as const)
  const known = JSON.stringify({ version, host, short_message: log, level })
  const rest = JSON.stringify({ ...Object.fromEntries(names), _tag: tag })
  const time = `"timestamp":${seconds}.${String(nanoseconds).padStart(9, '0')}`
  const message = `${known.slice(0, -1)},${time},${rest.slice(1)}`
  // As Go's encoder writes them.
  const escaped = message.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')
  out.text(`${escaped.replaceAll('&', '\\u0026')}\0`)
}
