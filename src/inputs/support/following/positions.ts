/**
 * How far each file is delivered, kept over restarts: one line of JSON for every change, appended
 * at once, and all of it written anew when it has grown. A kill leaves every line or a torn last
 * one, which is left out; a position that was not written yet only makes a delivery come twice.
 *
 *     {"version":1,"since":1795712555592}
 *     {"id":7,"file":"64769:1234","path":"a.log.1","of":"a.log","head":[8,"…"],"foot":[8,"…"],…}
 *     {"id":7,"gone":true}
 */
import { join } from 'node:path'
import type { Logger } from '../../../pipeline/logger.ts'
import type { DataFile, FileAccess } from '../../../pipeline/files/file-access.ts'
import { replaceFile } from '../../../pipeline/files/safe-files.ts'
import { causeCode } from './cause-code.ts'
import { type Foot, type Head, NO_FOOT } from './identity.ts'

/** Raise it with every change that an older version could not read. */
const VERSION = 1
const NAME = 'positions'
const REWRITE_MIN_BYTES = 256 * 1024
/** Written anew when so many times the files it has. */
const REWRITE_FACTOR = 4
const LINE_BYTES = 300

/**
 * Lines of stdout (and of what has no streams) and of stderr that begin before their offset are
 * delivered. They differ only while a line of one is not whole.
 */
export type Offsets = readonly [number, number]

export interface Position {
  /** Of two with one path the later has the greater. */
  readonly id: number
  /** Device and inode. */
  readonly key: string
  /** Where it was last. */
  readonly path: string
  /** The watched path it belongs to: it has, or had before it was rotated, that name. */
  readonly of: string
  readonly head: Head
  readonly foot: Foot
  readonly at: Offsets
  /** Nothing more is expected of it. */
  readonly isDone: boolean
  /**
   * Whether all that its path had before it is known: that was looked for when it had a beginning.
   * Else there may be rotated files older than it that were never seen.
   */
  readonly isPlaced: boolean
  /** When it was last read, by the clock, with nothing left to be looked for. */
  readonly seenMs: number
}

interface Line {
  readonly id?: unknown
  readonly version?: unknown
  readonly since?: unknown
  readonly gone?: unknown
  readonly file?: unknown
  readonly path?: unknown
  readonly of?: unknown
  readonly done?: unknown
  readonly unplaced?: unknown
  readonly head?: unknown
  readonly foot?: unknown
  readonly at?: unknown
  readonly seen?: unknown
}

export interface PositionsOptions {
  readonly access: FileAccess
  readonly folder: string
  readonly logger: Logger
  /** The clock now. */
  readonly nowMs: number
}

export class Positions {
  readonly #access: FileAccess
  readonly #folder: string
  readonly #logger: Logger
  readonly #known = new Map<number, Position>()
  /** The ids of those in `#known`, so that looking for one takes no longer the more there are. */
  readonly #byPath = new Map<string, Set<number>>()
  readonly #byKey = new Map<string, Set<number>>()
  /** What changed since the write that is under way began. */
  readonly #changed = new Set<number>()
  #file: DataFile | null = null
  #end = 0
  #nextId = 1
  #writing: Promise<void> | null = null
  #mustRewrite = true
  #isLoaded = false
  #isClosed = false
  #isFailing = false
  /** Whether there was nothing at all: this input has never run. */
  isFirstRun = true
  /** When this input ran for the first time, by the clock. */
  sinceMs: number

  constructor({ access, folder, logger, nowMs }: PositionsOptions) {
    this.sinceMs = nowMs
    this.#access = access
    this.#folder = folder
    this.#logger = logger
  }

