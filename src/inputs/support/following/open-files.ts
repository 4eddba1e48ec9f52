/**
 * The open files, so many at most: for another one the one that was read longest ago is closed, if
 * all of it was read, and opened again by its path when it grows.
 */
import { type FileHandle, open } from 'node:fs/promises'
import type { Gauge } from '../../../pipeline/metrics.ts'
import { causeCode } from './cause-code.ts'
import { statOf } from './identity.ts'

/** One that may be open. */
export interface Openable {
  readonly key: string
  /** Where it was last. */
  readonly path: string
  /** Whether it must stay open: it has no name any more, or has bytes that were not read. */
  readonly isPinned: boolean
  handle: FileHandle | null
}

const TOO_MANY = new Set(['EMFILE', 'ENFILE'])

export class OpenFiles {
  readonly #countMax: number
  readonly #gauge: Gauge
  /** From the one that was used longest ago. */
  readonly #open = new Set<Openable>()

  constructor(countMax: number, gauge: Gauge) {
    this.#countMax = countMax
    this.#gauge = gauge
  }

  /** Null if at its path there is none, or another one. Rejects if it may not be read. */
  async handleOf(file: Openable): Promise<FileHandle | null> {
    if (file.handle) {
      this.#open.delete(file)
      this.#open.add(file)
      return file.handle
    }
    const handle = await this.#openByPath(file.path)
    if (handle === null) return null
    const stat = await statOf(handle)
    if (stat.key !== file.key) {
      await handle.close()
      return null
    }
    this.keep(file, handle)
    await this.#makeRoom()
    return handle
  }

  get hasRoom(): boolean {
    return this.#open.size < this.#countMax
  }

  /** For one that is looked at, not read: it is opened again when its turn comes. */
  async closeIfFull(file: Openable): Promise<void> {
    if (this.#open.size > this.#countMax) await this.close(file)
  }

  /** Takes a handle that was opened elsewhere. */
  keep(file: Openable, handle: FileHandle): void {
    file.handle = handle
    this.#open.add(file)
    this.#gauge.set(this.#open.size)
  }

  async close(file: Openable): Promise<void> {
    const { handle } = file
    file.handle = null
    this.#open.delete(file)
    this.#gauge.set(this.#open.size)
    await handle?.close()
  }

  async closeAll(): Promise<void> {
    for (const file of [...this.#open]) await this.close(file)
  }

  async #openByPath(path: string): Promise<FileHandle | null> {
    try {
      return await open(path, 'r')
    } catch (error) {
      const code = causeCode(error)
      if (code === 'ENOENT') return null
      if (!TOO_MANY.has(code)) throw error
      const oldest = this.#oldest()
      if (!oldest) throw error
      await this.close(oldest)
      return open(path, 'r')
    }
  }

  async #makeRoom(): Promise<void> {
    while (this.#open.size > this.#countMax) {
      const oldest = this.#oldest()
      if (!oldest) return
      await this.close(oldest)
    }
  }

  #oldest(): Openable | undefined {
    for (const file of this.#open) if (!file.isPinned) return file
    return undefined
  }
}
