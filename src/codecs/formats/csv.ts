/**
 * Columns by RFC 4180: `a,"b ""c""",d`. Names come from the configuration. A line with fewer
 * columns leaves out the last fields; one with more is a fault, for they would have no name.
 */
import { ByteWriter } from '../byte-writer.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { type Column, columnOf, type FieldTypes, putColumn } from './text-fields.ts'

const QUOTE = 0x22

export interface CsvOptions {
  /** Names of the columns, in order; at least one. */
  readonly fields: readonly string[]
  /** One ASCII character. */
  readonly delimiter?: string
  readonly types?: FieldTypes
}

export class CsvFormat implements LineFormat {
  readonly type = 'csv'
  readonly reasons: readonly string[] = ['invalid_csv', 'too_many_columns', 'empty_line']
  readonly #columns: readonly Column[]
  readonly #delimiter: number
  readonly #scratch = new ByteWriter(256)

  constructor({ fields, delimiter = ',', types = {} }: CsvOptions) {
    this.#columns = fields.map((name) => columnOf(name, types))
    this.#delimiter = delimiter.charCodeAt(0)
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    if (start === end) return line.fail('empty_line', start)
    let position = start
    for (let index = 0; ; index++) {
      const column = this.#columns[index]
      if (!column) return line.fail('too_many_columns', position)
      const isQuoted = position < end && bytes[position] === QUOTE
      const columnEnd = isQuoted
        ? this.#readQuoted(bytes, position, end, column, line)
        : this.#readPlain(bytes, position, end, column, line)
      if (columnEnd < 0) return line.fail('invalid_csv', position)
      if (columnEnd === end) return true
      position = columnEnd + 1
    }
  }

  #readPlain(
    bytes: Uint8Array,
    start: number,
    end: number,
    column: Column,
    line: ParsedLine,
  ): number {
    let position = start
    while (position < end && bytes[position] !== this.#delimiter) position++
    putColumn(line, column, bytes, start, position)
    return position
  }

  /** The offset behind the closing quote, or -1 if there is none or something follows it. */
  #readQuoted(
    bytes: Uint8Array,
    start: number,
    end: number,
    column: Column,
    line: ParsedLine,
  ): number {
    const text = this.#scratch
    text.clear()
    text.reserve(end - start)
    for (let position = start + 1; position < end; position++) {
      const byte = bytes[position]!
      if (byte === QUOTE) {
        if (position + 1 === end || bytes[position + 1] === this.#delimiter) {
          putColumn(line, column, text.bytes, 0, text.length)
          return position + 1
        }
        if (bytes[position + 1] !== QUOTE) return -1
        position++
      }
      text.bytes[text.length++] = byte
    }
    return -1
  }
}
