/**
 * The file operations the output uses, as an interface: tests stand in a disk that is full, slow or
 * broken. All are asynchronous, so that no disk can stop the event loop.
 */
import * as fs from 'node:fs'
import * as promises from 'node:fs/promises'
import { promisify } from 'node:util'

export interface FileSystem {
  open(path: string, flags: number, mode?: number): Promise<number>
  close(fd: number): Promise<void>
  /** Writes at the position of the descriptor; returns how many bytes it took, maybe not all. */
  write(fd: number, bytes: Uint8Array, offset: number, length: number): Promise<number>
  read(fd: number, bytes: Uint8Array, position: number): Promise<number>
  datasync(fd: number): Promise<void>
  sync(fd: number): Promise<void>
  truncate(fd: number, length: number): Promise<void>
  setMode(fd: number, mode: number): Promise<void>
  statOpen(fd: number): Promise<fs.Stats>
  stat(path: string): Promise<fs.Stats>
  lstat(path: string): Promise<fs.Stats>
  chmod(path: string, mode: number): Promise<void>
  readText(path: string): Promise<string>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  readLink(path: string): Promise<string>
  /** Makes the folder and what is missing above it; returns the first one made, if any. */
  makeFolder(path: string, mode: number): Promise<string | undefined>
  list(folder: string): Promise<fs.Dirent[]>
  /** Bytes that this user may still write to the file system that holds `path`. */
  freeBytes(path: string): Promise<number>
}

const write = promisify(fs.write)
const read = promisify(fs.read)

export const nodeFileSystem: FileSystem = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  write: async (fd, bytes, offset, length) => (await write(fd, bytes, offset, length)).bytesWritten,
  read: async (fd, bytes, position) => {
    return (await read(fd, bytes, 0, bytes.length, position)).bytesRead
  },
  datasync: promisify(fs.fdatasync),
  sync: promisify(fs.fsync),
  truncate: promisify(fs.ftruncate),
  setMode: promisify(fs.fchmod),
  statOpen: (fd) => promisify(fs.fstat)(fd),
  stat: (path) => promises.stat(path),
  lstat: (path) => promises.lstat(path),
  chmod: promises.chmod,
  readText: (path) => promises.readFile(path, 'utf8'),
  rename: promises.rename,
  unlink: promises.unlink,
  symlink: (target, path) => promises.symlink(target, path),
  readLink: (path) => promises.readlink(path),
  makeFolder: (path, mode) => promises.mkdir(path, { recursive: true, mode }),
  list: (folder) => promises.readdir(folder, { withFileTypes: true }),
  freeBytes: async (path) => {
    const { bavail, bsize } = await promises.statfs(path)
    return bavail * bsize
  },
}

/** The system's name for an error: `ENOSPC`, `EIO`; `unknown` for what is not a system error. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : 'unknown'
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}

/** `stat`, or undefined when nothing has this name. */
export async function statIfThere(fileSystem: FileSystem, path: string) {
  try {
    return await fileSystem.stat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Writes all the bytes at the position of the descriptor, in as many pieces as it takes. */
export async function writeAll(
  fileSystem: FileSystem,
  fd: number,
  bytes: Uint8Array,
): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await fileSystem.write(fd, bytes, offset, bytes.length - offset)
  }
}
