/**
 * The way back from a shortened value: for every path with one, a small JSON file in `.long-names`
 * below the root, named by the hash, that says which tag and fields the path stands for.
 */
import { constants } from 'node:fs'
import { join, relative } from 'node:path'
import type { EventValues } from '../../../pipeline/placeholders/template.ts'
import { makeFolders } from '../writing/creation.ts'
import { errorCode, writeAll } from '../file-system.ts'
import type { Shared } from '../output-context.ts'
import { hashesIn, LONG_NAMES_FOLDER } from './value-encoding.ts'

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
/** As many hashes as a file name has room for. */
const HASHES_MAX = 6
/** Of a value, its beginning tells it from others; each line has it whole. */
const NOTED_VALUE_LENGTH_MAX = 4096
/** Notes that are being written; one more than these has to wait for its tag to come again. */
const WRITING_MAX = 1000
/** Names of notes that are there, so that a tag that is not cached makes no work. */
const KNOWN_MAX = 10_000

export class LongNames {
  readonly #shared: Shared
  readonly #known = new Set<string>()
  #writing: Promise<void> = Promise.resolve()
  #writingCount = 0

  constructor(shared: Shared) {
    this.#shared = shared
  }

  /** Notes what a path stands for, if it does not say so itself. */
  note(path: string, values: EventValues): void {
    const hashes = hashesIn(path)
    if (hashes.length === 0) return
    const name = hashes.slice(0, HASHES_MAX).join('-')
    if (this.#known.has(name) || this.#writingCount >= WRITING_MAX) return
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.add(name)
    const { root } = this.#shared.settings
    const file = join(root, LONG_NAMES_FOLDER, `${name}.json`)
    const [tag, fields] = [beginning(values.tag), values.fields.map(beginning)]
    const text = `${JSON.stringify({ path: relative(root, path), tag, fields })}\n`
    this.#writingCount++
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
    } finally {
      this.#writingCount--
    }
  }
}

function beginning(value: string | undefined): string | undefined {
  if (value === undefined || value.length <= NOTED_VALUE_LENGTH_MAX) return value
  return `${value.slice(0, NOTED_VALUE_LENGTH_MAX)}…`
}
