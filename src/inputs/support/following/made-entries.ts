/** Entries in the making, and what every one of them has: the fields of its file. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { writeEntryHead } from '../../../codecs/entry.ts'
import { writeInteger, writeMapHeader, writeStr } from '../../../codecs/msgpack/writer.ts'

/** Fields that every event of a file has, as msgpack pairs. */
export interface ConstantFields {
  readonly count: number
  readonly bytes: Uint8Array
}

export function constantFields(fields: readonly (readonly [string, unknown])[]): ConstantFields {
  const writer = new ByteWriter(256)
  for (const [key, value] of fields) {
    writeStr(writer, key)
    writeValue(writer, value)
  }
  return { count: fields.length, bytes: writer.written().slice() }
}

function writeValue(writer: ByteWriter, value: unknown): void {
  if (typeof value === 'number') return writeInteger(writer, value)
  if (typeof value !== 'object' || value === null) return writeStr(writer, String(value))
  const pairs = Object.entries(value)
  writeMapHeader(writer, pairs.length)
  for (const [key, inner] of pairs) {
    writeStr(writer, key)
    writeValue(writer, inner)
  }
}

/** A batch in the making. Reused once it was delivered. */
export class MadeEntries {
  readonly writer = new ByteWriter(512 * 1024)
  count = 0
  /** The time of what says none. */
  arrivalSeconds = 0
  arrivalNanoseconds = 0

  begin(nowMs: number): void {
    this.writer.clear()
    this.count = 0
    this.arrivalSeconds = Math.floor(nowMs / 1000)
    this.arrivalNanoseconds = (nowMs - this.arrivalSeconds * 1000) * 1_000_000
  }

  /** The eleven bytes before a record, with the time of arrival. */
  writeArrivalHead(): void {
    this.writeHead(this.arrivalSeconds, this.arrivalNanoseconds)
  }

  writeHead(seconds: number, nanoseconds: number): void {
    const { writer } = this
    writer.reserve(16)
    writer.length = writeEntryHead(writer.bytes, writer.length, seconds, nanoseconds)
  }
}
