/**
 * Lines that come as a stream: JSON objects (NDJSON, JSON Lines), plain text, or what any format
 * reads. One that cannot be read is kept and marked, since those before it may be delivered
 * already. Empty lines are none.
 */
import type { CodecError } from '../codec-error.ts'
import type { LineFormat } from '../formats/format.ts'
import { isJsonSpace } from '../json/framer.ts'
import { LineSplitter } from '../text-lines/line-splitter.ts'
import type { BodyDecoder } from './body-decoder.ts'
import type { RecordCollector } from './record-collector.ts'

export interface LineBodyOptions {
  readonly format: LineFormat
  /** Longer lines come in pieces. */
  readonly lineMaxBytes: number
  /** The field of a piece, in a format that takes any text; null where a piece cannot be read. */
  readonly pieceKey: string | null
  /** A line break, by default. */
  readonly delimiter?: Uint8Array
  /** Whether the memory of what is pushed is given away with it. */
  readonly ownsChunks?: boolean
}

const NEWLINE = new Uint8Array([0x0a])

export class LineBody implements BodyDecoder {
  readonly #options: LineBodyOptions
  readonly #lines: LineSplitter
  /** Whether lines may be read many at a time: JSON in lines that end as all do. */
  readonly #isUsual: boolean

  constructor(options: LineBodyOptions) {
    const { lineMaxBytes, delimiter = NEWLINE, ownsChunks = false } = options
    const stripsReturn = delimiter.at(-1) === NEWLINE[0]
    this.#options = options
    this.#isUsual = options.pieceKey === null && stripsReturn && delimiter.length === 1
    this.#lines = new LineSplitter({ delimiter, lineMaxBytes, stripsReturn, ownsChunks })
  }

  get heldBytes(): number {
    return this.#lines.heldBytes
  }

  push(bytes: Uint8Array, collector: RecordCollector): null {
    this.#lines.push(bytes)
    do this.#addUsual(collector)
    while (this.#addNext(collector))
    return null
  }

  end(collector: RecordCollector): CodecError | null {
    if (this.#lines.last()) this.#add(collector)
    return null
  }

  /** Up to a line that is unusual, or not there as a whole. */
  #addUsual(collector: RecordCollector): void {
    const rest = this.#isUsual ? this.#lines.rest : null
    if (rest === null) return
    const { format, lineMaxBytes } = this.#options
    const run = { ...rest, separator: 'line', lineMaxBytes } as const
    this.#lines.skipTo(collector.addUsual(format, rest.bytes, run))
  }

  #addNext(collector: RecordCollector): boolean {
    if (!this.#lines.next()) return false
    this.#add(collector)
    return true
  }

  #add(collector: RecordCollector): void {
    const { bytes, start, end, isPiece, isCut } = this.#lines
    const { format, pieceKey } = this.#options
    // White space is text, where text is taken.
    const isEmpty = start === end || (pieceKey === null && isBlank(bytes, start, end))
    if (isEmpty) return
    if (isPiece) {
      if (pieceKey === null) collector.addFailed(bytes, start, end, 'line_too_long')
      else collector.addPiece(pieceKey, bytes, start, end, isCut)
    } else collector.addLine(format, bytes, start, end)
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  let position = start
  while (position < end && isJsonSpace(bytes[position]!)) position++
  return position === end
}
