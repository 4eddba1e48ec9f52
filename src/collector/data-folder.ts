/**
 * The folder for state, held by one process at a time. The lock is a unix socket that listens in
 * the folder: the kernel lets go of it with the process, however that ends, and it works between
 * containers that share a volume of one machine.
 *
 * Each start listens on a socket of its own name first and then looks whether anybody answers on
 * another one. So of two at the same time at least one sees the other, and what a dead process left
 * can be removed at any moment: no live one will ever listen under its name.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { mkdir, open, readdir, readlink, rm, stat, type FileHandle } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { causeOf } from '../config/cause.ts'
import type { Cancel, Timers } from '../pipeline/clock.ts'
import type { FileAccess } from '../pipeline/files/file-access.ts'
import type { Logger } from '../pipeline/logger.ts'
import { isSocketLeftover } from '../pipeline/socket-leftover.ts'

const LOCK = /^lock\.[0-9a-f]{16}$/
/** Two that start at the same moment may both see the other; by chance one comes first then. */
const ATTEMPTS = 4
const PAUSE_MAX_MS = 50
/** Somebody may remove the folder, and with it the lock. */
const LOOK_EVERY_MS = 1000
/** How far a buffer is delivered, which it keeps when nothing is left. */
const NOTES = /^progress(\.|$)/
/** What file systems without unix sockets answer (FAT, SMB, some that desktops share with VMs). */
const NO_SOCKETS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** What an earlier configuration has left. */
export interface Orphan {
  readonly name: string
  readonly path: string
  /** Of files with events. */
  readonly bytes: number
}

/** Another process has it. */
export class FolderInUseError extends Error {}

export class DataFolder {
  /** Why it is not this process's any more, or null. */
  problem: string | null = null
  readonly #path: string
  readonly #logger: Logger
  #folder: FileHandle | null = null
  #server: Server | null = null
  #lockName = ''
  /** Between `take` and `release`. */
  #isTaken = false
  #holding: Promise<void> = Promise.resolve()
  #cancelLook: Cancel = () => undefined

  constructor(path: string, logger: Logger) {
    this.#path = path
    this.#logger = logger
  }

  /** Makes the folder and takes it; throws an Error when it cannot, or another process has it. */
  async take(): Promise<void> {
    await this.#take()
    this.#isTaken = true
  }

