/**
 * Lines of any format (src/codecs/formats/): parsed, put together where they come in parts or are
 * one event, kept with the reason where they cannot be read. Of Docker's lines the usual ones are
 * for the kernel.
 */
import type { ParsedLine } from '../../../codecs/formats/format.ts'
import { KernelDockerLines } from '../../../codecs/kernel/docker-lines.ts'
import { isStrEqual } from '../../../codecs/record.ts'
import type { Joining } from './joining.ts'
import type { Block, LineReader } from './lines.ts'
import type { ConstantFields, MadeEntries } from './made-entries.ts'
import { findValue } from './open-line.ts'
import { OpenStream } from './open-stream.ts'
import { ParsedEntries, type ParsedEntriesOptions, SMALL_MAP_MAX } from './parsed-entries.ts'
import type { Offsets } from './positions.ts'
import { ReadOrder } from './read-order.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TextEncoding } from './text-encoding.ts'

/** Text that comes in parts, which stream it is of, and the name of the second one. */
const TEXT = Buffer.from('log')
const STREAM = Buffer.from('stream')
const STDERR = Buffer.from('stderr')

export interface FormatLinesOptions extends ParsedEntriesOptions {
  readonly encoding: TextEncoding
  readonly lineMaxBytes: number
  /** Which texts are one event. */
  readonly joining: Joining
  /** Told of memory that is taken, or given back with a negative number. */
  readonly hold: (bytes: number) => void
}

export class FormatLines implements LineReader {
  heldBytes = 0
  readonly encoding: TextEncoding
  readonly #options: FormatLinesOptions
  readonly #entries: ParsedEntries
  readonly #kernel: KernelDockerLines | null
  /** Of stdout, or what has no streams, and of stderr. */
  readonly #streams: readonly [OpenStream, OpenStream]
  readonly #order = new ReadOrder()
  #fields: ConstantFields | null = null
  #prefix: Uint8Array = new Uint8Array(0)

  constructor(options: FormatLinesOptions) {
    this.#options = options
    const { encoding, offsetKey, format, joining, lineMaxBytes } = options
    this.encoding = encoding
    this.#entries = new ParsedEntries(options)
    const stream = () => new OpenStream({ ...joining, bytesMax: lineMaxBytes })
    this.#streams = [stream(), stream()]
    const isFast = encoding.isUtf8 && offsetKey === null && joining.rule === null
    this.#kernel = isFast && format.type === 'docker' ? new KernelDockerLines() : null
  }

  read(block: Block, made: MadeEntries): number {
    this.#begin(block.file, made)
    const { encoding } = this
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
    const text = this.encoding.textOf(block.bytes, 0, block.end, block.offset === 0)
    this.#entries.putRaw(text, 'line_too_long', size, made)
  }

  offsetsIn(file: TailedFile, readTo: number): Offsets {
    const [one, other] = this.#streams
    return [
      this.#order.offsetOf(file, 0, readTo, one.open),
      this.#order.offsetOf(file, 1, readTo, other.open),
    ]
  }

  flush(made: MadeEntries): void {
    this.#entries.begin(made)
    for (const stream of this.#streams) stream.closeIdle(this.#entries.fields, made)
    this.#count()
  }

  reset(): void {
    for (const stream of this.#streams) stream.reset()
    this.#count()
  }

  #begin(file: TailedFile, made: MadeEntries): void {
    this.#order.begin(file)
    this.#kernel?.reset()
    this.#entries.begin(made)
    const { fields } = this.#entries
    if (fields === this.#fields) return
    this.#fields = fields
    this.#prefix = dockerPrefix(fields)
  }

  /** Only where nothing is held of a line before, and nothing is to be left out. */
  #readFast(block: Block, start: number, made: MadeEntries): number {
    const { file, offset } = block
    const isFresh = offset + start >= Math.max(...file.at)
    if (!this.#kernel || !isFresh || this.heldBytes > 0) return start
    if (this.#entries.fields.count + 2 > SMALL_MAP_MAX) return start
    const { bytes, end } = block
    const { count, used } = this.#kernel.read(bytes, start, end, this.#prefix, made.writer)
    made.count += count
    return used
  }

  #readLine(block: Block, start: number, end: number, made: MadeEntries): void {
    const entries = this.#entries
    const { writer } = made
    const entry = writer.length
    const offset = block.offset + start
    const text = this.encoding.textOf(block.bytes, start, end, offset === 0)
    if (!entries.parse(text, offset, made))
      return entries.putRaw(text, entries.line.reason, 0, made)
    const stream = streamOf(entries.line)
    if (offset < block.file.at[stream]) writer.length = entry
    else if (!this.#join(block.file, offset, { entry, stream }, made)) entries.finish(entry, made)
  }

  /** False if the line is an event as it is, and nothing is held of its stream. */
  #join(file: TailedFile, offset: number, { entry, stream }: Parsed, made: MadeEntries): boolean {
    const { line, fields } = this.#entries
    const joined = this.#streams[stream]
    if (!this.#options.joining.rule && !line.isPartial && joined.open === null) return false
    const { bytes, length } = line.writer
    const value = findValue(bytes, line.start, line.fieldCount, TEXT)
    if (value < 0 || joined.isAlone(bytes, value, line.isPartial)) return false
    const { seconds, nanoseconds } = line.hasTime
      ? line
      : { seconds: made.arrivalSeconds, nanoseconds: made.arrivalNanoseconds }
    const pairs = bytes.subarray(line.start, length)
    const part = { file, offset, seconds, nanoseconds, pairs, pairCount: line.fieldCount }
    made.writer.length = entry
    joined.add({ ...part, text: value - line.start }, line.isPartial, fields, made)
    this.#count()
    return true
  }

  #count(): void {
    const bytes = this.#streams[0].heldBytes + this.#streams[1].heldBytes
    if (bytes !== this.heldBytes) this.#options.hold(bytes - this.heldBytes)
    this.heldBytes = bytes
  }
}

interface Parsed {
  /** Where its entry begins. */
  readonly entry: number
  readonly stream: 0 | 1
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
