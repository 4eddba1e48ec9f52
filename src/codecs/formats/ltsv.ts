/** LTSV, http://ltsv.org: `label:value` with a tab between two. */
import { writeStrBytes } from '../msgpack/writer.ts'
import { findByte } from './bytes.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { type FieldTypes, putValue, TypesByName } from './text-fields.ts'

const TAB = 0x09
const COLON = 0x3a

export class LtsvFormat implements LineFormat {
  readonly type = 'ltsv'
  readonly reasons: readonly string[] = ['invalid_ltsv']
  readonly #types: TypesByName

  constructor(types: FieldTypes = {}) {
    this.#types = new TypesByName(types)
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    let position = start
    while (position < end) {
      const columnEnd = findByte(bytes, TAB, position, end)
      if (columnEnd > position) {
        const colon = findByte(bytes, COLON, position, columnEnd)
        if (colon === columnEnd || colon === position) return line.fail('invalid_ltsv', position)
        writeStrBytes(line.writer, bytes, position, colon)
        const type = this.#types.of(bytes, position, colon)
        putValue(line.writer, type, bytes, colon + 1, columnEnd)
        line.fieldCount++
      }
      position = columnEnd + 1
    }
    return line.fieldCount > 0 || line.fail('invalid_ltsv', start)
  }
}
