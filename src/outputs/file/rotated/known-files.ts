/**
 * Which files this output has begun, also in earlier runs: kept in `current-files.jsonl` of its
 * data folder, a JSON string per line. Only these are ever looked after when nobody writes them any
 * more, so that a file of another program is safe even where a tag could name it.
 */
import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { isMissing, statIfThere, writeAll } from '../file-system.ts'
import type { Surroundings } from '../settings.ts'

const FOLDER_MODE = 0o750
const FILE_MODE = 0o640

export class KnownFiles {
  readonly #path: string
  readonly #around: Surroundings
  readonly #known = new Set<string>()
  #writing: Promise<void> = Promise.resolve()

  constructor(dataDir: string, around: Surroundings) {
    this.#path = join(dataDir, 'current-files.jsonl')
    this.#around = around
  }

  /** Paths, in the order they were begun; some may be gone. */
  list(): string[] {
    return [...this.#known]
  }

  /** Takes up what earlier runs have left; `isOurs` says which paths still concern this output. */
  async load(isOurs: (path: string) => boolean): Promise<void> {
    try {
      const lines = (await this.#read()).split('\n').filter((line) => line !== '')
      const paths = new Set(lines.flatMap(parsePath).filter(isOurs))
      for (const path of paths)
        if (await statIfThere(this.#around.fileSystem, path)) this.#known.add(path)
      if (this.#known.size < lines.length) await this.#rewrite()
    } catch (error) {
      this.#around.logger.warn({ path: this.#path, error }, 'cannot read which files were begun')
    }
  }

  /** Notes a path that has been opened for writing. */
  add(path: string): void {
    if (this.#known.has(path)) return
    this.#known.add(path)
    this.#writing = this.#writing.then(() => this.#append(`${JSON.stringify(path)}\n`))
  }

  /** Forgets a path that has been rotated for good; the file forgets it at the next start. */
  delete(path: string): void {
    this.#known.delete(path)
  }

  settled(): Promise<void> {
    return this.#writing
  }

  async #read(): Promise<string> {
    try {
      return await this.#around.fileSystem.readText(this.#path)
    } catch (error) {
      if (isMissing(error)) return ''
      throw error
    }
  }

  async #rewrite(): Promise<void> {
    const { fileSystem } = this.#around
    const text = this.list().map((path) => `${JSON.stringify(path)}\n`)
    const temporary = `${this.#path}.tmp`
    await this.#write(temporary, constants.O_TRUNC, text.join(''))
    await fileSystem.rename(temporary, this.#path)
  }

  /** Never rejects: a file that is not known is only not looked after. */
  async #append(text: string): Promise<void> {
    try {
      await this.#around.fileSystem.makeFolder(dirname(this.#path), FOLDER_MODE)
      await this.#write(this.#path, constants.O_APPEND, text)
    } catch (error) {
      this.#around.logger.warn({ path: this.#path, error }, 'cannot note which files were begun')
    }
  }

  async #write(path: string, flag: number, text: string): Promise<void> {
    const { fileSystem } = this.#around
    const flags = constants.O_WRONLY | constants.O_CREAT | flag
    const fd = await fileSystem.open(path, flags, FILE_MODE)
    try {
      await writeAll(fileSystem, fd, Buffer.from(text))
    } finally {
      await fileSystem.close(fd)
    }
  }
}

/** None for a line that a crash has torn. */
function parsePath(line: string): string[] {
  try {
    const path: unknown = JSON.parse(line)
    return typeof path === 'string' ? [path] : []
  } catch (_torn) {
    return []
  }
}