  get all(): readonly Position[] {
    return [...this.#known.values()]
  }

  /** Those of a watched path, the oldest first. */
  of(path: string): Position[] {
    return this.#with(this.#byPath.get(path))
  }

  /** Those of files with that device and inode, the oldest first. */
  withKey(key: string): Position[] {
    return this.#with(this.#byKey.get(key))
  }

  async load(): Promise<void> {
    await this.#access.makeFolder(this.#folder)
    const text = await this.#read()
    this.#isLoaded = true
    if (text === undefined) return
    this.isFirstRun = false
    const lines = text.split('\n')
    // What stands behind the last newline is torn.
    const torn = lines.pop()!
    const damaged = lines.filter((line) => !this.#replay(line)).length
    if (damaged === 0 && torn === '' && text !== '') return
    const fields = { path: this.#path, lines: damaged, bytes_at_end: Buffer.byteLength(torn) }
    const message = 'noted positions are cut or damaged: what cannot be read of them is left out'
    this.#logger.warn(fields, message)
  }

  newId(): number {
    return this.#nextId++
  }

  /** Notes it soon; `flush` waits for that. */
  note(position: Position): void {
    this.#set(position)
    this.#change(position.id)
  }

  forget(id: number): void {
    if (this.#delete(id)) this.#change(id)
  }

  /** Settles once all that was noted before is written, or cannot be. */
  async flush(): Promise<void> {
    await this.#writing
    if (this.#changed.size > 0 || this.#mustRewrite) await this.#write()
  }

  /** Works also if it was never loaded: then nothing is written. */
  async close(): Promise<void> {
    if (this.#isLoaded) await this.flush()
    this.#isClosed = true
    await this.#file?.close()
    this.#file = null
  }

  get #path(): string {
    return join(this.#folder, NAME)
  }

  #with(ids: ReadonlySet<number> | undefined): Position[] {
    return [...(ids ?? [])].sort((one, other) => one - other).map((id) => this.#known.get(id)!)
  }

  #set(position: Position): void {
    const { id, of, key } = position
    const before = this.#known.get(id)
    this.#known.set(id, position)
    if (before?.of === of && before.key === key) return
    if (before) this.#leaveOut(before)
    addTo(this.#byPath, of, id)
    addTo(this.#byKey, key, id)
  }

  #delete(id: number): boolean {
    const position = this.#known.get(id)
    if (position) this.#leaveOut(position)
    return this.#known.delete(id)
  }

  #leaveOut({ id, of, key }: Position): void {
    removeFrom(this.#byPath, of, id)
    removeFrom(this.#byKey, key, id)
  }

  #change(id: number): void {
    // What settles after a stop that could not wait comes again at the next start.
    if (this.#isClosed) return
    this.#changed.add(id)
    this.#writing ??= this.#write().finally(() => (this.#writing = null))
  }

  async #read(): Promise<string | undefined> {
    try {
      const file = await this.#access.open(this.#path, 'read')
      try {
        return (await file.read(0, await this.#access.size(this.#path))).toString('utf8')
      } finally {
        await file.close()
      }
    } catch (error) {
      if (causeCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  #replay(text: string): boolean {
    const line = parse(text)
    if (!line) return false
    if (line.version !== undefined) {
      if (isCount(line.since)) this.sinceMs = line.since
      if (line.version === VERSION) return true
      const found = JSON.stringify(line.version)
      throw new Error(`cannot read ${this.#path}: version ${found}; expected ${VERSION}`)
    }
    const position = positionOf(line)
    if (position) this.#set(position)
    else if (line.gone === true) this.#delete(Number(line.id))
    else return false
    this.#nextId = Math.max(this.#nextId, Number(line.id) + 1)
    return true
  }

  /** Until nothing has changed since; what fails is tried again with the next change. */
  async #write(): Promise<void> {
    try {
      do {
        if (this.#isTooLong) this.#mustRewrite = true
        if (this.#mustRewrite) await this.#rewrite()
        else await this.#append()
      } while (this.#changed.size > 0)
      this.#isFailing = false
    } catch (error) {
      this.#mustRewrite = true
      if (this.#isFailing) return
      this.#isFailing = true
      const fields = { path: this.#path, error }
      this.#logger.error(fields, 'cannot note positions: after a restart events would come twice')
    }
  }

  get #isTooLong(): boolean {
    const live = this.#known.size * LINE_BYTES * REWRITE_FACTOR
    return this.#end > Math.max(REWRITE_MIN_BYTES, live)
  }

  async #append(): Promise<void> {
    const ids = [...this.#changed]
    this.#changed.clear()
    const bytes = Buffer.from(ids.map((id) => this.#lineOf(id)).join(''))
    await this.#file!.write([bytes], this.#end)
    this.#end += bytes.length
  }

  async #rewrite(): Promise<void> {
    this.#changed.clear()
    const ids = [...this.#known.keys()]
    const first = `{"version":${VERSION},"since":${this.sinceMs}}\n`
    const text = `${first}${ids.map((id) => this.#lineOf(id)).join('')}`
    const bytes = Buffer.from(text)
    await this.#file?.close()
    this.#file = null
    await replaceFile(this.#access, this.#path, bytes, false)
    this.#file = await this.#access.open(this.#path, 'existing')
    this.#end = bytes.length
    this.#mustRewrite = false
  }

  #lineOf(id: number): string {
    const position = this.#known.get(id)
    if (!position) return `{"id":${id},"gone":true}\n`
    const { key, path, of, head, foot, at, seenMs } = position
    const done = position.isDone ? { done: true } : {}
    const unplaced = position.isPlaced ? {} : { unplaced: true }
    const flags = { ...unplaced, ...done }
    const print = { head: [head.length, head.hash], foot: [foot.end, foot.hash] }
    return `${JSON.stringify({ id, file: key, path, of, ...print, at, seen: seenMs, ...flags })}\n`
  }
}

function addTo(ids: Map<string, Set<number>>, of: string, id: number): void {
  const known = ids.get(of)
  if (known) known.add(id)
  else ids.set(of, new Set([id]))
}

function removeFrom(ids: Map<string, Set<number>>, of: string, id: number): void {
  const known = ids.get(of)
  known?.delete(id)
  if (known?.size === 0) ids.delete(of)
}

function parse(text: string): Line | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? value : undefined
  } catch (_damaged) {
    return undefined
  }
}

function positionOf(line: Line): Position | undefined {
  const { id, file, path, of, head, foot, at, seen } = line
  if (!isCount(id) || typeof file !== 'string') return undefined
  if (typeof path !== 'string' || typeof of !== 'string') return undefined
  if (!Array.isArray(head) || !isCount(head[0]) || typeof head[1] !== 'string') return undefined
  if (!Array.isArray(at) || !isCount(at[0]) || !isCount(at[1])) return undefined
  return {
    id,
    key: file,
    path,
    of,
    head: { length: head[0], hash: head[1] },
    foot: footIn(foot),
    at: [at[0], at[1]],
    seenMs: isCount(seen) ? seen : 0,
    isDone: line.done === true,
    isPlaced: line.unplaced !== true,
  }
}

/** Earlier versions did not note it. */
function footIn(foot: unknown): Foot {
  if (!Array.isArray(foot) || !isCount(foot[0]) || typeof foot[1] !== 'string') return NO_FOOT
  return { end: foot[0], hash: foot[1] }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
