/** Escapes text that is already in a writer, in place; for text that is made of other text. */
import type { ByteWriter } from './byte-writer.ts'

export interface Escapes {
  /** What goes before an escaped byte. */
  readonly escape: number
  /** For each byte what stands for it behind `escape`; 0 for a byte that stays as it is. */
  readonly letters: Uint8Array
}

/** `escapesOf('\\', { '\n': 'n' })`: all characters are ASCII. */
export function escapesOf(escape: string, letters: Readonly<Record<string, string>>): Escapes {
  const table = new Uint8Array(256)
  for (const [character, letter] of Object.entries(letters)) {
    table[character.charCodeAt(0)] = letter.charCodeAt(0)
  }
  return { escape: escape.charCodeAt(0), letters: table }
}

/** Escapes what was written from `start` on. */
export function escapeWritten(writer: ByteWriter, start: number, escapes: Escapes): void {
  const { escape, letters } = escapes
  const added = countEscaped(writer, start, letters)
  if (added === 0) return
  writer.reserve(added)
  const { bytes } = writer
  let source = writer.length - 1
  writer.length += added
  // From the back, so that no byte is overwritten before it has moved.
  for (let target = writer.length - 1; target > source; target--) {
    const byte = bytes[source--]!
    const letter = letters[byte]!
    bytes[target] = letter === 0 ? byte : letter
    if (letter !== 0) bytes[--target] = escape
  }
}

/** Puts what was written from `start` on between two bytes `quote`. */
export function quoteWritten(writer: ByteWriter, start: number, quote: number): void {
  writer.reserve(2)
  writer.bytes.copyWithin(start + 1, start, writer.length)
  writer.bytes[start] = quote
  writer.bytes[writer.length + 1] = quote
  writer.length += 2
}

function countEscaped(writer: ByteWriter, start: number, letters: Uint8Array): number {
  let count = 0
  for (let index = start; index < writer.length; index++) {
    if (letters[writer.bytes[index]!] !== 0) count++
  }
  return count
}
