/**
 * Finds out by a rule (codecs/multiline) which events of a stream belong together. A stream is what
 * one connection brings of a tag; of Docker's records, one stream of one container.
 *
 * Where a stream stands follows from the lines that are held of it, and is only remembered: when
 * lines go back to their sender, or come from the disk, it is found out again from what is held.
 */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import type { MultilineRule } from '../../../codecs/multiline/multiline.ts'
import {
  entryEnd,
  findField,
  isStrEqual,
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../../../codecs/record.ts'
import type { BatchWork } from '../support/joining/batch-work.ts'
import type { Head } from '../support/joining/head.ts'
import type { Line } from '../support/joining/line.ts'
import type { Lines, Sorter } from '../support/joining/line-joiner.ts'

const LINE_FEED = 0x0a
const CONTAINER_ID = Buffer.from('container_id')
const SOURCE = Buffer.from('source')

/** Where a stream stands behind so many lines of an event. */
interface Standing {
  readonly parts: number
  readonly state: number
}

export class EventSorter implements Sorter {
  readonly #rule: MultilineRule
  readonly #field: Uint8Array
  readonly #standings = new WeakMap<Line, Standing>()
  readonly #origins = new WeakMap<object, number>()
  readonly #scratch = new ByteWriter(256)
  #lastOrigin = 0

  constructor(rule: MultilineRule, field: string) {
    this.#rule = rule
    this.#field = Buffer.from(field)
  }

  concerns(): boolean {
    return true
  }

  sort(work: BatchWork, lines: Lines): void {
    const { entries } = work.batch
    for (let start = 0, end = 0; start < entries.length; start = end) {
      end = entryEnd(entries, start)
      const value = findField(entries, start + ENTRY_RECORD_OFFSET, this.#field)
      if (value >= 0 && payloadStart(entries, value) >= 0)
        this.#sortOne(work, lines, { start, end, value })
    }
  }

  #sortOne(work: BatchWork, lines: Lines, entry: Entry): void {
    const rule = this.#rule
    const { entries, tag } = work.batch
    const key = this.#keyOf(work, entry)
    let line = lines.open.get(key)
    const textStart = payloadStart(entries, entry.value)
    const textEnd = payloadEnd(entries, entry.value)
    const state = rule.next(line ? this.#stateOf(line) : 0, entries, textStart, textEnd)
    if (line && !rule.continues) {
      lines.joinBefore(entry.start, line, work)
      line = undefined
    }
    if (!line && !rule.isOpen) return
    line ??= lines.openLine({ key, tag, isLegacy: false })
    work.takeOut(entry.start, entry.end)
    const log = this.#textOf(line, entries.subarray(textStart, textEnd))
    const part = {
      ordinal: line.nextOrdinal,
      isLast: !rule.isOpen,
      log,
      size: log.length,
      call: work.call,
    }
    this.#standings.set(line, { parts: line.partCount + 1, state })
    lines.add(line, part, headOf(entries, entry, this.#field), work)
  }

  /** With the line feed that stood in front of it, if it is not the first. */
  #textOf(line: Line, text: Uint8Array): Uint8Array {
    if (line.partCount === 0) return text
    const scratch = this.#scratch
    scratch.clear()
    scratch.reserve(1)
    scratch.bytes[scratch.length++] = LINE_FEED
    scratch.append(text)
    return scratch.written()
  }

  #stateOf(line: Line): number {
    const known = this.#standings.get(line)
    if (known?.parts === line.partCount) return known.state
    let state = 0
    for (const { log, ordinal } of [...line.parts].sort((a, b) => a.ordinal - b.ordinal)) {
      const start = ordinal === 1 ? 0 : Math.min(1, log.length)
      state = this.#rule.next(state, log, start, log.length)
    }
    this.#standings.set(line, { parts: line.partCount, state })
    return state
  }

  /** A container may come back over another connection; what has no such name does not. */
  #keyOf({ batch }: BatchWork, { start }: Entry): string {
    const container = textOf(batch.entries, start, CONTAINER_ID)
    const source = textOf(batch.entries, start, SOURCE)
    const origin = container === '' ? this.#originOf(batch.origin) : ''
    return `${batch.tag}\0${container}\0${source}\0${origin}`
  }

  #originOf(origin: object | undefined): string {
    if (!origin) return ''
    const known = this.#origins.get(origin) ?? ++this.#lastOrigin
    this.#origins.set(origin, known)
    return String(known)
  }
}

interface Entry {
  readonly start: number
  readonly end: number
  /** Where the text is. */
  readonly value: number
}

/** The entry without its map header and without the field with the text; a copy. */
function headOf(entries: Uint8Array, { start }: Entry, field: Uint8Array): Head {
  const record = start + ENTRY_RECORD_OFFSET
  const head = new ByteWriter(256)
  head.append(entries.subarray(start, record))
  let fieldCount = 0
  let position = mapBodyOffset(entries, record)
  for (let left = mapCount(entries, record); left > 0; left--) {
    const next = skipValue(entries, skipValue(entries, position))
    if (!isStrEqual(entries, position, field)) {
      head.append(entries.subarray(position, next))
      fieldCount++
    }
    position = next
  }
  return { bytes: head.written().slice(), fieldCount }
}

/** One character per byte, so that any bytes make a key; empty if it is no text. */
function textOf(entries: Uint8Array, start: number, field: Uint8Array): string {
  const value = findField(entries, start + ENTRY_RECORD_OFFSET, field)
  if (value < 0 || payloadStart(entries, value) < 0) return ''
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.length)
  return bytes.toString('latin1', payloadStart(entries, value), payloadEnd(entries, value))
}