  /** Looks from now on whether it is still there, and takes the next one of its name. */
  watch(timers: Pick<Timers, 'every'>): void {
    this.#cancelLook = timers.every(LOOK_EVERY_MS, () => {
      // What is wrong is in `problem`.
      void this.hold().catch(() => undefined)
    })
  }

  /**
   * Takes the folder again if somebody has removed it, or the lock in it. Rejects while it cannot
   * be had, say because another process has the new one: then nothing may be written there.
   */
  hold(): Promise<void> {
    this.#holding = this.#holding.catch(() => undefined).then(() => this.#hold())
    return this.#holding
  }

  /** Files as `access` has them, of which none is made while the folder is not held. */
  guard(access: FileAccess): FileAccess {
    const makeFolder = async (path: string) => {
      await this.hold()
      return access.makeFolder(path)
    }
    return { ...access, makeFolder }
  }

  async #hold(): Promise<void> {
    if (!this.#isTaken || (await this.#isHeld())) {
      this.problem = null
      return
    }
    try {
      await this.#takeAgain()
      this.problem = null
      this.#logger.warn({ path: this.#path }, 'took data_dir anew: somebody had removed it')
    } catch (error) {
      if (this.problem === null)
        this.#logger.error({ path: this.#path, error }, 'lost data_dir, and cannot take it anew')
      this.problem = causeOf(error)
      throw error
    }
  }

  /** Whether the folder of that name is the one that was taken, with the lock in it. */
  async #isHeld(): Promise<boolean> {
    if (!(await this.#isInPlace())) return false
    if (!this.#server) return true
    return stat(this.#inFolder(this.#lockName)).then(() => true, absentIsFalse)
  }

  async #isInPlace(): Promise<boolean> {
    const held = await this.#folder?.stat()
    const there = await stat(this.#path).catch(() => undefined)
    return held !== undefined && there?.ino === held.ino && there.dev === held.dev
  }

  async #takeAgain(): Promise<void> {
    if (this.#folder && !(await this.#isInPlace()) && !(await isDeleted(this.#folder))) {
      const expected = 'expected it to stay where it is while it is used'
      throw new Error(`data_dir ${this.#path} was moved away; ${expected}`)
    }
    await this.#letGo()
    await this.#take()
  }

  async #take(): Promise<void> {
    let isTaken: boolean
    try {
      await makeFolder(this.#path)
      this.#folder = await open(this.#path)
      isTaken = await this.#lock()
    } catch (error) {
      await this.#letGo()
      const expected = 'expected a folder that this process may write'
      throw new Error(`cannot use data_dir ${this.#path}: ${causeOf(error)}; ${expected}`, {
        cause: error,
      })
    }
    if (isTaken) return
    await this.#letGo()
    throw new FolderInUseError(
      `cannot use data_dir ${this.#path}: another collector is using it; ` +
        'expected a folder of its own for each',
    )
  }

  /** Idempotent. */
  async release(): Promise<void> {
    this.#cancelLook()
    this.#isTaken = false
    await this.#holding.catch(() => undefined)
    await this.#letGo()
  }

  async #letGo(): Promise<void> {
    await this.#stopListening()
    await this.#folder?.close()
    this.#folder = null
  }

  /** Sub-folders of `kind` that hold events and are not in `known`: no component reads them. */
  async orphans(kind: string, known: ReadonlySet<string>): Promise<Orphan[]> {
    const folder = join(this.#path, kind)
    const names = await readdir(folder).catch(absentIsEmpty)
    const orphans: Orphan[] = []
    for (const name of names.filter((candidate) => !known.has(candidate))) {
      const path = join(folder, name)
      const bytes = await bytesIn(path)
      if (bytes > 0) orphans.push({ name, path, bytes })
    }
    return orphans
  }

  async #lock(): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const name = `lock.${randomBytes(8).toString('hex')}`
      this.#lockName = name
      if (!(await this.#listen(name))) return true
      if (await this.#isAlone(name)) return true
      await this.#stopListening()
      await pause(randomInt(PAUSE_MAX_MS))
    }
    return false
  }

  /**
   * False where there cannot be sockets. A file with the process's id instead would be wrong in the
   * very case that matters: in containers that share the folder, each has the id 1.
   */
  async #listen(name: string): Promise<boolean> {
    const server = createServer((socket) => socket.destroy()).unref()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        // Any user may connect; else one of another user's could not be told from a dead one's.
        server.listen({ path: this.#inFolder(name), writableAll: true }, resolve)
      })
    } catch (error) {
      if (!NO_SOCKETS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      this.#logger.warn(
        { path: this.#path, error },
        'cannot tell whether another collector uses data_dir, since its file system has no unix ' +
          'sockets: two that do would damage what the other keeps',
      )
      return false
    }
    this.#server = server
    return true
  }

  /** Whether nobody answers on another socket; those of the dead are removed. */
  async #isAlone(own: string): Promise<boolean> {
    for (const name of await readdir(this.#path)) {
      if (name === own || !LOCK.test(name)) continue
      const path = this.#inFolder(name)
      if (!(await isSocketLeftover(path))) return false
      await rm(path, { force: true })
    }
    // Gone if another start came between this one's bind and listen, and took it for a dead one's.
    return stat(this.#inFolder(own)).then(() => true, absentIsFalse)
  }

  async #stopListening(): Promise<void> {
    const server = this.#server
    this.#server = null
    // Closing also removes the socket's file.
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  /** By the open folder, since a socket's path must not be longer than 107 bytes. */
  #inFolder(name: string): string {
    if (process.platform !== 'linux' || !this.#folder) return join(this.#path, name)
    return `/proc/self/fd/${this.#folder.fd}/${name}`
  }
}

/** And not only moved. Where that cannot be told it is taken to be. */
async function isDeleted(folder: FileHandle): Promise<boolean> {
  if (process.platform !== 'linux') return true
  return (await readlink(`/proc/self/fd/${folder.fd}`)).endsWith(' (deleted)')
}

async function bytesIn(path: string): Promise<number> {
  if (NOTES.test(basename(path))) return 0
  const found = await stat(path)
  if (!found.isDirectory()) return found.size
  const sizes = await Promise.all((await readdir(path)).map((name) => bytesIn(join(path, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function absentIsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function absentIsFalse(error: NodeJS.ErrnoException): boolean {
  if (error.code === 'ENOENT') return false
  throw error
}

/** With the real cause: of a read-only file system Node's recursive way says that it is missing. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o750 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(path, { mode: 0o750 })
  }
}
