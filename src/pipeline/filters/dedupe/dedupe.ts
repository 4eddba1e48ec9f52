/**
 * Remembers, by a hash of what makes events the same, when one passed. What was let pass and then
 * given back by those behind (`retry`) is forgotten: its sender brings it again, and must not find
 * that it was here before.
 */
import { createHash } from 'node:crypto'
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { writeInteger } from '../../../codecs/msgpack/writer.ts'
import { entryEnd, skipValue } from '../../../codecs/record.ts'
import type { Batch, Outcome } from '../../batch.ts'
import type { Clock } from '../../clock.ts'
import type { Filter, FilterContext, Filtered } from '../../component.ts'
import type { Counter, Gauge } from '../../metrics.ts'
import { findNested } from '../../placeholders/field-value.ts'
import { writeWith } from '../support/map-edits.ts'

export interface DedupeOptions {
  /** Each by its keys; none for the whole record. */
  readonly fields: readonly (readonly Uint8Array[])[]
  readonly windowMs: number
  readonly countField: readonly Uint8Array[] | null
  readonly keysMax: number
}

interface Seen {
  readonly passedAtMs: number
  leftOut: number
}

/** How many are looked at per batch for being forgotten. */
const LOOKS_MAX = 1000
const MISSING = new Uint8Array([0xc1])

export class Dedupe implements Filter {
  readonly problem = null
  readonly #options: DedupeOptions
  readonly #clock: Clock
  /** Those that passed last are at the end. */
  readonly #seen = new Map<string, Seen>()
  readonly #leftOut: Counter
  readonly #forgotten: Counter
  readonly #remembered: Gauge

  constructor(options: DedupeOptions, { clock, metrics }: FilterContext) {
    this.#options = options
    this.#clock = clock
    this.#leftOut = metrics.counter('left_out_events_total', 'Events left out as configured.')
    this.#forgotten = metrics.counter(
      'forgotten_keys_total',
      'Events forgotten before their window ended, because there were too many.',
    )
    this.#remembered = metrics.gauge('keys', 'Events that are remembered.')
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch | Filtered {
    const { entries } = batch
    const nowMs = this.#clock.monotonic()
    this.#forgetOld(nowMs)
    const passed = new Map<string, Seen | undefined>()
    const writer = new ByteWriter(0)
    let copied = 0
    let count = 0
    let leftOut = 0
    for (let entry = 0, end = 0; entry < entries.length; entry = end) {
      end = entryEnd(entries, entry)
      const key = this.#keyOf(batch, entry)
      const before = this.#seen.get(key)
      const isRepeated = before && nowMs - before.passedAtMs < this.#options.windowMs
      if (!isRepeated) {
        if (!passed.has(key)) passed.set(key, before)
        this.#remember(key, nowMs)
        count++
        if (!before || before.leftOut === 0 || !this.#options.countField) continue
        writer.appendRange(entries, copied, entry)
        this.#writeCounted(writer, entries, entry, before.leftOut)
        copied = end
        continue
      }
      before.leftOut++
      leftOut++
      writer.appendRange(entries, copied, entry)
      copied = end
    }
    this.#remembered.set(this.#seen.size)
    if (copied > 0) writer.appendRange(entries, copied, entries.length)
    const whole = copied === 0 ? batch : { ...batch, entries: writer.written(), count }
    const settled = (outcome: Outcome) => this.#settle(outcome, passed, leftOut)
    return { batch: count === 0 ? null : whole, held: 0, settled }
  }

  #settle(outcome: Outcome, passed: ReadonlyMap<string, Seen | undefined>, leftOut: number): void {
    if (outcome !== 'retry') {
      this.#leftOut.add(leftOut)
      return
    }
    for (const [key, before] of passed) {
      if (before) this.#seen.set(key, before)
      else this.#seen.delete(key)
    }
  }

  #remember(key: string, nowMs: number): void {
    // Deleted first, so that the map stays in the order of the times.
    this.#seen.delete(key)
    if (this.#seen.size >= this.#options.keysMax) {
      const [oldest] = this.#seen.keys()
      if (oldest !== undefined) this.#seen.delete(oldest)
      this.#forgotten.add(1)
    }
    this.#seen.set(key, { passedAtMs: nowMs, leftOut: 0 })
  }

  /** What has a count to tell stays until the next one comes, as long as there is room. */
  #forgetOld(nowMs: number): void {
    let left = LOOKS_MAX
    for (const [key, seen] of this.#seen) {
      if (--left === 0) return
      if (nowMs - seen.passedAtMs < this.#options.windowMs) return
      if (this.#options.countField && seen.leftOut > 0) continue
      this.#seen.delete(key)
    }
  }

  #keyOf({ entries, tag }: Batch, entry: number): string {
    const record = entry + ENTRY_RECORD_OFFSET
    const hash = createHash('sha1').update(tag).update('\0')
    const { fields } = this.#options
    if (fields.length === 0) hash.update(entries.subarray(record, skipValue(entries, record)))
    for (const keys of fields) {
      const offset = findNested(entries, record, keys)
      hash.update(offset < 0 ? MISSING : entries.subarray(offset, skipValue(entries, offset)))
    }
    return hash.digest('binary')
  }

  #writeCounted(writer: ByteWriter, entries: Uint8Array, entry: number, leftOut: number): void {
    const value = new ByteWriter(16)
    writeInteger(value, leftOut)
    writer.appendRange(entries, entry, entry + ENTRY_RECORD_OFFSET)
    const map = { bytes: entries, offset: entry + ENTRY_RECORD_OFFSET }
    const bytes = { bytes: value.bytes, start: 0, end: value.length }
    writeWith(writer, map, { keys: this.#options.countField! }, bytes)
  }
}
