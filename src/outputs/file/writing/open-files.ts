/**
 * Bounds how many files are open at once: to open one more, the one that was written longest ago
 * is closed; rather one with nothing in hand than one that waits for its turn or for the disk. One
 * at work is never closed: there are no more at work than may be open (work-queue.ts).
 */

export interface Closable {
  /** Nothing in hand: closing it now delays nothing. */
  readonly isIdle: boolean
  /** The file may not be closed now. */
  readonly isAtWork: boolean
  /** Closes the file; must call `OpenFiles.remove`. */
  evict(): Promise<void>
}

/** When the process may open no more, this part of the files goes on: the rest is for sockets. */
const MAKE_DO_PART = 3 / 4
/** Of several that fail to open at once only the first has something to say. */
const MAKE_DO_AGAIN_MS = 1000

export class OpenFiles {
  #max: number
  #madeDoAtMs = -Infinity
  /** In the order of use; a Map keeps the order of insertion. */
  readonly #open = new Map<Closable, true>()

  constructor(max: number) {
    this.#max = max
  }

  get max(): number {
    return this.#max
  }

  /** Makes room for the file and counts it as open. */
  async add(file: Closable): Promise<void> {
    while (this.#open.size >= this.#max && (await this.evictOne()));
    this.#open.set(file, true)
  }

  /** The process could not open more than `count`: from now on fewer are open. False if known. */
  async makeDo(count: number, nowMs: number): Promise<boolean> {
    if (nowMs - this.#madeDoAtMs < MAKE_DO_AGAIN_MS) return false
    this.#madeDoAtMs = nowMs
    this.#max = Math.min(this.#max, Math.max(1, Math.floor(count * MAKE_DO_PART)))
    while ((await this.evictOne()) && this.#open.size > this.#max);
    return true
  }

  /** Closes the file that is missed least; false when all are at work. */
  async evictOne(): Promise<boolean> {
    const file = this.#first((file) => file.isIdle) ?? this.#first((file) => !file.isAtWork)
    if (!file) return false
    this.#open.delete(file)
    await file.evict()
    return true
  }

  /** Says that the file has just been written. */
  touch(file: Closable): void {
    if (this.#open.delete(file)) this.#open.set(file, true)
  }

  /** Says that the file is closed. */
  remove(file: Closable): void {
    this.#open.delete(file)
  }

  #first(isWanted: (file: Closable) => boolean): Closable | undefined {
    for (const file of this.#open.keys()) if (isWanted(file)) return file
    return undefined
  }
}
