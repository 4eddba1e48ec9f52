/**
 * Which files this output has begun, also in earlier runs: kept in `current-files.jsonl` of its
 * data folder, a line each: its path as a JSON string, or `[path, link]` with the symlink that is
 * to name it. Only these are ever looked after when nobody writes them any
 * more, so that a file of another program is safe even where a tag could name it.
 *
 * Senders choose tags, so there is a bound: of more files than that, those begun longest ago are
 * forgotten. Such a file is seen to when it is written again, as a file of another program is.
 */
import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileAccess, type FileAccess } from '../../../pipeline/files/file-access.ts'
import { replaceFile } from '../../../pipeline/files/safe-files.ts'
import { isMissing, statIfThere, writeAll } from '../file-system.ts'
import type { Surroundings } from '../settings.ts'

const FOLDER_MODE = 0o750
const FILE_MODE = 0o640
export const KNOWN_FILES_MAX = 50_000
/** Forgotten together, because finding the first of a Map with many deleted is not quick. */
const FORGOTTEN_COUNT = KNOWN_FILES_MAX / 10
/** The file of names is written anew when it has grown to so many lines. */
const LINES_MAX = 2 * KNOWN_FILES_MAX
const NOT_KNOWN_TO_BE_WHOLE = -1

interface Known {
  /** The size at which it ends in a whole event. */
  wholeSize: number
  readonly link: string | undefined
}

export class KnownFiles {
  readonly #path: string
  readonly #around: Surroundings
  readonly #access: FileAccess
  /** In the order they were begun. */
  readonly #known = new Map<string, Known>()
  /** Paths that the file of names does not have yet, and how many lines it has. */
  #unwritten: string[] = []
  #lines = 0
  #writing: Promise<void> | null = null

  constructor(dataDir: string, around: Surroundings, access = fileAccess) {
    this.#path = join(dataDir, 'current-files.jsonl')
    this.#around = around
    this.#access = access
  }

  /** Paths, in the order they were begun; some may be gone. */
  list(): string[] {
    return [...this.#known.keys()]
  }

  /** Takes up what earlier runs have left; `isOurs` says which paths still concern this output. */
  async load(isOurs: (path: string) => boolean): Promise<void> {
    try {
      const lines = (await this.#read()).split('\n').filter((line) => line !== '')
      const links = new Map(lines.flatMap(parseLine).filter(([path]) => isOurs(path)))
      this.#lines = lines.length
      for (const [path, link] of links)
        if (await statIfThere(this.#around.fileSystem, path)) this.#remember(path, link)
      if (this.#known.size < lines.length) this.#lines = LINES_MAX
      this.#writing ??= this.#flush()
      await this.#writing
    } catch (error) {
      this.#around.logger.warn({ path: this.#path, error }, 'cannot read which files were begun')
    }
  }

  /** The symlink that is to name a file. */
  linkOf(path: string): string | undefined {
    return this.#known.get(path)?.link
  }

  /** Notes a path that has been opened for writing. */
  add(path: string, link?: string): void {
    if (this.#known.has(path)) return
    this.#remember(path, link)
    this.#unwritten.push(path)
    this.#writing ??= this.#flush()
  }

  /** Notes that a file, at this size, ends in a whole event. */
  setWhole(path: string, size: number): void {
    const known = this.#known.get(path)
    if (known) known.wholeSize = size
  }

  isWhole(path: string, size: number): boolean {
    return this.#known.get(path)?.wholeSize === size
  }

  /** Forgets a path that is gone; the file of names forgets it when it is written anew. */
  delete(path: string): void {
    this.#known.delete(path)
  }

  async settled(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  #remember(path: string, link: string | undefined): void {
    this.#known.set(path, { wholeSize: NOT_KNOWN_TO_BE_WHOLE, link })
    if (this.#known.size > KNOWN_FILES_MAX) this.#forgetOldest()
  }

  #forgetOldest(): void {
    let left = FORGOTTEN_COUNT
    for (const path of this.#known.keys()) {
      if (left-- === 0) return
      this.#known.delete(path)
    }
  }

  async #read(): Promise<string> {
    try {
      return await this.#around.fileSystem.readText(this.#path)
    } catch (error) {
      if (isMissing(error)) return ''
      throw error
    }
  }

  /** Never rejects: a file that is not known is only not looked after. */
  async #flush(): Promise<void> {
    // All that is begun in this turn goes together.
    await Promise.resolve()
    try {
      while (this.#unwritten.length > 0 || this.#lines >= LINES_MAX) {
        const added = this.#unwritten
        this.#unwritten = []
        if (this.#lines + added.length < LINES_MAX) await this.#append(added)
        else await this.#rewrite()
      }
    } catch (error) {
      this.#around.logger.warn({ path: this.#path, error }, 'cannot note which files were begun')
      // What is added from now on is noted all the same.
      this.#lines = Math.min(this.#lines, LINES_MAX - 1)
    } finally {
      this.#writing = null
    }
  }

  async #append(paths: readonly string[]): Promise<void> {
    const { fileSystem } = this.#around
    await fileSystem.makeFolder(dirname(this.#path), FOLDER_MODE)
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND
    const fd = await fileSystem.open(this.#path, flags, FILE_MODE)
    try {
      await writeAll(fileSystem, fd, Buffer.from(this.#asLines(paths)))
    } finally {
      await fileSystem.close(fd)
    }
    this.#lines += paths.length
  }

  async #rewrite(): Promise<void> {
    const paths = this.list()
    await this.#access.makeFolder(dirname(this.#path))
    await replaceFile(this.#access, this.#path, Buffer.from(this.#asLines(paths)), true)
    this.#lines = paths.length
  }

  #asLines(paths: readonly string[]): string {
    const lines = paths.map((path) => {
      const link = this.linkOf(path)
      return `${JSON.stringify(link === undefined ? path : [path, link])}\n`
    })
    return lines.join('')
  }
}

/** A path and its link; none for a line that a crash has torn. */
function parseLine(line: string): [string, string | undefined][] {
  try {
    const value: unknown = JSON.parse(line)
    const [path, link] = Array.isArray(value) ? (value as unknown[]) : [value]
    return typeof path === 'string' ? [[path, typeof link === 'string' ? link : undefined]] : []
  } catch (_torn) {
    return []
  }
}
