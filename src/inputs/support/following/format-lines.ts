/**
 * Lines of any format (src/codecs/formats/): parsed, put together where they come in parts, kept
 * with the reason where they cannot be read. Of Docker's lines the usual ones are for the kernel.
 */
import type { LineFormat } from '../../../codecs/formats/format.ts'
import { ParsedLine } from '../../../codecs/formats/format.ts'
import { KernelDockerLines } from '../../../codecs/kernel/docker-lines.ts'
import { isStrEqual } from '../../../codecs/record.ts'
import {
  writeInteger,
  writeMapHeader,
  writeStr,
  writeStrBytes,
} from '../../../codecs/msgpack/writer.ts'
import type { Counter } from '../../../pipeline/metrics.ts'
import type { Block, LineReader } from './lines.ts'
import type { ConstantFields, MadeEntries } from './made-entries.ts'
import { findValue, OpenLine } from './open-line.ts'
import { writeCutMarks } from './plain-lines.ts'
import type { Offsets } from './positions.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TextEncoding } from './text-encoding.ts'

/** Text that comes in parts, which stream it is of, and the name of the second one. */
const TEXT = Buffer.from('log')
const STREAM = Buffer.from('stream')
const STDERR = Buffer.from('stderr')
const ENTRY_HEAD_BYTES = 11
/** A map of up to 15 pairs has a header of one byte, any other of three. */
const SMALL_MAP_MAX = 15

export interface FormatLinesOptions {
  readonly format: LineFormat
  /** Fields of every event, asked for with each block: what is known of a container changes. */
  readonly fields: () => ConstantFields
  readonly offsetKey: string | null
  readonly encoding: TextEncoding
  readonly lineMaxBytes: number
  readonly parseFailed: Counter
  /** Told of memory that is taken, or given back with a negative number. */
  readonly hold: (bytes: number) => void
}

export class FormatLines implements LineReader {
  heldBytes = 0
  readonly lineEndBytes: number
  readonly #options: FormatLinesOptions
  readonly #kernel: KernelDockerLines | null
  /** Of stdout, or what has no streams, and of stderr. */
  readonly #open: [OpenLine | null, OpenLine | null] = [null, null]
  /** In which order files were begun. */
  readonly #order = new WeakMap<TailedFile, number>()
  #begun = 0
  #line: ParsedLine | null = null
  #fields: ConstantFields = { count: 0, bytes: new Uint8Array(0) }
  #prefix: Uint8Array = new Uint8Array(0)

  constructor(options: FormatLinesOptions) {
    this.#options = options
    this.lineEndBytes = options.encoding.unitBytes
    const isFast = options.encoding.isUtf8 && options.offsetKey === null
    this.#kernel = isFast && options.format.type === 'docker' ? new KernelDockerLines() : null
  }

  read(block: Block, made: MadeEntries): number {
    this.#begin(block.file, made)
    const { encoding } = this.#options
    let start = 0
    while (start < block.end) {
      start = this.#readFast(block, start, made)
      const end = encoding.findLineEnd(block.bytes, start, block.end)
      if (end < 0 && (!block.isLast || start >= block.end)) break
      const to = end < 0 ? block.end : end
      this.#readLine(block, start, to, made)
      start = Math.min(block.end, to + encoding.unitBytes)
    }
    return start
  }

  readLong(block: Block, size: number, made: MadeEntries): void {
    this.#begin(block.file, made)
    this.#putRaw(block, 0, block.end, made, 'line_too_long', size)
  }

  findLineEnd(bytes: Uint8Array, start: number, end: number): number {
    return this.#options.encoding.findLineEnd(bytes, start, end)
  }

