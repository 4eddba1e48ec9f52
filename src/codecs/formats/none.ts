/** No format: the whole line becomes one field, whatever its bytes are. */
import { ByteWriter } from '../byte-writer.ts'
import { writeStr, writeStrBytes } from '../msgpack/writer.ts'
import type { LineFormat, ParsedLine } from './format.ts'

export class NoneFormat implements LineFormat {
  readonly type = 'none'
  readonly reasons: readonly string[] = []
  /** Its name as msgpack. */
  readonly #field: Uint8Array

  constructor(field = 'log') {
    const writer = new ByteWriter(field.length + 8)
    writeStr(writer, field)
    this.#field = writer.written().slice()
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    line.writer.append(this.#field)
    writeStrBytes(line.writer, bytes, start, end)
    line.fieldCount = 1
    return true
  }
}
