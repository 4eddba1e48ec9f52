/**
 * Records of syslog messages, in msgpack. `fluentd` names the fields as Fluentd's parser does,
 * `ecs` as the Elastic Common Schema does, in nested maps. What a message does not say is left out.
 */
import { ByteWriter } from '../byte-writer.ts'
import {
  writeBoolean,
  writeInteger,
  writeMapHeader,
  writeStr,
  writeStrBytes,
} from '../msgpack/writer.ts'
import { isEmpty, type Span, type SyslogMessage } from './parts.ts'
import { facilityOf, PRIORITIES, severityOf } from './priority.ts'
import { writeStructuredData } from './structured-data.ts'

export type FieldNames = 'fluentd' | 'ecs'

/** Pairs that every record of a sender gets, encoded. */
export interface EncodedFields {
  readonly bytes: Uint8Array
  readonly count: number
}

/** Key and value pairs of `fluentd` that a priority stands for. */
export const PRIORITY_FIELDS = 4
const priorityPairs: readonly Uint8Array[] = Array.from({ length: PRIORITIES }, encodePriority)

/** The pairs that start every record of that priority, by `fluentd`'s names. */
export function priorityFields(priority: number): Uint8Array {
  return priorityPairs[priority]!
}

export interface RecordOptions {
  readonly names: FieldNames
  /** The message was longer than it may be, and its end is cut off. */
  readonly truncated: boolean
  /** Put behind the others. */
  readonly last: EncodedFields
}

export function writeRecord(
  writer: ByteWriter,
  bytes: Uint8Array,
  message: SyslogMessage,
  { names, truncated, last }: RecordOptions,
): void {
  const { oddPriority, sequence, deviceTime, text, failure } = message
  const own = names === 'ecs' ? ecsCount(message) : fluentdCount(message)
  const odd = has(oddPriority >= 0) + hasSpan(sequence) + hasSpan(deviceTime)
  const marks = has(truncated) + has(failure !== '')
  writeMapHeader(writer, own + odd + 1 + marks + last.count)
  if (names === 'ecs') writeEcs(writer, bytes, message)
  else writeFluentd(writer, bytes, message)
  if (oddPriority >= 0) writePair(writer, 'pri', oddPriority)
  writeText(writer, 'sequence', bytes, sequence)
  writeText(writer, 'device_time', bytes, deviceTime)
  writeStr(writer, 'message')
  writeStrBytes(writer, bytes, text.start, text.end)
  if (truncated) writeFlag(writer, 'truncated')
  if (failure !== '') writePair(writer, 'parse_failed', failure)
  writer.append(last.bytes)
}

function fluentdCount({ host, ident, pid, msgid, structuredData }: SyslogMessage): number {
  const texts = hasSpan(host) + hasSpan(ident) + hasSpan(pid) + hasSpan(msgid)
  return PRIORITY_FIELDS + texts + hasSpan(structuredData)
}

function writeFluentd(writer: ByteWriter, bytes: Uint8Array, message: SyslogMessage): void {
  writer.append(priorityFields(message.priority))
  writeText(writer, 'host', bytes, message.host)
  writeText(writer, 'ident', bytes, message.ident)
  writeText(writer, 'pid', bytes, message.pid)
  writeText(writer, 'msgid', bytes, message.msgid)
  writeData(writer, 'extradata', bytes, message.structuredData)
}

/** `log`, and `host` and `process` where there are such. */
function ecsCount({ host, ident }: SyslogMessage): number {
  return 1 + hasSpan(host) + hasSpan(ident)
}

function writeEcs(writer: ByteWriter, bytes: Uint8Array, message: SyslogMessage): void {
  const { priority, version, host, ident, pid, msgid, structuredData } = message
  writeStr(writer, 'log')
  writeMapHeader(writer, 2)
  writePair(writer, 'level', severityOf(priority))
  writeStr(writer, 'syslog')
  const texts = hasSpan(host) + hasSpan(ident) + hasSpan(pid) + hasSpan(msgid)
  writeMapHeader(writer, 3 + has(version > 0) + texts + hasSpan(structuredData))
  writePair(writer, 'priority', priority)
  writeCoded(writer, 'facility', priority >> 3, facilityOf(priority))
  writeCoded(writer, 'severity', priority & 7, severityOf(priority))
  if (version > 0) writePair(writer, 'version', String(version))
  writeText(writer, 'hostname', bytes, host)
  writeText(writer, 'appname', bytes, ident)
  writeText(writer, 'procid', bytes, pid)
  writeText(writer, 'msgid', bytes, msgid)
  writeData(writer, 'structured_data', bytes, structuredData)
  writeInside(writer, 'host', 'hostname', bytes, host)
  writeInside(writer, 'process', 'name', bytes, ident)
}

function writeCoded(writer: ByteWriter, key: string, code: number, name: string): void {
  writeStr(writer, key)
  writeMapHeader(writer, 2)
  writePair(writer, 'code', code)
  writePair(writer, 'name', name)
}

function writeInside(
  writer: ByteWriter,
  outer: string,
  inner: string,
  bytes: Uint8Array,
  span: Span,
): void {
  if (isEmpty(span)) return
  writeStr(writer, outer)
  writeMapHeader(writer, 1)
  writeText(writer, inner, bytes, span)
}

function writeText(writer: ByteWriter, key: string, bytes: Uint8Array, span: Span): void {
  if (isEmpty(span)) return
  writeStr(writer, key)
  writeStrBytes(writer, bytes, span.start, span.end)
}

function writeData(writer: ByteWriter, key: string, bytes: Uint8Array, span: Span): void {
  if (isEmpty(span)) return
  writeStr(writer, key)
  writeStructuredData(writer, bytes, span.start, span.end)
}

function writePair(writer: ByteWriter, key: string, value: string | number): void {
  writeStr(writer, key)
  if (typeof value === 'number') writeInteger(writer, value)
  else writeStr(writer, value)
}

function writeFlag(writer: ByteWriter, key: string): void {
  writeStr(writer, key)
  writeBoolean(writer, true)
}

function hasSpan(span: Span): number {
  return isEmpty(span) ? 0 : 1
}

function has(condition: boolean): number {
  return condition ? 1 : 0
}

function encodePriority(_value: unknown, priority: number): Uint8Array {
  const writer = new ByteWriter(96)
  writePair(writer, 'facility', facilityOf(priority))
  writePair(writer, 'facility_code', priority >> 3)
  writePair(writer, 'severity', severityOf(priority))
  writePair(writer, 'severity_code', priority & 7)
  return writer.written().slice()
}
