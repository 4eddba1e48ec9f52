/** The part of the file system that dead letters use, so that tests can make it fail. */
import { mkdir, open, readdir, rename, stat, truncate, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** A new file that is being written. */
export interface WrittenFile {
  /** Writes all at an offset, or rejects; some of it may be in the file then. */
  write(bytes: Uint8Array, offset: number): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export interface ReadFile {
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

export interface FileAccess {
  /** Makes a folder and those above it. */
  makeFolder(path: string): Promise<void>
  /** Names in a folder; none if there is no such folder. */
  list(path: string): Promise<string[]>
  /** Bytes of a file; rejects if there is none. */
  size(path: string): Promise<number>
  /** Rejects if there is such a file. */
  create(path: string): Promise<WrittenFile>
  openToRead(path: string): Promise<ReadFile>
  truncate(path: string, length: number): Promise<void>
  remove(path: string): Promise<void>
  /** Replaces a file as a whole, over a power cut too. */
  replace(path: string, bytes: Uint8Array): Promise<void>
  /** Makes the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>
}

const MODE = 0o640

export const fileAccess: FileAccess = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o750 })),
  list: (path) => readdir(path).catch(absentIsEmpty),
  size: async (path) => (await stat(path)).size,
  create: async (path) => new DiskFile(await open(path, 'wx+', MODE)),
  openToRead: async (path) => new DiskFile(await open(path, 'r')),
  truncate,
  remove: unlink,
  replace: async (path, bytes) => {
    const file = await open(`${path}.new`, 'w', MODE)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
  },
  syncFolder: async (path) => {
    const folder = await open(path)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}

class DiskFile implements WrittenFile, ReadFile {
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

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let done = 0
    while (done < bytes.length) {
      const left = bytes.length - done
      done += (await this.#handle.write(bytes, done, left, offset + done)).bytesWritten
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

function absentIsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
