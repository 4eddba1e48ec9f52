/**
 * The way back from a shortened value: for every path with one, a small JSON file in `.long-names`
 * below the root, named by the hash, that says which tag and fields the path stands for.
 */
import { constants } from 'node:fs'
import { join, relative } from 'node:path'
import { makeFolders } from '../writing/creation.ts'
import { errorCode, writeAll } from '../file-system.ts'
import type { EventValues } from './path-template.ts'
import type { Shared } from '../output-context.ts'
import { hashesIn, LONG_NAMES_FOLDER } from './value-encoding.ts'

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
/** As many hashes as a file name has room for. */
const HASHES_MAX = 6

export class LongNames {
  readonly #shared: Shared
  #writing: Promise<void> = Promise.resolve()

  constructor(shared: Shared) {
    this.#shared = shared
  }

  /** Notes what a path stands for, if it does not say so itself. */
  note(path: string, values: EventValues): void {
    const hashes = hashesIn(path)
    if (hashes.length === 0) return
    const { root } = this.#shared.settings
    const file = join(root, LONG_NAMES_FOLDER, `${hashes.slice(0, HASHES_MAX).join('-')}.json`)
    const { tag, fields } = values
    const text = `${JSON.stringify({ path: relative(root, path), tag, fields })}\n`
    this.#writing = this.#writing.then(() => this.#write(file, text))
  }

  settled(): Promise<void> {
    return this.#writing
  }

  /** Never rejects: the name itself stays unique without the note. */
  async #write(file: string, text: string): Promise<void> {
    const { around, settings } = this.#shared
    try {
      await makeFolders(this.#shared, join(settings.root, LONG_NAMES_FOLDER))
      const fd = await around.fileSystem.open(file, CREATE, settings.fileMode)
      try {
        await writeAll(around.fileSystem, fd, Buffer.from(text))
      } finally {
        await around.fileSystem.close(fd)
      }
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return
      around.logger.warn({ path: file, error }, 'cannot note what a shortened file name stands for')
    }
  }
}
