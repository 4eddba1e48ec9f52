/**
 * How often an event was replayed, for the dead letter that it becomes if it fails again. An event
 * carries no such number on its way, so it is known again by its bytes: not if a filter has changed
 * it, nor by another process.
 */
import type { Letter } from './letter-line.ts'

/** The oldest are forgotten. */
const REMEMBERED_MAX = 100_000

type Bytes = Pick<Letter, 'entry' | 'crc'>

export class ReplayCounts {
  readonly #counts = new Map<string, number>()

  expect(letter: Letter): void {
    if (this.#counts.size >= REMEMBERED_MAX) this.#forgetOldest()
    this.#counts.set(keyOf(letter), letter.head.replays + 1)
  }

  of(event: Bytes): number {
    return this.#counts.size === 0 ? 0 : (this.#counts.get(keyOf(event)) ?? 0)
  }

  #forgetOldest(): void {
    const [oldest] = this.#counts.keys()
    if (oldest !== undefined) this.#counts.delete(oldest)
  }
}

function keyOf({ entry, crc }: Bytes): string {
  return `${entry.length} ${crc}`
}