  offsetsIn(file: TailedFile, readTo: number): Offsets {
    return [this.#offsetOf(0, file, readTo), this.#offsetOf(1, file, readTo)]
  }

  flush(made: MadeEntries): void {
    this.#fields = this.#options.fields()
    for (const stream of [0, 1] as const) this.#close(stream, made)
  }

  reset(): void {
    this.#open[0] = this.#open[1] = null
    this.#count()
  }

  #begin(file: TailedFile, made: MadeEntries): void {
    if (!this.#order.has(file)) this.#order.set(file, this.#begun++)
    this.#kernel?.reset()
    if (this.#line?.writer !== made.writer) this.#line = new ParsedLine(made.writer)
    const fields = this.#options.fields()
    if (fields === this.#fields && this.#prefix.length > 0) return
    this.#fields = fields
    this.#prefix = dockerPrefix(fields)
  }

  /** Only where nothing is held of a line before, and nothing is to be left out. */
  #readFast(block: Block, start: number, made: MadeEntries): number {
    const { file, offset } = block
    const isFresh = offset + start >= Math.max(...file.at)
    if (!this.#kernel || !isFresh || this.heldBytes > 0) return start
    if (this.#fields.count + 2 > SMALL_MAP_MAX) return start
    const { bytes, end } = block
    const { count, used } = this.#kernel.read(bytes, start, end, this.#prefix, made.writer)
    made.count += count
    return used
  }

  #readLine(block: Block, start: number, end: number, made: MadeEntries): void {
    const { encoding, offsetKey, format } = this.#options
    const line = this.#line!
    const { writer } = made
    const entry = writer.length
    const text = encoding.textOf(block.bytes, start, end, block.offset + start === 0)
    made.writeArrivalHead()
    writer.length += 1
    writer.append(this.#fields.bytes)
    if (offsetKey !== null) {
      writeStr(writer, offsetKey)
      writeInteger(writer, block.offset + start)
    }
    line.begin()
    if (!format.parse(text.bytes, text.start, text.end, line)) {
      writer.length = entry
      return this.#putRaw(block, start, end, made, line.reason, end - start)
    }
    const stream = streamOf(line)
    const isDelivered = block.offset + start < block.file.at[stream]
    const isPart = line.isPartial || this.#open[stream] !== null
    if (isDelivered || (isPart && this.#addPart(block, start, stream, made))) writer.length = entry
    else this.#finish(entry, line, made)
    if (!isDelivered && isPart && !line.isPartial) this.#close(stream, made)
  }

  /** False if the line has no text that could be a part. */
  #addPart(block: Block, start: number, stream: 0 | 1, made: MadeEntries): boolean {
    const line = this.#line!
    const { bytes } = line.writer
    const value = findValue(bytes, line.start, line.fieldCount, TEXT)
    if (value < 0) return false
    const open = this.#open[stream]
    if (open) open.add(bytes, value)
    else {
      const pairs = bytes.subarray(line.start, line.writer.length)
      const { seconds, nanoseconds } = line.hasTime
        ? line
        : { seconds: made.arrivalSeconds, nanoseconds: made.arrivalNanoseconds }
      const offset = block.offset + start
      const first = { file: block.file, offset, seconds, nanoseconds, pairs }
      const { lineMaxBytes } = this.#options
      this.#open[stream] = new OpenLine(
        { ...first, pairCount: line.fieldCount },
        TEXT,
        lineMaxBytes,
      )
    }
    this.#count()
    return true
  }

  /** Sets the time, and the header of the map whose fields are written. */
  #finish(entry: number, line: ParsedLine, made: MadeEntries): void {
    const { writer } = made
    const own = this.#options.offsetKey === null ? 0 : 1
    const count = this.#fields.count + own + line.fieldCount
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

  /** What cannot be read is kept as it is, with the reason. */
  #putRaw(
    block: Block,
    start: number,
    end: number,
    made: MadeEntries,
    reason: string,
    size: number,
  ): void {
    const isCut = size > end - start
    const { writer } = made
    this.#options.parseFailed.add(1)
    made.writeArrivalHead()
    writeMapHeader(writer, this.#fields.count + 2 + (isCut ? 2 : 0))
    writer.append(this.#fields.bytes)
    writeStr(writer, 'message')
    const isFirst = block.offset + start === 0
    const text = this.#options.encoding.textOf(block.bytes, start, end, isFirst)
    writeStrBytes(writer, text.bytes, text.start, text.end)
    writeStr(writer, 'parse_failed')
    writeStr(writer, reason)
    if (isCut) writeCutMarks(writer, size)
    made.count++
  }

  #close(stream: 0 | 1, made: MadeEntries): void {
    this.#open[stream]?.write(made, this.#fields)
    this.#open[stream] = null
    this.#count()
  }

  #count(): void {
    const bytes = (this.#open[0]?.heldBytes ?? 0) + (this.#open[1]?.heldBytes ?? 0)
    if (bytes !== this.heldBytes) this.#options.hold(bytes - this.heldBytes)
    this.heldBytes = bytes
  }

  /** Lines of a stream are delivered up to the one that is open; files behind its own wait too. */
  #offsetOf(stream: 0 | 1, file: TailedFile, readTo: number): number {
    const done = file.at[stream]
    const own = this.#order.get(file)
    if (own === undefined) return done
    const open = this.#open[stream]
    if (open?.file === file) return Math.max(done, open.offset)
    const isBehind = open && own > (this.#order.get(open.file) ?? 0)
    return isBehind ? done : Math.max(done, readTo)
  }
}

/** A map's header, the fields of every event, and the key of the text. */
function dockerPrefix(fields: ConstantFields): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(0x80 | (fields.count + 2)),
    fields.bytes,
    Uint8Array.of(0xa0 | TEXT.length),
    TEXT,
  ])
}

function streamOf(line: ParsedLine): 0 | 1 {
  const { bytes } = line.writer
  const value = findValue(bytes, line.start, line.fieldCount, STREAM)
  return value >= 0 && isStrEqual(bytes, value, STDERR) ? 1 : 0
}
