/**
 * Where a buffer's progress is noted: in `progress` what a power cut must not take, in
 * `progress.recent` what came after, which costs no sync and is worth nothing if it is damaged.
 */
import { join } from 'node:path'
import type { FileAccess } from '../../files/file-access.ts'
import { replaceFile } from '../../files/safe-files.ts'
import { Progress } from './progress.ts'

const SAFE = 'progress'
const RECENT = 'progress.recent'

export class ProgressFile {
  readonly #folder: string
  readonly #access: FileAccess
  #latest: Promise<void> = Promise.resolve()

  constructor(folder: string, access: FileAccess) {
    this.#folder = folder
    this.#access = access
  }

  /** Null if there is none, or a damaged one. Rejects for a version that is not known. */
  async load(): Promise<Progress | null> {
    const names = await this.#access.list(this.#folder)
    const safe = names.includes(SAFE) ? await this.#read(SAFE) : undefined
    if (!safe) return null
    const recent = names.includes(RECENT) ? await this.#read(RECENT) : undefined
    return recent && recent.id === safe.id && recent.note > safe.note ? recent : safe
  }

  /** As it is when its turn comes: one after the other. Rejects if it cannot be written. */
  note(progress: Progress, isSafe: boolean): Promise<void> {
    const noted = this.#latest.then(() => this.#write(progress, isSafe))
    this.#latest = noted.catch(() => undefined)
    return noted
  }

  /** The older one last: alone, the other is not believed. */
  async remove(): Promise<void> {
    const names = await this.#access.list(this.#folder)
    for (const name of [RECENT, SAFE])
      if (names.includes(name)) await this.#access.remove(join(this.#folder, name))
  }

  /** Settles when nothing is being written any more. */
  get ended(): Promise<void> {
    return this.#latest
  }

  async #write(progress: Progress, isSafe: boolean): Promise<void> {
    progress.note++
    const path = join(this.#folder, isSafe ? SAFE : RECENT)
    await replaceFile(this.#access, path, progress.encode(), isSafe)
  }

  async #read(name: string): Promise<Progress | undefined> {
    const path = join(this.#folder, name)
    try {
      const file = await this.#access.open(path, 'existing')
      try {
        return Progress.decode(await file.read(0, await this.#access.size(path)))
      } finally {
        await file.close()
      }
    } catch (cause) {
      throw new Error(`cannot read buffer file ${path}: ${(cause as Error).message}`, { cause })
    }
  }
}
