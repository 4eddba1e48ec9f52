/** No format: the whole line becomes one field, whatever its bytes are. */
import { writeStr, writeStrBytes } from '../msgpack/writer.ts'
import type { LineFormat, ParsedLine } from './format.ts'

export class NoneFormat implements LineFormat {
  readonly type = 'none'
  readonly reasons: readonly string[] = []
  readonly #field: string

  constructor(field = 'log') {
    this.#field = field
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    writeStr(line.writer, this.#field)
    writeStrBytes(line.writer, bytes, start, end)
    line.fieldCount = 1
    return true
  }
}
