/** Lines of text to entries that differ in nothing but the text of their last field. */
import type { ByteWriter } from '../byte-writer.ts'
import { writeStrBytes } from '../msgpack/writer.ts'

export interface PlainLinesMade {
  readonly count: number
  /** Behind the last line end. */
  readonly used: number
}

/**
 * Appends `prefix` and the text, as a str, for each line between `start` and `end`; what is behind
 * the last line end is left. A carriage return before a line end belongs to it.
 */
export function plainLines(
  bytes: Uint8Array,
  start: number,
  end: number,
  prefix: Uint8Array,
  writer: ByteWriter,
): PlainLinesMade {
  let count = 0
  let position = start
  for (;;) {
    const next = bytes.indexOf(0x0a, position)
    if (next < 0 || next >= end) return { count, used: position }
    putPlainLine(bytes, position, next, prefix, writer)
    count++
    position = next + 1
  }
}

/** One line, whose end is at `end`. */
export function putPlainLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  prefix: Uint8Array,
  writer: ByteWriter,
): void {
  const textEnd = end > start && bytes[end - 1] === 0x0d ? end - 1 : end
  writer.append(prefix)
  writeStrBytes(writer, bytes, start, textEnd)
}
