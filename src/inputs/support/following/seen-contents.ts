/**
 * What was seen in the compressed files beside a log. To look into one means to decompress it, up
 * to where the file that it was had been read, and Docker keeps many; nobody writes to them.
 */
import { COMPRESSED } from './compressed.ts'
import { Contents } from './contents.ts'
import type { FileStat } from './identity.ts'

export class SeenContents {
  readonly #seen = new Map<string, Contents>()

  /** Rejects if it cannot be read, or is another one by now. */
  async of(path: string, stat: FileStat): Promise<Contents> {
    if (!COMPRESSED.test(path)) return Contents.of(path, stat)
    const id = idOf(stat)
    const seen = this.#seen.get(id)
    const contents = seen ? seen.at(path) : await Contents.of(path, stat)
    this.#seen.set(id, contents)
    return contents
  }

  /** Forgets those of other files. */
  keepOnly(files: readonly { readonly stat: FileStat }[]): void {
    const kept = new Set(files.map(({ stat }) => idOf(stat)))
    for (const id of this.#seen.keys()) if (!kept.has(id)) this.#seen.delete(id)
  }
}

/** An inode is used again, but not with the same size and time. */
function idOf({ key, size, modifiedNs }: FileStat): string {
  return `${key} ${size} ${modifiedNs}`
}
