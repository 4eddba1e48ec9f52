/** What is kept in the data folder is written with this, so that tests can make it fail. */
import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

export interface DataFile {
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
  /** Writes all at an offset, or rejects; some of it may be in the file then. */
  write(pieces: readonly Uint8Array[], offset: number): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  /** False if somebody has removed it: what is in it is gone with this process. */
  isLinked(): Promise<boolean>
  close(): Promise<void>
}

/**
 * `create` rejects if there is one, `replace` empties it, `keep` makes one if there is none,
 * `existing` rejects then, and so does `read`, which is for reading only.
 */
export type OpenMode = 'create' | 'replace' | 'keep' | 'existing' | 'read'

export interface FileAccess {
  /** Makes a folder and those above it; gives the topmost that was not there before. */
  makeFolder(path: string): Promise<string | undefined>
  /** Names in a folder; none if there is no such folder. */
  list(path: string): Promise<string[]>
  /** Bytes of a file; rejects if there is none. */
  size(path: string): Promise<number>
  open(path: string, mode: OpenMode): Promise<DataFile>
  remove(path: string): Promise<void>
  /** An empty one; rejects if it is not. */
  removeFolder(path: string): Promise<void>
  /** What had the new name before is gone. */
  rename(from: string, to: string): Promise<void>
  /** Makes the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC } = constants
const FLAGS: Record<OpenMode, number> = {
  create: O_RDWR | O_CREAT | O_EXCL,
  replace: O_RDWR | O_CREAT | O_TRUNC,
  keep: O_RDWR | O_CREAT,
  existing: O_RDWR,
  read: O_RDONLY,
}
/** Of file systems that have no way to sync a folder, and of folders that may not be opened. */
const CANNOT_SYNC_FOLDERS = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES'])

const namesAccess: Omit<FileAccess, 'open'> = {
  makeFolder: (path) => mkdir(path, { recursive: true, mode: 0o750 }),
  list: (path) =>
    readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    }),
  size: async (path) => (await stat(path)).size,
  remove: (path) => unlink(path),
  removeFolder: (path) => rmdir(path),
  rename: (from, to) => rename(from, to),
  syncFolder: async (path) => {
    try {
      await using folder = await open(path)
      await folder.sync()
    } catch (error) {
      if (!CANNOT_SYNC_FOLDERS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  },
}

/** Of files that the collector's own user and group may read. */
export const fileAccess = accessWith(0o640)
/** Of files that only the collector's own user may read. */
export const privateFileAccess = accessWith(0o600)

function accessWith(permissions: number): FileAccess {
  return {
    ...namesAccess,
    open: async (path, mode) => new DiskFile(await open(path, FLAGS[mode], permissions)),
  }
}

class DiskFile implements DataFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes.subarray(0, done)
  }

  async write(pieces: readonly Uint8Array[], offset: number): Promise<void> {
    let rest = [...pieces]
    let at = offset
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, at)
      at += bytesWritten
      rest = without(rest, bytesWritten)
    }
  }

  datasync(): Promise<void> {
    return this.#handle.datasync()
  }

  async isLinked(): Promise<boolean> {
    return (await this.#handle.stat()).nlink > 0
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The pieces behind the first so many bytes. */
function without(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = 0
  const rest: Uint8Array[] = []
  for (const piece of pieces) {
    const end = skipped + piece.length
    if (end > count) rest.push(skipped >= count ? piece : piece.subarray(count - skipped))
    skipped = end
  }
  return rest
}
