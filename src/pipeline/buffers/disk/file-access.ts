/** The part of the file system that the disk buffer uses, so that tests can make it fail. */
import { constants } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

export interface BufferFile {
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
  /** Writes all at an offset, or rejects; some of it may be in the file then. */
  write(pieces: readonly Uint8Array[], offset: number): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export interface FileAccess {
  /** Makes a folder and those above it. */
  makeFolder(path: string): Promise<void>
  /** Names in a folder; none if there is no such folder. */
  list(path: string): Promise<string[]>
  /** Bytes of a file; rejects if there is none. */
  size(path: string): Promise<number>
  /** For reading and writing; `create` makes a new one and rejects if there is one. */
  open(path: string, mode: 'create' | 'existing'): Promise<BufferFile>
  remove(path: string): Promise<void>
  /** Replaces a file as a whole. */
  replace(path: string, bytes: Uint8Array): Promise<void>
  copy(from: string, to: string): Promise<void>
  /** Makes the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>
}

export const fileAccess: FileAccess = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
  list: (path) =>
    readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    }),
  size: async (path) => (await stat(path)).size,
  open: async (path, mode) => {
    const flags = mode === 'create' ? constants.O_CREAT | constants.O_EXCL : 0
    return new DiskFile(await open(path, constants.O_RDWR | flags, 0o640))
  },
  remove: (path) => unlink(path),
  replace: async (path, bytes) => {
    await writeFile(`${path}.new`, bytes, { mode: 0o640 })
    await rename(`${path}.new`, path)
  },
  copy: (from, to) => copyFile(from, to),
  syncFolder: async (path) => {
    const folder = await open(path)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}

class DiskFile implements BufferFile {
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
