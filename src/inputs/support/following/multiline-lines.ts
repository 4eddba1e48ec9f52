/**
 * Lines of which several are one event (codecs/multiline): their text is put together, with line
 * feeds between, before its format is looked at.
 */
import { HeldText } from '../../../codecs/multiline/held-text.ts'
import type { MultilineRule } from '../../../codecs/multiline/multiline.ts'
import type { Counter } from '../../../pipeline/metrics.ts'
import type { Joining } from './joining.ts'
import type { Block, LineReader } from './lines.ts'
import type { MadeEntries } from './made-entries.ts'
import { ParsedEntries, type ParsedEntriesOptions } from './parsed-entries.ts'
import { writeCutMarks } from './plain-lines.ts'
import type { Offsets } from './positions.ts'
import { type HeldFrom, ReadOrder } from './read-order.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TextEncoding, TextPart } from './text-encoding.ts'

/** Memory that is kept for the next event. */
const KEPT_BYTES = 64 * 1024

export interface MultilineLinesOptions extends ParsedEntriesOptions {
  readonly rule: MultilineRule
  readonly joining: Joining
  readonly encoding: TextEncoding
  /** Of an event. */
  readonly lineMaxBytes: number
  readonly linesCut: Counter
  /** Told of memory that is taken, or given back with a negative number. */
  readonly hold: (bytes: number) => void
}

export class MultilineLines implements LineReader {
  heldBytes = 0
  readonly encoding: TextEncoding
  readonly #options: MultilineLinesOptions
  readonly #entries: ParsedEntries
  readonly #order = new ReadOrder()
  #held: HeldText
  /** Where what is held begins. */
  #from: HeldFrom | null = null
  /** Of the rule. */
  #state = 0
  #nowMs = 0
  #grownAtMs = 0

  constructor(options: MultilineLinesOptions) {
    this.#options = options
    this.encoding = options.encoding
    this.#entries = new ParsedEntries(options)
    this.#held = new HeldText(options.lineMaxBytes)
  }

  read(block: Block, made: MadeEntries): number {
    this.#begin(block.file, made)
    const { encoding, lineMaxBytes, linesCut } = this.#options
    const { bytes, end: blockEnd, isLast } = block
    let start = 0
    while (start < blockEnd) {
      const end = encoding.findLineEnd(bytes, start, blockEnd)
      if (end < 0 && !isLast) break
      const to = end < 0 ? blockEnd : end
      if (to - start > lineMaxBytes) linesCut.add(1)
      this.#take(block, start, to, made)
      start = Math.min(blockEnd, to + encoding.unitBytes)
    }
    this.#count()
    return start
  }

  readLong(block: Block, size: number, made: MadeEntries): void {
    this.#begin(block.file, made)
    this.#take(block, 0, block.end, made, size - block.end)
    this.#count()
  }

  /** There are no streams: both are alike. */
  offsetsIn(file: TailedFile, readTo: number): Offsets {
    const offset = this.#order.offsetOf(file, 0, readTo, this.#from)
    return [offset, offset]
  }

  flush(made: MadeEntries): void {
    const { now, flushAfterMs } = this.#options.joining
    if (now() - this.#grownAtMs < flushAfterMs) return
    this.#entries.begin(made)
    this.#pass(made)
    this.#state = 0
    this.#count()
  }

  reset(): void {
    this.#clear()
    this.#state = 0
    this.#count()
  }

  #begin(file: TailedFile, made: MadeEntries): void {
    this.#order.begin(file)
    this.#entries.begin(made)
    this.#nowMs = this.#options.joining.now()
  }

  /** `missing` is how much of the line is not there, since it is too long. */
  #take(block: Block, start: number, end: number, made: MadeEntries, missing = 0): void {
    const { file, bytes, offset } = block
    const { rule, encoding } = this.#options
    const text = encoding.textOf(bytes, start, end, offset + start === 0)
    this.#state = rule.next(this.#state, text.bytes, text.start, text.end)
    if (!rule.continues || this.#isTooMuch(text)) this.#pass(made)
    this.#from ??= { file, offset: offset + start }
    this.#held.add(text.bytes, text.start, text.end)
    this.#held.originalSize += missing
    this.#grownAtMs = this.#nowMs
    if (!rule.isOpen) this.#pass(made)
  }

  /** A line that would make its event too long begins another, so that it is not cut. */
  #isTooMuch({ start, end }: TextPart): boolean {
    return this.#held.originalSize + 1 + end - start > this.#options.lineMaxBytes
  }

  /** Makes an entry of what is held. */
  #pass(made: MadeEntries): void {
    const held = this.#held
    const from = this.#from
    if (from === null) return
    const { writer } = made
    const entry = writer.length
    const bytes = held.text()
    const text = { bytes, start: 0, end: bytes.length }
    const originalSize = held.isTruncated ? held.originalSize : 0
    if (this.#entries.parse(text, from.offset, made)) {
      if (originalSize > 0) this.#markCut(made, originalSize)
      this.#entries.finish(entry, made)
    } else this.#entries.putRaw(text, this.#entries.line.reason, originalSize, made)
    this.#clear()
  }

  #markCut({ writer }: MadeEntries, originalSize: number): void {
    writeCutMarks(writer, originalSize)
    this.#entries.line.fieldCount += 2
  }

  #clear(): void {
    this.#from = null
    this.#held.clear()
    if (this.#held.memoryBytes > KEPT_BYTES) this.#held = new HeldText(this.#options.lineMaxBytes)
  }

  #count(): void {
    const bytes = this.#from === null ? 0 : this.#held.memoryBytes
    if (bytes !== this.heldBytes) this.#options.hold(bytes - this.heldBytes)
    this.heldBytes = bytes
  }
}
