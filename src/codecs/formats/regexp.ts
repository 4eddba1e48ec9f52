/**
 * The named groups of a regular expression (src/codecs/regexp). Groups that have not taken part in
 * the match leave no field. The line is read as UTF-8; what is none is U+FFFD in the fields.
 */
import { writeStr } from '../msgpack/writer.ts'
import type { Regexp } from '../regexp/regexp.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { type Column, columnOf, type FieldTypes, putColumn } from './text-fields.ts'

const encoder = new TextEncoder()

export interface RegexpFormatOptions {
  /** With at least one named group. */
  readonly regexp: Regexp
  readonly types?: FieldTypes
  /** Longer lines are not searched, since that takes 80 ns per character at worst. */
  readonly lineMaxBytes: number
}

interface Group {
  readonly number: number
  readonly column: Column
}

export class RegexpFormat implements LineFormat {
  readonly type = 'regexp'
  readonly reasons: readonly string[] = ['no_match', 'line_too_long']
  readonly #regexp: Regexp
  readonly #groups: readonly Group[]
  readonly #lineMaxBytes: number

  constructor({ regexp, types = {}, lineMaxBytes }: RegexpFormatOptions) {
    this.#regexp = regexp
    this.#lineMaxBytes = lineMaxBytes
    this.#groups = regexp.groupNames.flatMap((name, number) =>
      name === null ? [] : [{ number, column: columnOf(name, types) }],
    )
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    if (end - start > this.#lineMaxBytes) return line.fail('line_too_long', start)
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
    const match = this.#regexp.exec(text)
    if (match === null) return line.fail('no_match', start)
    for (let index = 0; index < this.#groups.length; index++) {
      const { number, column } = this.#groups[index]!
      const value = match[number]
      if (value !== undefined) putText(line, column, value)
    }
    return true
  }
}

function putText(line: ParsedLine, column: Column, value: string): void {
  if (column.type !== 'string') {
    const bytes = encoder.encode(value)
    return putColumn(line, column, bytes, 0, bytes.length)
  }
  line.writer.append(column.key)
  writeStr(line.writer, value)
  line.fieldCount++
}
