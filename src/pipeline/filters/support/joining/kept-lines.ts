/** Lines with parts in the journal: what it must contain, and what it says at start. */
import type { Held } from './journal.ts'
import { decodeRecord, encodePart } from './journal-record.ts'
import { Line, type LineOptions, type Part } from './line.ts'

/** From the moment a part is to be written until the line has been delivered. */
export class KeptLines implements Held {
  readonly #lines = new Set<Line>()

  get bytes(): number {
    let bytes = 0
    for (const line of this.#lines) bytes += line.memoryBytes
    return bytes
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0
  }

  payloads(): Uint8Array[] {
    return [...this.#lines].flatMap((line) => payloadsOf(line, line.parts))
  }

  add(line: Line): void {
    this.#lines.add(line)
  }

  /** False if it was not there. */
  remove(line: Line): boolean {
    return this.#lines.delete(line)
  }
}

export function payloadsOf(line: Line, parts: Iterable<Part>): Uint8Array[] {
  return [...parts].map((part) => encodePart(line.name, part, line.head))
}

/** The lines that a journal's payloads leave open. */
export function linesFrom(payloads: readonly Buffer[], options: LineOptions): Line[] {
  const lines = new Map<number, Line>()
  for (const payload of payloads) {
    const record = decodeRecord(payload)
    if (record?.kind === 'release') lines.delete(record.id)
    if (record?.kind !== 'part') continue
    const { line: name, part, head } = record
    const line = lines.get(name.id) ?? new Line(name, options)
    lines.set(name.id, line)
    if (!line.has(part.ordinal)) line.add(part, head)
  }
  return [...lines.values()]
}
