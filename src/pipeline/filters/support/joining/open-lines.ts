/** The lines that wait for parts, those that have waited longest first. */
import type { Line } from './line.ts'

export class OpenLines {
  readonly #lines = new Map<string, Line>()
  /** Tags with open lines of an old Docker, and how many. */
  readonly #legacyTags = new Map<string, number>()

  get size(): number {
    return this.#lines.size
  }

  /** When the first of them has waited long enough; Infinity if there is none. */
  get nextExpiry(): number {
    let expiry = Infinity
    for (const line of this.#lines.values()) expiry = Math.min(expiry, line.expiresAt)
    return expiry
  }

  /** Whether an ordinary record of this tag may be the last part of a line. */
  hasLegacy(tag: string): boolean {
    return this.#legacyTags.has(tag)
  }

  get(key: string): Line | undefined {
    return this.#lines.get(key)
  }

  values(): Line[] {
    return [...this.#lines.values()]
  }

  add(line: Line): void {
    this.#lines.set(this.#slotFor(line), line)
    if (line.name.isLegacy) this.#countLegacy(line.name.tag, 1)
  }

  /** Moves a line behind the others, for it has just got a part. */
  touch(line: Line): void {
    if (!this.#lines.delete(line.slot)) return
    this.#lines.set(line.slot, line)
  }

  /** False if it was not there. */
  remove(line: Line): boolean {
    if (this.#lines.get(line.slot) !== line) return false
    this.#lines.delete(line.slot)
    if (line.name.isLegacy) this.#countLegacy(line.name.tag, -1)
    return true
  }

  /** A line that comes back while another of its key is open waits beside that one. */
  #slotFor(line: Line): string {
    const { key, id } = line.name
    line.slot = this.#lines.has(key) ? `${key}\0${id}` : key
    return line.slot
  }

  #countLegacy(tag: string, change: number): void {
    const count = (this.#legacyTags.get(tag) ?? 0) + change
    if (count === 0) this.#legacyTags.delete(tag)
    else this.#legacyTags.set(tag, count)
  }
}
