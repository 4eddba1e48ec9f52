/**
 * Where a buffer's progress is noted: in `progress` what a power cut must not take, in
 * `progress.recent` what came after, which costs no sync and is worth nothing if it is damaged, in
 * `progress.spare` what neither could take because the disk is full.
 */
import { join } from 'node:path'
import type { FileAccess } from '../../files/file-access.ts'
import { replaceFile } from '../../files/safe-files.ts'
import { Progress } from './progress.ts'
import { SpareFile } from './spare-file.ts'

const SAFE = 'progress'
const RECENT = 'progress.recent'
const SPARE = 'progress.spare'

export class ProgressFile {
  readonly #folder: string
  readonly #access: FileAccess
  readonly #spare: SpareFile
  #latest: Promise<void> = Promise.resolve()
  #isDiskFull = false

  constructor(folder: string, access: FileAccess) {
    this.#folder = folder
    this.#access = access
    this.#spare = new SpareFile(join(folder, SPARE), access)
  }

  /** Null if there is none, or a damaged one. Rejects for a version that is not known. */
  async load(): Promise<Progress | null> {
    const names = await this.#access.list(this.#folder)
    const safe = names.includes(SAFE) ? await this.#read(SAFE) : undefined
    if (!safe) return null
    const recent = names.includes(RECENT) ? await this.#read(RECENT) : undefined
    const spare = names.includes(SPARE) ? await this.#understood(SPARE, this.#spare.load()) : []
    let newest = safe
    for (const note of [recent, ...spare])
      if (note?.id === safe.id && note.note > newest.note) newest = note
    return newest
  }

  /** Whether the latest note had only the spare file to go to, which is safe as well. */
  get isDiskFull(): boolean {
    return this.#isDiskFull
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
    for (const name of [SPARE, RECENT, SAFE])
      if (names.includes(name)) await this.#access.remove(join(this.#folder, name))
  }

  /** Settles when nothing is being written any more. */
  get ended(): Promise<void> {
    return this.#latest
  }

  async #write(progress: Progress, isSafe: boolean): Promise<void> {
    progress.note++
    const path = join(this.#folder, isSafe ? SAFE : RECENT)
    const bytes = progress.encode()
    try {
      await replaceFile(this.#access, path, bytes, isSafe)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      if (!(await this.#spare.write(bytes))) throw error
      this.#isDiskFull = true
      return
    }
    this.#isDiskFull = false
    await this.#spare.make()
  }

  #read(name: string): Promise<Progress | undefined> {
    return this.#understood(name, this.#load(join(this.#folder, name)))
  }

  async #load(path: string): Promise<Progress | undefined> {
    const file = await this.#access.open(path, 'existing')
    try {
      return Progress.decode(await file.read(0, await this.#access.size(path)))
    } finally {
      await file.close()
    }
  }

  async #understood<Notes>(name: string, notes: Promise<Notes>): Promise<Notes> {
    try {
      return await notes
    } catch (cause) {
      const path = join(this.#folder, name)
      throw new Error(`cannot read buffer file ${path}: ${(cause as Error).message}`, { cause })
    }
  }
}
