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
  /** Of the sender, the host of a message that lacks one (RFC 3164, section 4.3.2); or empty. */
  readonly address: string
  /** The message was longer than it may be, and its end is cut off. */
  readonly truncated: boolean
  /** Put behind the others. */
  readonly last: EncodedFields
}

export function writeRecord(
  writer: ByteWriter,
  bytes: Uint8Array,
  message: SyslogMessage,
  { names, address, truncated, last }: RecordOptions,
): void {
  const { oddPriority, sequence, deviceTime, text, failure } = message
  const own = names === 'ecs' ? ecsCount(message, address) : fluentdCount(message, address)
  const odd = has(oddPriority >= 0) + hasSpan(sequence) + hasSpan(deviceTime)
  const marks = has(truncated) + has(failure !== '')
  writeMapHeader(writer, own + odd + 1 + marks + last.count)
  if (names === 'ecs') writeEcs(writer, bytes, message, address)
  else writeFluentd(writer, bytes, message, address)
  if (oddPriority >= 0) writePair(writer, 'pri', oddPriority)
  writeText(writer, 'sequence', bytes, sequence)
  writeText(writer, 'device_time', bytes, deviceTime)
  writeStr(writer, 'message')
  writeStrBytes(writer, bytes, text.start, text.end)
  if (truncated) writeFlag(writer, 'truncated')
  if (failure !== '') writePair(writer, 'parse_failed', failure)
  writer.append(last.bytes)
}

function fluentdCount(message: SyslogMessage, address: string): number {
  return PRIORITY_FIELDS + textCount(message, address) + hasSpan(message.structuredData)
}

/** Of host, ident, pid and msgid. */
function textCount(message: SyslogMessage, address: string): number {
  const { ident, pid, msgid } = message
  return has(hasHost(message, address)) + hasSpan(ident) + hasSpan(pid) + hasSpan(msgid)
}

function writeFluentd(
  writer: ByteWriter,
  bytes: Uint8Array,
  message: SyslogMessage,
  address: string,
): void {
  writer.append(priorityFields(message.priority))
  writeHost(writer, 'host', bytes, message, address)
  writeText(writer, 'ident', bytes, message.ident)
  writeText(writer, 'pid', bytes, message.pid)
  writeText(writer, 'msgid', bytes, message.msgid)
  writeData(writer, 'extradata', bytes, message.structuredData)
}

/** `log`, and `host` and `process` where there are such. */
function ecsCount(message: SyslogMessage, address: string): number {
  return 1 + has(hasHost(message, address)) + hasSpan(message.ident)
}

function writeEcs(
  writer: ByteWriter,
  bytes: Uint8Array,
  message: SyslogMessage,
  address: string,
): void {
  const { priority, version, ident, pid, msgid, structuredData } = message
  const texts = textCount(message, address)
  writeLog(writer, priority, has(version > 0) + texts + hasSpan(structuredData))
  if (version > 0) writePair(writer, 'version', String(version))
  writeHost(writer, 'hostname', bytes, message, address)
  writeText(writer, 'appname', bytes, ident)
  writeText(writer, 'procid', bytes, pid)
  writeText(writer, 'msgid', bytes, msgid)
  writeData(writer, 'structured_data', bytes, structuredData)
  if (hasHost(message, address)) {
    startInner(writer, 'host')
    writeHost(writer, 'hostname', bytes, message, address)
  }
  if (isEmpty(ident)) return
  startInner(writer, 'process')
  writeText(writer, 'name', bytes, ident)
}

/** Pairs of `log.syslog` that a priority stands for. */
export const LOG_FIELDS = 3

/**
 * Begins `log.syslog`, to which `count` more fields go. Returns where the header of that map is,
 * which is one byte.
 */
export function writeLog(writer: ByteWriter, priority: number, count: number): number {
  writeStr(writer, 'log')
  writeMapHeader(writer, 2)
  writePair(writer, 'level', severityOf(priority))
  writeStr(writer, 'syslog')
  const header = writer.length
  writeMapHeader(writer, LOG_FIELDS + count)
  writePair(writer, 'priority', priority)
  writeCoded(writer, 'facility', priority >> 3, facilityOf(priority))
  writeCoded(writer, 'severity', priority & 7, severityOf(priority))
  return header
}

function writeCoded(writer: ByteWriter, key: string, code: number, name: string): void {
  writeStr(writer, key)
  writeMapHeader(writer, 2)
  writePair(writer, 'code', code)
  writePair(writer, 'name', name)
}

/** A map of one field. */
function startInner(writer: ByteWriter, key: string): void {
  writeStr(writer, key)
  writeMapHeader(writer, 1)
}

function hasHost({ host, lacksHost }: SyslogMessage, address: string): boolean {
  return !isEmpty(host) || (lacksHost && address !== '')
}

function writeHost(
  writer: ByteWriter,
  key: string,
  bytes: Uint8Array,
  { host, lacksHost }: SyslogMessage,
  address: string,
): void {
  if (lacksHost && address !== '') writePair(writer, key, address)
  else writeText(writer, key, bytes, host)
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
