/** What is in the folder a collector writes to: sizes for watching, newlines for counting. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'

const NEWLINE = 0x0a
const READ_BYTES = 1024 * 1024

/** All files below the folder, in the order in which they were begun: rotated ones come first. */
export function outputFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort(byAge)
}

export interface OutputState {
  readonly bytes: number
  readonly changedMs: number
}

/** Bytes of all files, and when the last one changed. */
export function outputState(folder: string): OutputState {
  let bytes = 0
  let changedMs = 0
  for (const file of outputFiles(folder)) {
    const stat = statSync(file, { throwIfNoEntry: false })
    bytes += stat?.size ?? 0
    changedMs = Math.max(changedMs, stat?.mtimeMs ?? 0)
  }
  return { bytes, changedMs }
}

/** Counts newlines; what has been counted of a file is not read again. */
export class NewlineCount {
  readonly #folder: string
  readonly #done = new Map<number, number>()
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  #total = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** How many there are by now. */
  count(): number {
    for (const file of outputFiles(this.#folder)) this.#countFile(file)
    return this.#total
  }

  /** A rotated file keeps its number (inode) under its new name. */
  #countFile(file: string): void {
    const descriptor = openSync(file, 'r')
    try {
      const id = statSync(file).ino
      let offset = this.#done.get(id) ?? 0
      for (;;) {
        const length = readSync(descriptor, this.#buffer, 0, READ_BYTES, offset)
        if (length === 0) break
        this.#total += newlines(this.#buffer.subarray(0, length))
        offset += length
      }
      this.#done.set(id, offset)
    } finally {
      closeSync(descriptor)
    }
  }
}

export function newlines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++
  return count
}

/** `a@2026….log` was rotated out of `a.log`, and is older. */
function byAge(a: string, b: string): number {
  const [left, right] = [ageKey(a), ageKey(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

function ageKey(file: string): string {
  return file.includes('@') ? file : file.replace(/\.log$/, '@~')
}
