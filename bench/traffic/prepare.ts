/**
 * Prepares what a scenario sends: one file with the bytes of all connections, one behind the
 * other, and what the output must then hold. Written once, used by every run and every peer.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { FORWARD_MODES, ForwardFrames, type ForwardMode } from './forward-frames.ts'
import { gelfFields, putGelf } from './gelf.ts'
import { LINE_MODES, type LineMode, Lines } from './lines.ts'
import { MsgpackWriter } from './msgpack.ts'
import { Random } from './random.ts'
import { RecordHash } from './record-hash.ts'
import { Records, type Shape } from './records.ts'
import { putSyslog, syslogFields, type SyslogMode } from './syslog.ts'

export interface Traffic {
  readonly mode: ForwardMode | SyslogMode | LineMode | 'gelf'
  readonly shape: Shape
  readonly records: number
  readonly connections: number
  readonly tags: number
  /** What a tag belongs to: drawn anew for every record (or frame), or one per connection. */
  readonly tagOf: 'record' | 'connection'
}

export interface Segment {
  readonly offset: number
  readonly bytes: number
  readonly records: number
}

export interface Prepared {
  readonly file: string
  readonly bytes: number
  readonly records: number
  /** One per connection. */
  readonly segments: readonly Segment[]
  /** Of all records' fields. */
  readonly fieldsHash: string
  /** Of all records' fields with `time` and `tag`. */
  readonly eventsHash: string
  /** Bytes of each frame, all connections one behind the other; only with acknowledgements. */
  readonly frameBytes: readonly number[]
}

const SEED = 2026
const WRITE_BYTES = 1024 * 1024

/** Two scenarios with the same key send the same bytes. */
export function trafficKey(traffic: Traffic): string {
  return JSON.stringify(Object.values(traffic))
}

export function prepare(traffic: Traffic, file: string): Prepared {
  const preparation = new Preparation(traffic, openSync(file, 'w'))
  try {
    for (let connection = 0; connection < traffic.connections; connection++) {
      preparation.addConnection(connection)
    }
    return preparation.result(file)
  } finally {
    preparation.close()
  }
}

export function tagName(index: number): string {
  return `docker.app-${String(index).padStart(4, '0')}`
}

class Preparation {
  readonly #traffic: Traffic
  readonly #descriptor: number
  readonly #out = new MsgpackWriter()
  readonly #fields = new RecordHash()
  readonly #events = new RecordHash()
  readonly #segments: Segment[] = []
  readonly #frameBytes: number[] = []
  #bytes = 0

  constructor(traffic: Traffic, descriptor: number) {
    this.#traffic = traffic
    this.#descriptor = descriptor
  }

  addConnection(connection: number): void {
    const { mode, shape, connections, tags, records: total } = this.#traffic
    const count = Math.floor((total + connection) / connections)
    const records = new Records(connection, shape, SEED)
    const offset = this.#bytes
    if (isForward(mode)) this.#addForward(mode, connection, records, count)
    else if (isLines(mode)) this.#addLines(mode, tagName(connection), records, count)
    else if (mode === 'gelf') this.#addGelf(tagName(connection % tags), records, count)
    else this.#addSyslog(mode, records, count)
    this.#write()
    this.#segments.push({ offset, bytes: this.#bytes - offset, records: count })
  }

  result(file: string): Prepared {
    return {
      file,
      bytes: this.#bytes,
      records: this.#traffic.records,
      segments: this.#segments,
      fieldsHash: this.#fields.total,
      eventsHash: this.#events.total,
      frameBytes: this.#frameBytes,
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #addForward(mode: ForwardMode, connection: number, records: Records, count: number): void {
    const { tags, tagOf } = this.#traffic
    const random = new Random(SEED + connection)
    const frames = new ForwardFrames(mode, this.#out)
    let tag = tagName(connection % tags)
    for (let left = count; left > 0; left--) {
      records.next()
      if (tagOf === 'record' && frames.isBetweenFrames) tag = tagName(random.below(tags))
      const before = this.#out.length
      frames.add(tag, records)
      if (mode === 'message-ack') this.#frameBytes.push(this.#out.length - before)
      this.#hash(records.names, records.values, records.time, tag)
      if (this.#out.length >= WRITE_BYTES) this.#write()
    }
    frames.flush(tag)
  }

  #addLines(mode: LineMode, tag: string, records: Records, count: number): void {
    const lines = new Lines(mode, this.#out)
    lines.begin(tag)
    for (let left = count; left > 0; left--) {
      records.next()
      const fields = lines.add(records)
      this.#hash(Object.keys(fields), Object.values(fields), records.time, tag)
      if (this.#out.length >= WRITE_BYTES) this.#write()
    }
    lines.end()
  }

  #addGelf(tag: string, records: Records, count: number): void {
    for (let left = count; left > 0; left--) {
      records.next()
      const fields = gelfFields(records)
      putGelf(fields, records, tag, this.#out)
      this.#hash(Object.keys(fields), Object.values(fields), records.time, tag)
      if (this.#out.length >= WRITE_BYTES) this.#write()
    }
  }

  #addSyslog(mode: SyslogMode, records: Records, count: number): void {
    for (let left = count; left > 0; left--) {
      records.next()
      const fields = syslogFields(mode, records)
      putSyslog(mode, fields, records.time, this.#out)
      this.#hash(Object.keys(fields), Object.values(fields), records.time, '')
      if (this.#out.length >= WRITE_BYTES) this.#write()
    }
  }

  #hash(names: readonly string[], values: readonly unknown[], time: string, tag: string): void {
    for (let index = 0; index < names.length; index++) {
      this.#fields.addField(names[index]!, values[index])
      this.#events.addField(names[index]!, values[index])
    }
    this.#events.addField('time', time)
    this.#events.addField('tag', tag)
    this.#fields.endRecord()
    this.#events.endRecord()
  }

  #write(): void {
    const bytes = this.#out.written()
    for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done)
    this.#bytes += bytes.length
    this.#out.clear()
  }
}

function isForward(mode: Traffic['mode']): mode is ForwardMode {
  return (FORWARD_MODES as readonly string[]).includes(mode)
}

function isLines(mode: Traffic['mode']): mode is LineMode {
  return (LINE_MODES as readonly string[]).includes(mode)
}
