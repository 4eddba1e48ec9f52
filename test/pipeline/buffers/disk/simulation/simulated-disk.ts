/**
 * A disk in memory behind `FileAccess`. Each operation takes some turns of the loop, may fail, and
 * is done at one moment; those of a process that was killed are not done any more, or in part.
 */
import { basename, dirname } from 'node:path'
import type {
  DataFile,
  FileAccess,
  OpenMode,
} from '../../../../../src/pipeline/files/file-access.ts'
import type { SeededRandom } from '../../../delivery/simulation/random.ts'
import { SimulatedFile } from './simulated-file.ts'
import { type Node, SimulatedFolder } from './simulated-folder.ts'

export class SimulatedDisk {
  readonly random: SeededRandom
  readonly root = new SimulatedFolder()
  /** How likely an operation fails, and which ones may. */
  faults = 0
  /** Operations take so many turns at most. */
  slowness = 2
  #process: SimulatedProcess | null = null

  constructor(random: SeededRandom) {
    this.random = random
  }

  /** The files as a new process sees them. */
  enter(): SimulatedProcess {
    return (this.#process = new SimulatedProcess(this))
  }

  /** The process dies, and the disk forgets what was not synced. */
  losePower(): void {
    this.#process?.kill()
    this.root.losePower(this.random)
  }

  folder(path: string): SimulatedFolder {
    const found = this.find(path)
    if (!(found instanceof SimulatedFolder)) throw failure('ENOENT')
    return found
  }

  find(path: string): Node | undefined {
    if (path === '/') return this.root
    const above = this.find(dirname(path))
    return above instanceof SimulatedFolder ? above.names.get(basename(path)) : undefined
  }
}

export class SimulatedProcess implements FileAccess {
  isDead = false
  openFiles = 0
  readonly #disk: SimulatedDisk

  constructor(disk: SimulatedDisk) {
    this.#disk = disk
  }

  kill(): void {
    this.isDead = true
  }

  makeFolder(path: string): Promise<string | undefined> {
    return this.run(() => this.#makeFolder(path))
  }

  list(path: string): Promise<string[]> {
    return this.run(() => {
      const found = this.#disk.find(path)
      return found instanceof SimulatedFolder ? [...found.names.keys()] : []
    })
  }

  size(path: string): Promise<number> {
    return this.run(() => this.#file(path).bytes.length)
  }

  open(path: string, mode: OpenMode): Promise<DataFile> {
    return this.run(() => {
      const folder = this.#disk.folder(dirname(path))
      const found = folder.names.get(basename(path))
      if (mode === 'create' && found) throw failure('EEXIST')
      if (mode === 'existing' || mode === 'read' || found) {
        const file = this.#file(path)
        if (mode === 'replace') file.truncate(0)
        return new OpenFile(this, this.#disk, file)
      }
      const file = new SimulatedFile()
      folder.set([basename(path), file])
      return new OpenFile(this, this.#disk, file)
    }, 0.5)
  }

  removeFolder(): Promise<void> {
    throw new Error('BUG: a store in use keeps its folder')
  }

  remove(path: string): Promise<void> {
    return this.run(() => {
      this.#file(path)
      this.#disk.folder(dirname(path)).set([basename(path), null])
    }, 0.5)
  }

  /** Within a folder. */
  rename(from: string, to: string): Promise<void> {
    return this.run(() => {
      const file = this.#file(from)
      this.#disk.folder(dirname(from)).set([basename(from), null], [basename(to), file])
    }, 0.5)
  }

  syncFolder(path: string): Promise<void> {
    return this.run(() => this.#disk.folder(path).sync(), 0.5)
  }

  /** At one moment, some turns from now; never if the process is dead then. */
  async run<Result>(action: () => Result, faultiness = 0, onFault?: () => void): Promise<Result> {
    const { random, slowness } = this.#disk
    await this.#turns(random.whole(0, slowness))
    const fails = random.chance(this.#disk.faults * faultiness)
    if (fails) onFault?.()
    const outcome = fails ? failure(random.pick(['EIO', 'ENOSPC'])) : attempt(action)
    await this.#turns(random.whole(0, 1))
    if (outcome instanceof Failure) throw outcome
    return outcome
  }

  async #turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
    if (this.isDead) await new Promise(() => undefined)
  }

  #makeFolder(path: string): string | undefined {
    if (this.#disk.find(path)) return undefined
    const above = this.#makeFolder(dirname(path))
    this.#disk.folder(dirname(path)).set([basename(path), new SimulatedFolder()])
    return above ?? path
  }

  #file(path: string): SimulatedFile {
    const found = this.#disk.find(path)
    if (!(found instanceof SimulatedFile)) throw failure('ENOENT')
    return found
  }
}

class OpenFile implements DataFile {
  readonly #process: SimulatedProcess
  readonly #disk: SimulatedDisk
  readonly #file: SimulatedFile
  #isClosed = false

  constructor(process: SimulatedProcess, disk: SimulatedDisk, file: SimulatedFile) {
    this.#process = process
    this.#disk = disk
    this.#file = file
    process.openFiles++
  }

  read(offset: number, length: number): Promise<Buffer> {
    this.#check()
    return this.#process.run(() => {
      const bytes = this.#file.bytes.subarray(offset, offset + length)
      const copy = Buffer.allocUnsafeSlow(bytes.length)
      copy.set(bytes)
      return copy
    }, 0.1)
  }

  async write(pieces: readonly Uint8Array[], offset: number): Promise<void> {
    this.#check()
    const { random } = this.#disk
    const bytes = Buffer.concat(pieces)
    const part = random.whole(0, bytes.length)
    const writePart = () => this.#file.write(bytes.subarray(0, part), offset)
    // The first part earlier than the rest: a kill may come between.
    if (random.chance(0.3)) await this.#process.run(writePart)
    await this.#process.run(() => this.#file.write(bytes, offset), 1, writePart)
  }

  isLinked(): Promise<boolean> {
    return Promise.resolve(true)
  }

  datasync(): Promise<void> {
    this.#check()
    const onFault = () => this.#file.failToSync(this.#disk.random)
    return this.#process.run(() => this.#file.sync(), 1, onFault)
  }

  truncate(length: number): Promise<void> {
    this.#check()
    return this.#process.run(() => this.#file.truncate(length), 0.3)
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#process.openFiles--
    this.#isClosed = true
    return this.#process.run(() => undefined)
  }

  #check(): void {
    if (this.#isClosed) throw failure('EBADF')
  }
}

class Failure extends Error {
  readonly code: string

  constructor(code: string) {
    super(`${code}: it is said to fail`)
    this.code = code
  }
}

function failure(code: string): Failure {
  return new Failure(code)
}

function attempt<Result>(action: () => Result): Result | Failure {
  try {
    return action()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}
