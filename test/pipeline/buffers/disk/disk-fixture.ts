/** A disk store in a folder of its own, with files that fail on demand. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Batch } from '../../../../src/pipeline/batch.ts'
import type { StoredBatch } from '../../../../src/pipeline/buffers/batch-store.ts'
import {
  DiskStore,
  type DiskStoreOptions,
} from '../../../../src/pipeline/buffers/disk/disk-store.ts'
import {
  type DataFile,
  type FileAccess,
  fileAccess,
  type OpenMode,
} from '../../../../src/pipeline/files/file-access.ts'
import { systemClock, systemTimers } from '../../../../src/pipeline/clock.ts'
import { KeptLog } from '../../../drivers/context.ts'
import { batchOf } from '../../../support/entries.ts'

/** On segments; `rename` is the last step of noting progress. */
export type Operation = 'write' | 'datasync' | 'create' | 'truncate' | 'remove' | 'rename'

/** The real files; the operations that are due fail, some after half of their work. */
export class FaultyAccess implements FileAccess {
  readonly counts: Record<Operation, number> = {
    ...{ write: 0, datasync: 0, create: 0, truncate: 0, remove: 0, rename: 0 },
  }
  /** What was done, in order. */
  readonly done: string[] = []
  /** Of segments. */
  bytesRead = 0
  /** Of segments: reads of it fail. */
  badByte: number | null = null
  /** There is no room for writes as long as that segment is there. */
  takesAllRoom: string | null = null
  readonly #faults: { operation: Operation; code: string; half: boolean }[] = []
  /** Each write and sync waits for it. */
  pace: () => Promise<void> = () => Promise.resolve()

  /** The next such operations fail, in this order. */
  fail(operation: Operation, code: string, half = false): void {
    this.#faults.push({ operation, code, half })
  }

  makeFolder = (path: string) => fileAccess.makeFolder(path)
  removeFolder = (path: string) => fileAccess.removeFolder(path)
  list = (path: string) => fileAccess.list(path)
  size = (path: string) => fileAccess.size(path)

  async syncFolder(path: string): Promise<void> {
    this.done.push(`sync ${path}`)
    await fileAccess.syncFolder(path)
  }

  async remove(path: string): Promise<void> {
    this.done.push(`remove ${basename(path)}`)
    this.#note('remove')
    await fileAccess.remove(path)
    if (basename(path) === this.takesAllRoom) this.takesAllRoom = null
  }

  async rename(from: string, to: string): Promise<void> {
    this.done.push(`rename ${basename(to)}`)
    this.#note('rename')
    await fileAccess.rename(from, to)
  }

  async open(path: string, mode: OpenMode): Promise<DataFile> {
    if (mode === 'create') {
      this.done.push(`create ${basename(path)}`)
      this.#note('create')
    }
    const file = await fileAccess.open(path, mode)
    return path.endsWith('.segment') ? this.#faulty(file, basename(path)) : file
  }

  #faulty(file: DataFile, name: string): DataFile {
    return {
      read: async (offset, length) => {
        const bad = this.badByte
        if (bad !== null && bad >= offset && bad < offset + length) throw errorOf('EIO')
        const bytes = await file.read(offset, length)
        this.bytesRead += bytes.length
        return bytes
      },
      close: () => file.close(),
      isLinked: () => file.isLinked(),
      truncate: async (length) => {
        this.done.push(`truncate ${name}`)
        this.#note('truncate')
        await file.truncate(length)
      },
      write: async (pieces, offset) => {
        await this.pace()
        const half = Buffer.concat(pieces)
        if (this.takesAllRoom !== null) throw errorOf('ENOSPC')
        const fault = this.#due('write')
        if (fault?.half) await file.write([half.subarray(0, half.length / 2)], offset)
        this.counts.write++
        if (fault) throw errorOf(fault.code)
        await file.write(pieces, offset)
      },
      datasync: async () => {
        await this.pace()
        this.done.push(`datasync ${name}`)
        this.#note('datasync')
        await file.datasync()
      },
    }
  }

  #note(operation: Operation): void {
    this.counts[operation]++
    const fault = this.#due(operation)
    if (fault) throw errorOf(fault.code)
  }

  #due(operation: Operation) {
    if (this.#faults[0]?.operation !== operation) return undefined
    return this.#faults.shift()
  }
}

function errorOf(code: string): Error {
  return Object.assign(new Error(`${code}: it is said to fail`), { code })
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-buffer-'))
  t.after(async () => {
    const open = await openFilesBelow(folder)
    await rm(folder, { recursive: true, force: true })
    assert.deepEqual(open, [], 'files were left open')
  })
  return folder
}

export async function openFilesBelow(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => [])
  const paths = descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''))
  return (await Promise.all(paths)).filter((path) => path.startsWith(folder))
}

export interface Opened {
  readonly store: DiskStore
  readonly log: KeptLog
  readonly access: FaultyAccess
}

/** A store that was created but not started. */
export function create(folder: string, options: Partial<DiskStoreOptions> = {}): Opened {
  const log = new KeptLog()
  const access = new FaultyAccess()
  const timers = { after: quickly, every: aside }
  const limits = {
    fsync: 'always',
    compression: null,
    maxBytes: 1e9,
    segmentBytes: 1e9,
    recentBytes: 1e9,
  } as const
  const around = { folder, access, clock: systemClock, timers, logger: log }
  return { store: new DiskStore({ ...limits, ...around, ...options }), log, access }
}

/** Retries and progress without the wait. */
function quickly(_milliseconds: number, callback: () => void) {
  return systemTimers.after(1, callback)
}

export async function open(folder: string, options: Partial<DiskStoreOptions> = {}) {
  const opened = create(folder, options)
  await opened.store.start()
  return opened
}

/** A test may leave a store as a kill does. */
function aside(milliseconds: number, callback: () => void) {
  const timer = setInterval(callback, milliseconds).unref()
  return () => clearInterval(timer)
}

/** All that can be taken now. */
export async function takeAll(store: DiskStore, bytes = 1e9): Promise<StoredBatch[]> {
  const all: StoredBatch[] = []
  for (;;) {
    const taken = await store.take({ bytes, events: 1e9 })
    if (taken.length === 0) return all
    all.push(...taken)
  }
}

export async function segmentsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.segment')).toSorted()
}

export function numbered(count: number, from = 0): Batch[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index
    const records = Array.from({ length: 1 + (number % 3) }, () => ({ log: `line ${number}` }))
    return batchOf(`tag.${number % 2}`, ...records)
  })
}

export async function appendAll(store: DiskStore, batches: readonly Batch[]): Promise<void> {
  for (const batch of batches) assert.equal(await store.append(batch), 'delivered')
}

export function same(found: readonly StoredBatch[], expected: readonly Batch[]): void {
  assert.deepEqual(found.map(plain), expected.map(plain))
}

export function plain({ tag, entries, count }: Batch) {
  return { tag, count, entries: Buffer.from(entries).toString('hex') }
}

export const eventsIn = (batches: readonly { readonly count: number }[]) =>
  batches.reduce((sum, { count }) => sum + count, 0)
