/** Entries of texts of any format (src/codecs/formats/); what cannot be read is kept as it is. */
import { type LineFormat, ParsedLine } from '../../../codecs/formats/format.ts'
import {
  writeInteger,
  writeMapHeader,
  writeStr,
  writeStrBytes,
} from '../../../codecs/msgpack/writer.ts'
import type { Counter } from '../../../pipeline/metrics.ts'
import type { ConstantFields, MadeEntries } from './made-entries.ts'
import { writeCutMarks } from './plain-lines.ts'
import type { TextPart } from './text-encoding.ts'

const ENTRY_HEAD_BYTES = 11
/** A map of up to 15 pairs has a header of one byte, any other of three. */
export const SMALL_MAP_MAX = 15

export interface ParsedEntriesOptions {
  readonly format: LineFormat
  /** Fields of every event, asked for with each block: what is known of a container changes. */
  readonly fields: () => ConstantFields
  /** Field that has the offset of the line; null for none. */
  readonly offsetKey: string | null
  readonly parseFailed: Counter
}

export class ParsedEntries {
  fields: ConstantFields = { count: 0, bytes: new Uint8Array(0) }
  readonly #options: ParsedEntriesOptions
  #line: ParsedLine | null = null

  constructor(options: ParsedEntriesOptions) {
    this.#options = options
  }

  /** What was parsed last. */
  get line(): ParsedLine {
    return this.#line!
  }

  /** Call it before entries are added to `made`. */
  begin(made: MadeEntries): void {
    if (this.#line?.writer !== made.writer) this.#line = new ParsedLine(made.writer)
    this.fields = this.#options.fields()
  }

  /** Writes what stands before the fields of `line`, and those; false if it cannot be read. */
  parse({ bytes, start, end }: TextPart, offset: number, made: MadeEntries): boolean {
    const { format, offsetKey } = this.#options
    const { writer } = made
    const entry = writer.length
    made.writeArrivalHead()
    writer.length += 1
    writer.append(this.fields.bytes)
    if (offsetKey !== null) {
      writeStr(writer, offsetKey)
      writeInteger(writer, offset)
    }
    this.line.begin()
    if (format.parse(bytes, start, end, this.line)) return true
    writer.length = entry
    return false
  }

  /** Sets the time of the entry that begins at `entry`, and the header of its map. */
  finish(entry: number, made: MadeEntries): void {
    const { line } = this
    const { writer } = made
    const own = this.#options.offsetKey === null ? 0 : 1
    const count = this.fields.count + own + line.fieldCount
    const header = entry + ENTRY_HEAD_BYTES
    if (count > SMALL_MAP_MAX) {
      writer.reserve(2)
      writer.bytes.copyWithin(header + 3, header + 1, writer.length)
      writer.length += 2
    }
    const end = writer.length
    if (line.hasTime) {
      writer.length = entry
      made.writeHead(line.seconds, line.nanoseconds)
    }
    writer.length = header
    writeMapHeader(writer, count)
    writer.length = end
    made.count++
  }

  /** What cannot be read, with the reason; `originalSize` is 0 unless it is cut. */
  putRaw(text: TextPart, reason: string, originalSize: number, made: MadeEntries): void {
    const isCut = originalSize > 0
    const { writer } = made
    this.#options.parseFailed.add(1)
    made.writeArrivalHead()
    writeMapHeader(writer, this.fields.count + 2 + (isCut ? 2 : 0))
    writer.append(this.fields.bytes)
    writeStr(writer, 'message')
    writeStrBytes(writer, text.bytes, text.start, text.end)
    writeStr(writer, 'parse_failed')
    writeStr(writer, reason)
    if (isCut) writeCutMarks(writer, originalSize)
    made.count++
  }
}
