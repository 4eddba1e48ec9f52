/**
 * Bounds how many files are open at once: to open one more, the one that was written longest ago
 * and has nothing in hand is closed. When all are at work, the newcomer waits for one to end.
 */

export interface Closable {
  /** Nothing in hand: closing it now delays nothing. */
  readonly isIdle: boolean
  /** Closes the file; must call `OpenFiles.remove`. */
  evict(): Promise<void>
}

export class OpenFiles {
  readonly #max: number
  /** In the order of use; a Map keeps the order of insertion. */
  readonly #open = new Map<Closable, true>()
  readonly #waiting: (() => void)[] = []

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#open.size
  }

  /** Makes room for the file and counts it as open. */
  async add(file: Closable): Promise<void> {
    while (this.#open.size >= this.#max) {
      if (await this.evictOne()) continue
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#open.set(file, true)
  }

  /** Closes the idle file that was written longest ago; false when there is none. */
  async evictOne(): Promise<boolean> {
    const idle = this.#leastRecentIdle()
    if (!idle) return false
    this.#open.delete(idle)
    await idle.evict()
    return true
  }

  /** Says that the file has just been written. */
  touch(file: Closable): void {
    if (this.#open.delete(file)) this.#open.set(file, true)
  }

  /** Says that the file is closed. */
  remove(file: Closable): void {
    this.#open.delete(file)
    this.#waiting.shift()?.()
  }

  /** Says that a file has become idle, so that whoever waits may take its place. */
  noteIdle(): void {
    this.#waiting.shift()?.()
  }

  #leastRecentIdle(): Closable | undefined {
    for (const file of this.#open.keys()) if (file.isIdle) return file
    return undefined
  }
}
