/** What is the same for all messages of one sender: its zone, its tag, the fields it gets. */
import { ByteWriter } from '../byte-writer.ts'
import { writeStr } from '../msgpack/writer.ts'
import type { ZoneReader } from '../time/rfc3339.ts'
import type { EncodedFields } from './fields.ts'
import { SyslogTag, type SyslogTagPart } from './tag.ts'
import { SyslogTimes } from './times.ts'

export interface TextField {
  readonly key: string
  readonly value: string
}

export interface SenderOptions {
  /** Empty on a unix socket. */
  readonly address: string
  readonly tag: readonly SyslogTagPart[]
  readonly zone: ZoneReader
  /** Put behind those of every message. */
  readonly fields: readonly TextField[]
  /** The field that keeps when a message came; empty for none. */
  readonly arrivalKey: string
}

export class SyslogSender {
  readonly tag: SyslogTag
  readonly times: SyslogTimes
  #options: SenderOptions
  #arrivalMs = NaN
  #last: EncodedFields = { bytes: new Uint8Array(0), count: 0 }

  constructor(options: SenderOptions) {
    this.#options = options
    this.tag = new SyslogTag(options.tag, options.address)
    this.times = new SyslogTimes(options.zone)
  }

  /** For a name that is known only after the first message. */
  setFields(fields: readonly TextField[]): void {
    this.#options = { ...this.#options, fields }
    this.#arrivalMs = NaN
  }

  /** Call before what arrives at `nowMs` is read. */
  begin(nowMs: number): void {
    if (nowMs === this.#arrivalMs) return
    this.#arrivalMs = nowMs
    this.times.begin(nowMs)
    this.#last = this.#encode(nowMs)
  }

  /** Empty on a unix socket. */
  get address(): string {
    return this.#options.address
  }

  /** Milliseconds since 1970. */
  get arrivalMs(): number {
    return this.#arrivalMs
  }

  /** The fields that come last in every record. */
  get last(): EncodedFields {
    return this.#last
  }

  #encode(nowMs: number): EncodedFields {
    const { fields, arrivalKey } = this.#options
    const writer = new ByteWriter(64)
    for (const { key, value } of fields) {
      writeStr(writer, key)
      writeStr(writer, value)
    }
    if (arrivalKey === '') return { bytes: writer.written(), count: fields.length }
    writeStr(writer, arrivalKey)
    writeStr(writer, new Date(nowMs).toISOString())
    return { bytes: writer.written(), count: fields.length + 1 }
  }
}
