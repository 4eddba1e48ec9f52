/** Files and folders that are still there after a power cut, out of the steps which that takes. */
import { dirname } from 'node:path'
import type { FileAccess } from './file-access.ts'

/**
 * Replaces a file as a whole: whoever reads it, after a kill too, finds the old bytes or the new.
 * After a power cut that holds only if it is safe; else neither may be there.
 */
export async function replaceFile(
  access: FileAccess,
  path: string,
  bytes: Uint8Array,
  isSafe: boolean,
): Promise<void> {
  const made = `${path}.new`
  const file = await access.open(made, 'replace')
  try {
    await file.write([bytes], 0)
    if (isSafe) await file.datasync()
  } finally {
    await file.close()
  }
  await access.rename(made, path)
  if (isSafe) await access.syncFolder(dirname(path))
}

/** A folder, made when it is needed, whose name and those of the folders it is in are safe. */
export class SafeFolder {
  readonly #access: FileAccess
  readonly #path: string
  readonly #isSafe: boolean
  /** Those to be synced: an earlier process may have made them and died. */
  #unsynced: string[]

  constructor(access: FileAccess, path: string, isSafe: boolean) {
    this.#access = access
    this.#path = path
    this.#isSafe = isSafe
    const above = dirname(path)
    // `data_dir/buffers/NAME` is the deepest, of which an earlier process may have made all.
    this.#unsynced = [above, dirname(above), dirname(dirname(above))]
  }

  async make(): Promise<void> {
    const topmost = await this.#access.makeFolder(this.#path)
    if (topmost !== undefined) this.#unsynced = foldersAbove(this.#path, topmost)
    if (!this.#isSafe) return
    for (let next = this.#unsynced[0]; next !== undefined; next = this.#unsynced[0]) {
      await this.#access.syncFolder(next)
      this.#unsynced.shift()
    }
  }
}

/** From the one that a folder is in up to the one that the topmost new one is in. */
function foldersAbove(path: string, topmost: string): string[] {
  const folders = [dirname(path)]
  for (let at = path; at !== topmost && dirname(at) !== at; at = dirname(at))
    folders.push(dirname(dirname(at)))
  return folders
}
