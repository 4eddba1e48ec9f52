/**
 * What a line is made of: the interface between those who have lines (`tail`, `parse`, …) and the
 * formats in this folder, which know how to read one.
 *
 * A format appends the line's fields to a writer as msgpack pairs, key and value after key and
 * value, without the header of a map around them: whoever asked may add fields of its own and
 * writes the header when it knows their number. It says the time if the line carries one. Formats
 * are pure, keep no state from line to line, and hold no line back.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { ENTRY_SECONDS_MAX, NANOSECONDS_MAX } from '../entry.ts'

export interface LineFormat {
  /** As it is called in a configuration: `json`. */
  readonly type: string
  /** The words that `line.reason` may be. */
  readonly reasons: readonly string[]
  /**
   * Reads the line from `start` to `end`, its line end left out, between `line.begin()` and the
   * use of what it found. True: the fields stand in `line.writer` from `line.start` on. False:
   * `line.reason` says why, and nothing has been appended.
   */
  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean
}

/** What a format has found in a line. Reused for every line, so that nothing is made per line. */
export class ParsedLine {
  /** Where fields are appended: commonly a batch in the making. Its `bytes` may be replaced. */
  writer: ByteWriter
  /** Where in the writer the fields of this line start. */
  start = 0
  fieldCount = 0
  /** Whether the line says its time; then `seconds` (since 1970) and `nanoseconds` are set. */
  hasTime = false
  seconds = 0
  nanoseconds = 0
  /** The line has a time that cannot be read; it stays a field. */
  hasBadTime = false
  /** The line is a piece of a longer one, and not its last: Docker and CRI cut at 16 KiB. */
  isPartial = false
  /** Why the line cannot be read, as a short snake_case word; empty if it could. */
  reason = ''
  /** Where the trouble is, in bytes as `start` and `end` count. */
  faultOffset = 0

  constructor(writer: ByteWriter) {
    this.writer = writer
  }

  /** Call it before each line, when all that stands before its fields has been written. */
  begin(): void {
    this.start = this.writer.length
    this.fieldCount = 0
    this.hasTime = false
    this.hasBadTime = false
    this.isPartial = false
    this.reason = ''
  }

  /** False if an entry cannot hold that time (1970 to 2106): then the line has none. */
  setTime(seconds: number, nanoseconds: number): boolean {
    if (!(seconds >= 0 && seconds <= ENTRY_SECONDS_MAX && nanoseconds <= NANOSECONDS_MAX))
      return false
    this.seconds = seconds
    this.nanoseconds = nanoseconds
    this.hasTime = true
    return true
  }

  /** Takes back what has been appended; always false, to be returned by `parse`. */
  fail(reason: string, offset: number): false {
    this.writer.length = this.start
    this.fieldCount = 0
    this.hasTime = false
    this.hasBadTime = false
    this.isPartial = false
    this.reason = reason
    this.faultOffset = offset
    return false
  }
}
