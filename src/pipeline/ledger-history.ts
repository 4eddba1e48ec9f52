/**
 * The ledger of all runs on one data folder: what earlier ones have left in `ledger.json`, and what
 * this one counts. Written every second and at a stop; so after a kill the counts of the last
 * second are missing, and what was on its way then is counted by where it is now: left in a buffer
 * or with a filter, from where it is restored, or with its sender, who sends it again.
 */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Cancel, Clock, Timers } from './clock.ts'
import type { FileAccess } from './files/file-access.ts'
import { replaceFile } from './files/safe-files.ts'
import type { Ledger } from './ledger.ts'
import { isBalancedRow, type LedgerSnapshot, type Row, type Rows } from './ledger-counts.ts'
import type { Logger } from './logger.ts'

export interface LedgerOfAllRuns {
  /** RFC 3339: when the first of them started. */
  readonly since: string
  readonly inputs: Rows
  readonly filters: Rows
  readonly outputs: Rows
  readonly total: Row
  readonly drop_reasons: LedgerSnapshot['drop_reasons']
  readonly damaged_bytes: Row
  readonly balanced: boolean
}

export interface LedgerHistoryOptions {
  readonly path: string
  readonly files: FileAccess
  readonly ledger: Ledger
  /** Names of the outputs whose events outlive the process. */
  readonly bufferedOutputs: () => readonly string[]
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
}

const VERSION = 4
const SAVE_EVERY_MS = 1000

type Counted = Omit<LedgerOfAllRuns, 'balanced'>

type Saved = Counted & {
  readonly version: number
  readonly buffered_outputs: readonly string[]
}

export class LedgerHistory {
  readonly #options: LedgerHistoryOptions
  #before: Counted
  #cancel: Cancel | null = null
  #saving: Promise<void> = Promise.resolve()
  #lastSaved = ''

  constructor(options: LedgerHistoryOptions) {
    this.#options = options
    const since = new Date(options.clock.now()).toISOString()
    const drop_reasons = { inputs: {}, pipeline: {} }
    const rows = { inputs: {}, filters: {}, outputs: {}, total: {}, drop_reasons }
    this.#before = { since, ...rows, damaged_bytes: {} }
  }

  /** A file that cannot be read is reported, and counting begins anew. */
  async start(): Promise<void> {
    const { path, timers, logger } = this.#options
    try {
      const text = await readFile(path, 'utf8').catch(absentIsNull)
      if (text !== null) this.#before = settled(parse(text))
    } catch (error) {
      logger.warn({ path, error }, 'cannot read the ledger of earlier runs: it begins anew')
    }
    this.#cancel = timers.every(SAVE_EVERY_MS, () => void this.save())
  }

  /** The ledger must not change any more. Nothing is written without a `start` before. */
  async stop(): Promise<void> {
    if (!this.#cancel) return
    this.#cancel()
    this.#cancel = null
    await this.save()
  }

  get allRuns(): LedgerOfAllRuns {
    const sum = this.#sum()
    return { ...sum, balanced: isBalancedRow(sum.total) }
  }

  #sum(): Counted {
    const now = this.#options.ledger.snapshot()
    const before = this.#before
    return {
      since: before.since,
      inputs: addGroups(before.inputs, now.inputs),
      filters: addGroups(before.filters, now.filters),
      outputs: mapRows(addGroups(before.outputs, now.outputs), (row) =>
        backFromDisk(row, ['received', 'restored', 'buffered']),
      ),
      total: backFromDisk(addRows(before.total, now.total), ['restored', 'buffered']),
      drop_reasons: {
        inputs: addGroups(before.drop_reasons.inputs, now.drop_reasons.inputs),
        pipeline: addRows(before.drop_reasons.pipeline, now.drop_reasons.pipeline),
      },
      damaged_bytes: addRows(before.damaged_bytes, now.damaged_bytes),
    }
  }

  /** One at a time; never rejects. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save())
    return this.#saving
  }

  async #save(): Promise<void> {
    const { path, files, logger, bufferedOutputs } = this.#options
    const saved: Saved = {
      version: VERSION,
      ...this.#sum(),
      buffered_outputs: bufferedOutputs(),
    }
    const text = textOf(saved)
    if (text === this.#lastSaved) return
    try {
      // For the folder may be gone, and be another process's.
      await files.makeFolder(dirname(path))
      await replaceFile(files, path, Buffer.from(text), false)
      this.#lastSaved = text
    } catch (error) {
      logger.warn(
        { path, error },
        'cannot save the ledger: a restart would count from an older one',
      )
    }
  }
}

/** With a checksum of all the rest, so that no damaged number is believed. */
function textOf(saved: Saved): string {
  return `${JSON.stringify({ ...saved, crc32: checksum(saved) })}\n`
}

function parse(text: string): Saved {
  const { crc32: sum, ...saved } = JSON.parse(text) as Saved & { readonly crc32?: string }
  if (saved.version !== VERSION)
    throw new Error(`version ${saved.version}; expected version ${VERSION}`)
  if (sum !== checksum(saved)) throw new Error('it is damaged: its checksum does not fit')
  return saved
}

/** JSON that was parsed is written again as it was. */
function checksum(saved: Saved): string {
  return crc32(JSON.stringify(saved)).toString(16).padStart(8, '0')
}

/** What was on its way when it was saved, as nothing is on its way at a start. */
function settled(saved: Saved): Counted {
  const { since, inputs, drop_reasons, damaged_bytes } = saved
  const buffered = new Set(saved.buffered_outputs)
  const outputs = mapRows(saved.outputs, (row, name) =>
    move(row, 'in_flight', buffered.has(name) ? 'buffered' : 'retried'),
  )
  const inBuffers = [...buffered].reduce(
    (sum, name) => sum + of(saved.outputs[name], 'in_flight'),
    0,
  )
  const held = Object.values(saved.filters).reduce((sum, row) => sum + of(row, 'held'), 0)
  const kept = Math.min(of(saved.total, 'in_flight'), inBuffers + held)
  const total = move(move(saved.total, 'in_flight', 'buffered', kept), 'in_flight', 'retried')
  const filters = mapRows(saved.filters, (row) => ({ ...row, held: 0 }))
  return { since, inputs, filters, outputs, total, drop_reasons, damaged_bytes }
}

/** Restored events are the ones that an earlier run has left: neither is counted any more. */
function backFromDisk(row: Row, fates: readonly string[]): Row {
  const count = Math.min(of(row, 'restored'), of(row, 'buffered'))
  return { ...row, ...Object.fromEntries(fates.map((fate) => [fate, of(row, fate) - count])) }
}

function move(row: Row, from: string, to: string, count = of(row, from)): Row {
  return { ...row, [from]: of(row, from) - count, [to]: of(row, to) + count }
}

function of(row: Row | undefined, fate: string): number {
  return row?.[fate] ?? 0
}

function addRows(one: Row, other: Row): Row {
  const fates = new Set([...Object.keys(other), ...Object.keys(one)])
  return Object.fromEntries([...fates].map((fate) => [fate, of(one, fate) + of(other, fate)]))
}

function addGroups(one: Rows, other: Rows): Rows {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries(
    [...names].map((name) => [name, addRows(one[name] ?? {}, other[name] ?? {})]),
  )
}

function mapRows(rows: Rows, change: (row: Row, name: string) => Row): Rows {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, change(row, name)]))
}

function absentIsNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
