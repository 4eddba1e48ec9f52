/** A file output in a folder of its own, and a file system that fails when told to. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { validateConfig } from '../../../src/config/validate.ts'
import { nodeFileSystem, type FileSystem } from '../../../src/outputs/file/file-system.ts'
import { createFileOutput } from '../../../src/outputs/file/index.ts'
import { configSchema, type FileConfig } from '../../../src/outputs/file/schema.ts'
import { CountedTimers, ManualTime, testContext, type KeptLog } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-file-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export function fileConfig(options: object): FileConfig {
  const { value, problems } = validateConfig(configSchema, options)
  if (problems) throw new Error(problems.map((problem) => problem.message).join('\n'))
  return value
}

export interface FileSetup {
  readonly fileSystem?: FileSystem
  readonly time?: ManualTime
  /** Real timers, for what waits for a worker. */
  readonly isRealTime?: boolean
}

/** Started; stopped when the test ends. Relative paths of the options are inside `folder`. */
export async function runFile(
  t: TestContext,
  folder: string,
  options: object,
  setup: FileSetup = {},
) {
  const time = setup.time ?? new ManualTime()
  const timers = setup.isRealTime ? new CountedTimers() : time
  const dataDir = `${folder}-data`
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const context = testContext({ clock: time, timers, dataDir })
  const config = fileConfig({ path: '${tag}.log', min_free: '0B', ...options })
  const inside = { ...config, path: join(folder, config.path) }
  if (config.symlink !== undefined) inside.symlink = join(folder, config.symlink)
  const output = createFileOutput(inside, context, setup.fileSystem ?? nodeFileSystem)
  t.after(() => output.stop(AbortSignal.abort()))
  await output.start()
  const write = (tag: string, ...logs: string[]) =>
    output.deliver(batchOf(tag, ...logs.map((log) => ({ log }))))
  return { output, context, log: context.logger satisfies KeptLog, time, timers, write }
}

/** The names in a folder, sorted. */
export async function names(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort()
}

/** The `log` fields of the lines of a file; throws on a torn or invalid line. */
export async function logsOf(...path: string[]): Promise<string[]> {
  return logsIn(await readFile(join(...path), 'utf8'))
}

export function logsIn(text: string): string[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error(`torn line: ${text.slice(-100)}`)
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => (JSON.parse(line) as { log: string }).log)
}

export type WriteStep = 'ok' | 'hang' | { readonly code: string } | { readonly short: number }

/** The real file system, but for what a test puts in its way. */
export class FaultyFileSystem {
  /** What the next writes do, in order; the last repeats. Only for files named `.log`. */
  writes: WriteStep[] = ['ok']
  /** Error codes that operations fail with until they are taken out: `open`, `rename`, … */
  readonly broken = new Map<keyof FileSystem, string>()
  freeBytes = Infinity
  writeCount = 0
  readonly fileSystem: FileSystem
  #release: () => void = () => {}
  /** Descriptors of files named `.log`. */
  readonly #logs = new Set<number>()

  constructor() {
    this.fileSystem = new Proxy(nodeFileSystem, {
      get: (target, name: keyof FileSystem) => this.#operation(target, name),
    })
  }

  /** Lets a hanging write go on. */
  release(): void {
    this.#release()
  }

  #operation(target: FileSystem, name: keyof FileSystem): unknown {
    const code = this.broken.get(name)
    if (code !== undefined) return () => Promise.reject(failure(code))
    if (name === 'freeBytes') return () => Promise.resolve(this.freeBytes)
    if (name === 'open') return this.#open
    if (name === 'write') return this.#write
    return Reflect.get(target, name)
  }

  #open: FileSystem['open'] = async (path, flags, mode) => {
    const fd = await nodeFileSystem.open(path, flags, mode)
    if (path.endsWith('.log')) this.#logs.add(fd)
    else this.#logs.delete(fd)
    return fd
  }

  #write: FileSystem['write'] = async (fd, bytes, offset, length) => {
    if (!this.#logs.has(fd)) return nodeFileSystem.write(fd, bytes, offset, length)
    this.writeCount++
    const step = this.writes.length > 1 ? this.writes.shift()! : this.writes[0]!
    if (step === 'ok') return nodeFileSystem.write(fd, bytes, offset, length)
    if (step === 'hang') {
      await new Promise<void>((resolve) => (this.#release = resolve))
      return nodeFileSystem.write(fd, bytes, offset, length)
    }
    if ('code' in step) throw failure(step.code)
    return nodeFileSystem.write(fd, bytes, offset, Math.min(step.short, length))
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code })
}
