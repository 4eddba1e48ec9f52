/** What a request says beside its body: its tag, its time, what its body is, its fields. */
import type { IncomingHttpHeaders } from 'node:http'
import type { RunTime } from '../../codecs/records/record-collector.ts'
import { RecordTime } from '../../codecs/records/record-time.ts'
import { ByteWriter } from '../../codecs/byte-writer.ts'
import { writeDouble, writeInteger, writeStr } from '../../codecs/msgpack/writer.ts'
import { HttpError } from '../support/http-error.ts'
import { plainAddress } from '../support/peer.ts'
import { renderTag, type TagPart } from '../support/tag-template.ts'
import type { HttpConfig } from './schema.ts'
import { type Parameters, readParameters } from './url-form.ts'

export type BodyKind = 'json' | 'ndjson' | 'msgpack' | 'text' | 'form' | 'multipart'

const KINDS: Readonly<Record<string, BodyKind>> = {
  'application/json': 'json',
  'text/json': 'json',
  'application/csp-report': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/jsonlines': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  'application/json-lines': 'ndjson',
  'application/stream+json': 'ndjson',
  'application/msgpack': 'msgpack',
  'application/x-msgpack': 'msgpack',
  'application/vnd.msgpack': 'msgpack',
  'text/plain': 'text',
  'application/x-www-form-urlencoded': 'form',
  'multipart/form-data': 'multipart',
}

const EXPECTED_TYPES =
  'application/json, application/x-ndjson, application/msgpack, text/plain, ' +
  'application/x-www-form-urlencoded or multipart/form-data'
/** Not worth a place in every record, or too much for one. */
const HEADERS_LEFT_OUT = new Set(['authorization', 'proxy-authorization', 'cookie'])
/** In decimals: `0x10` and the like are more likely a mistake than a time. */
const NUMBER = /^\d+(\.\d*)?(e\d+)?$/i
const CHARSETS = /charset="?(?!utf-?8\b|us-ascii\b)([^";]+)/i

export interface TagOptions {
  readonly parts: readonly TagPart[]
  /** With its dot; or empty. */
  readonly prefix: string
  readonly tagMaxBytes: number
}

/** `/app/web` is `app.web`. Throws an HttpError for what is no tag. */
export function tagOf(url: string, remoteAddress: string | undefined, options: TagOptions): string {
  const { parts, prefix, tagMaxBytes } = options
  const path = pathTag(url)
  const usesPath = parts.some((part) => part.kind === 'named' && part.name === 'path')
  if (path === '' && usesPath) {
    const message = 'cannot take the request: its path is no tag; expected POST /TAG'
    throw new HttpError(400, message, { reason: 'no_tag' })
  }
  const address = plainAddress(remoteAddress ?? '')
  const tag = prefix + renderTag(parts, (name) => (name === 'path' ? path : address))
  if (Buffer.byteLength(tag) <= tagMaxBytes) return tag
  const message = `cannot take the request: its tag is longer than ${tagMaxBytes} bytes (tag_max)`
  throw new HttpError(414, message, { reason: 'tag_max' })
}

/** The router has refused what is not percent-encoded UTF-8. */
function pathTag(url: string): string {
  const [path = ''] = url.split('?', 1)
  const parts = path.split('/').map((part) => decodeURIComponent(part))
  return parts.filter((part) => part !== '').join('.')
}

/** Throws an HttpError for a content type that nobody reads. */
export function bodyKindOf({ 'content-type': type = 'application/json' }: IncomingHttpHeaders) {
  const [name = ''] = type.split(';', 1)
  const plain = name.trim().toLowerCase()
  const kind = KINDS[plain] ?? (plain.endsWith('+json') ? 'json' : undefined)
  const charset = CHARSETS.exec(type)?.[1]
  if (kind !== undefined && charset === undefined) return kind
  const shown = JSON.stringify(type.slice(0, 128))
  const expected = kind === undefined ? EXPECTED_TYPES : 'charset utf-8'
  const message = `cannot read a body of Content-Type ${shown}; expected ${expected}`
  throw new HttpError(415, message, { reason: 'unknown_type' })
}

export function queryOf(url: string): Parameters {
  const at = url.indexOf('?')
  return readParameters(Buffer.from(at < 0 ? '' : url.slice(at + 1), 'latin1'))
}

/** The time of the parameter `time`, else that of arrival. Throws an HttpError for what is none. */
export function timeOf(parameters: Parameters, nowMs: number): RunTime {
  const text = Buffer.from(parameters.get('time') ?? []).toString()
  const number = NUMBER.test(text) ? Number(text) : null
  if (text === '' || number === 0) return arrivalTime(nowMs)
  const writer = new ByteWriter(64)
  if (number === null) writeStr(writer, text)
  else if (/^\d+$/.test(text)) writeInteger(writer, BigInt(text))
  else writeDouble(writer, number)
  const time = new RecordTime()
  if (time.read(writer.written(), 0))
    return { seconds: time.seconds, nanoseconds: time.nanoseconds, isFixed: true }
  const shown = JSON.stringify(text.slice(0, 64))
  const expected = 'seconds since 1970, or RFC 3339 with %2B for its plus'
  const message = `cannot read the time ${shown}; expected ${expected}`
  throw new HttpError(400, message, { reason: 'invalid_time' })
}

function arrivalTime(nowMs: number): RunTime {
  const seconds = Math.floor(nowMs / 1000)
  return { seconds, nanoseconds: Math.floor((nowMs - seconds * 1000) * 1e6), isFixed: false }
}

export interface FieldSource {
  readonly headers: IncomingHttpHeaders
  /** Undefined on a unix socket. */
  readonly remoteAddress: string | undefined
  readonly query: Parameters
}

/** Fields that every record of the request gets. */
export function fieldsOf(source: FieldSource, config: HttpConfig): [string, string][] {
  const { headers, remoteAddress, query } = source
  const address = remoteAddress === undefined ? undefined : plainAddress(remoteAddress)
  const fields: [string, string][] = []
  if (config.add_http_headers) {
    for (const [name, value] of Object.entries(headers)) {
      if (HEADERS_LEFT_OUT.has(name)) continue
      fields.push([`HTTP_${upper(name)}`, Array.isArray(value) ? value.join(', ') : (value ?? '')])
    }
  }
  if (config.add_query_params) {
    for (const [name, value] of query)
      if (!RESERVED.has(name)) fields.push([`QUERY_${upper(name)}`, Buffer.from(value).toString()])
  }
  const forwarded = [headers['x-forwarded-for']].flat()[0]?.split(',')[0]?.trim()
  const remote = forwarded ?? address
  if (config.add_remote_addr && remote !== undefined) fields.push(['REMOTE_ADDR', remote])
  const { source_address_key: key } = config
  if (key !== undefined && address !== undefined) fields.push([key, address])
  return fields
}

/** Whose it is, for what cannot be read, unless all records say so. */
export function peerFields(
  remoteAddress: string | undefined,
  { source_address_key: key }: HttpConfig,
): [string, string][] {
  if (key !== undefined || remoteAddress === undefined) return []
  return [['source_address', plainAddress(remoteAddress)]]
}

/** What parameters are for themselves. */
const RESERVED = new Set(['json', 'msgpack', 'time'])

function upper(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}
