/** Several formats, of which the first counts that can read a line. */
import type { LineFormat, ParsedLine } from './format.ts'

export class FirstOf implements LineFormat {
  readonly type = 'first_of'
  readonly reasons: readonly string[] = ['no_format_fits']
  readonly #formats: readonly LineFormat[]

  constructor(formats: readonly LineFormat[]) {
    this.#formats = formats
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    for (let index = 0; index < this.#formats.length; index++) {
      if (this.#formats[index]!.parse(bytes, start, end, line)) return true
      line.reason = ''
    }
    return line.fail('no_format_fits', start)
  }
}
