/**
 * Bodies of lines: JSON objects (NDJSON, JSON Lines) or plain text. A line that cannot be read is
 * kept and marked, since those before it may be delivered already. Empty lines are none.
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
}

const NEWLINE = new Uint8Array([0x0a])

export class LineBody implements BodyDecoder {
  readonly #options: LineBodyOptions
  readonly #lines: LineSplitter

  constructor(options: LineBodyOptions) {
    const { lineMaxBytes } = options
    this.#options = options
    this.#lines = new LineSplitter({ delimiter: NEWLINE, lineMaxBytes, stripsReturn: true })
  }

  get heldBytes(): number {
    return this.#lines.heldBytes
  }

  push(bytes: Uint8Array, collector: RecordCollector): null {
    this.#lines.push(bytes)
    while (this.#lines.next()) this.#add(collector)
    return null
  }

  end(collector: RecordCollector): CodecError | null {
    if (this.#lines.last()) this.#add(collector)
    return null
  }

  #add(collector: RecordCollector): void {
    const { bytes, start, end, isPiece, isCut } = this.#lines
    const { format, pieceKey } = this.#options
    if (isPiece) {
      if (pieceKey === null) collector.addFailed(bytes, start, end, 'line_too_long')
      else collector.addPiece(pieceKey, bytes, start, end, isCut)
    } else if (!isBlank(bytes, start, end)) collector.addLine(format, bytes, start, end)
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  let position = start
  while (position < end && isJsonSpace(bytes[position]!)) position++
  return position === end
}
