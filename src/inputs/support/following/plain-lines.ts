/** `format: none`: each line is the text of one field, nothing is held back. */
import { type ByteWriter } from '../../../codecs/byte-writer.ts'
import { plainLines } from '../../../codecs/kernel/plain-lines.ts'
import {
  writeBoolean,
  writeInteger,
  writeMapHeader,
  writeStr,
  writeStrBytes,
} from '../../../codecs/msgpack/writer.ts'
import type { Counter } from '../../../pipeline/metrics.ts'
import type { Block, LineReader } from './lines.ts'
import type { ConstantFields, MadeEntries } from './made-entries.ts'
import type { Offsets } from './positions.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TextEncoding } from './text-encoding.ts'

export interface PlainLinesOptions {
  readonly fields: ConstantFields
  /** Of the text. */
  readonly key: string
  /** Field that has the offset of the line; null for none. */
  readonly offsetKey: string | null
  readonly encoding: TextEncoding
  readonly lineMaxBytes: number
  readonly linesCut: Counter
}

export class PlainLines implements LineReader {
  readonly heldBytes = 0
  readonly encoding: TextEncoding
  readonly #options: PlainLinesOptions

  constructor(options: PlainLinesOptions) {
    this.#options = options
    this.encoding = options.encoding
  }

  read(block: Block, made: MadeEntries): number {
    const { encoding, lineMaxBytes, linesCut } = this.#options
    if (this.#isUsual(block)) return this.#readFast(block, made)
    let start = 0
    while (start < block.end) {
      const end = encoding.findLineEnd(block.bytes, start, block.end)
      if (end < 0 && !block.isLast) break
      const to = end < 0 ? block.end : end
      const size = to - start
      if (size > lineMaxBytes) linesCut.add(1)
      this.#put(block, start, start + Math.min(size, lineMaxBytes), size, made)
      start = Math.min(block.end, to + encoding.unitBytes)
    }
    return start
  }

  readLong(block: Block, size: number, made: MadeEntries): void {
    this.#put(block, 0, block.end, size, made)
  }

  offsetsIn(_file: TailedFile, readTo: number): Offsets {
    return [readTo, readTo]
  }

  flush(): void {
    // Nothing is held.
  }

  reset(): void {
    // Nothing is held.
  }

  /** Whether lines are taken as they are, and none can be too long. */
  #isUsual({ isLast, end }: Block): boolean {
    const { encoding, offsetKey, lineMaxBytes } = this.#options
    return offsetKey === null && encoding.isUtf8 && !isLast && end <= lineMaxBytes
  }

  #readFast({ bytes, end, offset }: Block, made: MadeEntries): number {
    const { fields, key, encoding } = this.#options
    const start = encoding.markBytes(bytes, end, offset)
    const { writer } = made
    const from = writer.length
    made.writeArrivalHead()
    writeMapHeader(writer, fields.count + 1)
    writer.append(fields.bytes)
    writeStr(writer, key)
    const prefix = writer.bytes.slice(from, writer.length)
    writer.length = from
    const { count, used } = plainLines(bytes, start, end, prefix, writer)
    made.count += count
    return used
  }

  /** `size` is that of the whole line, of which only a part may be there. */
  #put({ bytes, offset }: Block, start: number, end: number, size: number, made: MadeEntries) {
    const { fields, key, offsetKey, encoding } = this.#options
    const { writer } = made
    const isCut = size > end - start
    made.writeArrivalHead()
    writeMapHeader(writer, fields.count + 1 + (offsetKey === null ? 0 : 1) + (isCut ? 2 : 0))
    writer.append(fields.bytes)
    if (offsetKey !== null) {
      writeStr(writer, offsetKey)
      writeInteger(writer, offset + start)
    }
    writeStr(writer, key)
    const text = encoding.textOf(bytes, start, end, offset + start === 0)
    writeStrBytes(writer, text.bytes, text.start, text.end)
    if (isCut) writeCutMarks(writer, size)
    made.count++
  }
}

/** As the `join_parts` filter marks what it cuts. */
export function writeCutMarks(writer: ByteWriter, originalSize: number): void {
  writeStr(writer, 'truncated')
  writeBoolean(writer, true)
  writeStr(writer, 'original_size')
  writeInteger(writer, originalSize)
}
