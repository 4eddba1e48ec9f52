/**
 * The folder for state, held by one process at a time. The lock is a unix socket that listens in
 * the folder: the kernel lets go of it with the process, however that ends, and it works between
 * containers that share a volume. What a dead process left is told by that nobody answers on it.
 */
import { mkdir, open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { causeOf } from './config/cause.ts'

const LOCK = 'lock'

export class DataFolder {
  readonly #path: string
  #folder: FileHandle | null = null
  #server: Server | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** Makes the folder and takes it; throws an Error when it cannot, or another process has it. */
  async take(): Promise<void> {
    try {
      await mkdir(this.#path, { recursive: true, mode: 0o750 })
      this.#folder = await open(this.#path)
      this.#server = (await this.#listen()) ?? (await this.#listenInsteadOfTheDead())
    } catch (error) {
      await this.release()
      const expected = 'expected a folder that this process may write'
      throw new Error(`cannot use data_dir ${this.#path}: ${causeOf(error)}; ${expected}`, {
        cause: error,
      })
    }
    if (this.#server) return
    await this.release()
    throw new Error(
      `cannot use data_dir ${this.#path}: another collector is using it; ` +
        'expected a folder of its own for each',
    )
  }

  /** Idempotent. */
  async release(): Promise<void> {
    const server = this.#server
    this.#server = null
    // Closing also removes the socket's file.
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
    await this.#folder?.close()
    this.#folder = null
  }

  /** Sub-folders of `kind` that hold anything and are not in `known`: no component reads them. */
  async orphans(kind: string, known: ReadonlySet<string>): Promise<string[]> {
    const folder = join(this.#path, kind)
    const names = await readdir(folder).catch(absentIsEmpty)
    const orphans: string[] = []
    for (const name of names.filter((candidate) => !known.has(candidate)))
      if (await holdsBytes(join(folder, name))) orphans.push(join(folder, name))
    return orphans
  }

  /** Undefined when the name is taken, by whomever. */
  async #listen(): Promise<Server | null> {
    const server = createServer((socket) => socket.destroy())
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
      )
      server.listen(this.#lockPath(), () => resolve(server))
      server.unref()
    })
  }

  /** Moved away before it is looked at, so that two starts cannot both take a dead one's place. */
  async #listenInsteadOfTheDead(): Promise<Server | null> {
    if (await answers(this.#lockPath())) return null
    const aside = `${this.#lockPath()}.${process.pid}`
    await rename(this.#lockPath(), aside)
    if (await answers(aside)) {
      await rename(aside, this.#lockPath())
      return null
    }
    await unlink(aside)
    return this.#listen()
  }

  /** By the open folder, since a socket's path must not be longer than 107 bytes. */
  #lockPath(): string {
    if (process.platform !== 'linux' || !this.#folder) return join(this.#path, LOCK)
    return `/proc/self/fd/${this.#folder.fd}/${LOCK}`
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function holdsBytes(path: string): Promise<boolean> {
  const found = await stat(path)
  if (!found.isDirectory()) return found.size > 0
  const sizes = (await readdir(path)).map((name) => holdsBytes(join(path, name)))
  return (await Promise.all(sizes)).includes(true)
}

function absentIsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
