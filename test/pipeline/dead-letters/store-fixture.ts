/** A store of dead letters in a folder of its own, with files that fail on demand. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { DeadLetterStore, type Bounds } from '../../../src/pipeline/dead-letters/store.ts'
import type { DeadLetter } from '../../../src/pipeline/delivery/dead-letter.ts'
import {
  type DataFile,
  type FileAccess,
  fileAccess,
  type OpenMode,
} from '../../../src/pipeline/files/file-access.ts'
import { MetricsRegistry } from '../../../src/pipeline/metrics.ts'
import { KeptLog, ManualTime, metricValue } from '../../drivers/context.ts'
import { entriesOf } from '../../support/entries.ts'

/** On files of letters; `rename` is the last step of noting which are done. */
export type Operation =
  'write' | 'datasync' | 'truncate' | 'create' | 'read' | 'close' | 'rename' | 'remove'

/** The real files; the operations that are due fail, a write after half of its work. */
export class FaultyAccess implements FileAccess {
  readonly done: Operation[] = []
  /** What makes names safe, in order. */
  readonly steps: string[] = []
  readonly #faults: Operation[] = []

  /** The next such operations fail, in this order. */
  fail(...operations: Operation[]): void {
    this.#faults.push(...operations)
  }

  makeFolder = (path: string) => fileAccess.makeFolder(path)
  removeFolder = (path: string) => fileAccess.removeFolder(path)
  list = (path: string) => fileAccess.list(path)
  size = (path: string) => fileAccess.size(path)

  async syncFolder(path: string): Promise<void> {
    this.steps.push(`sync ${path}`)
    await fileAccess.syncFolder(path)
  }

  async remove(path: string): Promise<void> {
    this.steps.push(`remove ${basename(path)}`)
    this.#note('remove')
    await fileAccess.remove(path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.steps.push(`rename ${basename(to)}`)
    this.#note('rename')
    await fileAccess.rename(from, to)
  }

  async open(path: string, mode: OpenMode): Promise<DataFile> {
    const isOfLetters = path.endsWith('.jsonl')
    if (isOfLetters && (mode === 'create' || mode === 'read')) this.#note(mode)
    const file = await fileAccess.open(path, mode)
    return isOfLetters ? this.#faulty(file) : file
  }

  #faulty(file: DataFile): DataFile {
    return {
      read: (offset, length) => file.read(offset, length),
      write: async (pieces, offset) => {
        const bytes = Buffer.concat(pieces)
        if (this.#faults[0] === 'write')
          await file.write([bytes.subarray(0, bytes.length / 2)], offset)
        this.#note('write')
        await file.write(pieces, offset)
      },
      datasync: async () => {
        this.#note('datasync')
        await file.datasync()
      },
      truncate: async (length) => {
        this.#note('truncate')
        await file.truncate(length)
      },
      isLinked: () => file.isLinked(),
      close: async () => {
        await file.close()
        if (this.#faults[0] === 'close') this.#note('close')
      },
    }
  }

  #note(operation: Operation): void {
    this.done.push(operation)
    if (this.#faults[0] !== operation) return
    this.#faults.shift()
    throw new Error(`${operation} is said to fail`)
  }
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-dead-letters-'))
  t.after(async () => {
    const open = await openFilesBelow(folder)
    await rm(folder, { recursive: true, force: true })
    assert.deepEqual(open, [], 'files were left open')
  })
  return folder
}

async function openFilesBelow(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => [])
  const paths = descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''))
  return (await Promise.all(paths)).filter((path) => path.startsWith(folder))
}

export interface Opened {
  readonly store: DeadLetterStore
  readonly access: FaultyAccess
  readonly time: ManualTime
  readonly log: KeptLog
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined
}

export const BOUNDS: Bounds = { maxBytes: 1e9, maxAgeMs: 30 * 86_400_000 }

interface OpenOptions {
  readonly bounds?: Bounds
  readonly time?: ManualTime
  /** Operations that fail from the start on. */
  readonly faults?: readonly Operation[]
}

export async function open(
  folder: string,
  { bounds = BOUNDS, time = new ManualTime(), faults = [] }: OpenOptions = {},
): Promise<Opened> {
  const [access, log, registry] = [new FaultyAccess(), new KeptLog(), new MetricsRegistry()]
  const metrics = registry.scope('', {})
  const around = { access, clock: time, timers: time, logger: log, metrics }
  const store = new DeadLetterStore({ folder, bounds, ...around })
  access.fail(...faults)
  await store.start()
  const metric: Opened['metric'] = (name, labels) =>
    metricValue(registry, `dead_letters_${name}`, labels)
  return { store, access, time, log, metric }
}

/** A letter with one event for each record. */
export function letterOf(
  records: readonly object[],
  changes: Partial<DeadLetter> = {},
): DeadLetter {
  return {
    tag: 'docker.web',
    entries: entriesOf(records),
    count: records.length,
    buffer: 'b1',
    sequence: 7,
    firstEvent: 0,
    cause: 'rejected',
    reason: 'cannot parse it',
    firstReason: 'timeout',
    attempts: 3,
    firstTriedAt: Date.parse('2026-11-21T08:00:00Z'),
    lastTriedAt: Date.parse('2026-11-21T08:30:00Z'),
    ...changes,
  }
}

/** One letter per number, with a sequence of its own. */
export function numbered(from: number, to: number, changes: Partial<DeadLetter> = {}) {
  return Array.from({ length: to - from }, (_, index) =>
    letterOf([{ log: `line ${from + index}` }], { sequence: from + index, ...changes }),
  )
}

export type Line = Readonly<Record<string, unknown>> & { readonly entry: string }

/** What stands in the files, torn ends left out. */
export async function linesIn(folder: string): Promise<Line[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).toSorted()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const lines = texts.flatMap((text) => text.split('\n').slice(0, -1))
  return lines.map((line) => JSON.parse(line) as Line)
}

export async function logsIn(folder: string): Promise<unknown[]> {
  return (await linesIn(folder)).map(({ record }) => (record as { log: unknown }).log)
}

/** `line 0`, `line 1`, … */
export function logs(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`)
}
