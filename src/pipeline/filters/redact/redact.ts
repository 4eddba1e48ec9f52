/** Covers what the finders find in the texts of a record; names of fields stay as they are. */
import { createHmac } from 'node:crypto'
import type { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ByteWriter as Writer } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { isArray, isMap } from '../../../codecs/msgpack/format.ts'
import { writeArrayHeader, writeMapHeader, writeStr } from '../../../codecs/msgpack/writer.ts'
import {
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../../../codecs/record.ts'
import type { Batch } from '../../batch.ts'
import type { Filter, FilterContext } from '../../component.ts'
import { parseFieldPath } from '../../conditions/field-path.ts'
import type { Counter } from '../../metrics.ts'
import { findNested } from '../../placeholders/field-value.ts'
import { EntryChanges, type Operation } from '../support/entry-changes.ts'
import { writeWith } from '../support/map-edits.ts'
import { type Builtin, builtinFinders, type Finder, finderOf, type Stretch } from './finders.ts'

export interface RedactOptions {
  readonly builtins: readonly Builtin[]
  readonly patterns: readonly string[]
  readonly fields: readonly string[]
  readonly replacement: string
  readonly hashKey: string | null
  readonly valueMaxBytes: number
}

/** In one text and by one finder; finding very many may take time by the square of its length. */
const MATCHES_MAX = 1000
const HASH_DIGITS = 16

export class Redact implements Filter {
  readonly problem = null
  readonly #options: RedactOptions
  readonly #finders: readonly Finder[]
  readonly #changes: EntryChanges
  readonly #redacted: Counter
  readonly #whole: Counter

  constructor(options: RedactOptions, { metrics }: FilterContext) {
    this.#options = options
    this.#finders = [
      ...options.builtins.map((name) => builtinFinders[name]()),
      ...options.patterns.map(finderOf),
    ]
    const paths = options.fields.map((path) => parseFieldPath(path).keys)
    const write = this.#write.bind(this)
    this.#changes = new EntryChanges(
      paths.length === 0 ? [new InRecord(write)] : paths.map((keys) => new InField(keys, write)),
    )
    this.#redacted = metrics.counter('redacted_total', 'Places that were covered.')
    this.#whole = metrics.counter(
      'redacted_whole_total',
      'Texts covered as a whole, being too long or having too much to cover.',
    )
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch {
    return this.#changes.apply(batch)
  }

  /** Appends the value at `offset`, covered; says whether anything in it was. */
  #write(bytes: Uint8Array, offset: number, out: ByteWriter): boolean {
    const type = bytes[offset]!
    if (isMap(type) || isArray(type)) return this.#writeItems(bytes, offset, out)
    const start = payloadStart(bytes, offset)
    const end = start < 0 ? start : payloadEnd(bytes, offset)
    const covered = start === end ? undefined : this.#cover(bytes, start, end)
    if (covered === undefined) {
      out.appendRange(bytes, offset, skipValue(bytes, offset))
      return false
    }
    writeStr(out, covered)
    return true
  }

  #writeItems(bytes: Uint8Array, offset: number, out: ByteWriter): boolean {
    const withNames = isMap(bytes[offset]!)
    const count = mapCount(bytes, offset)
    if (withNames) writeMapHeader(out, count)
    else writeArrayHeader(out, count)
    let changed = false
    let position = mapBodyOffset(bytes, offset)
    for (let left = count; left > 0; left--) {
      if (withNames) {
        const value = skipValue(bytes, position)
        out.appendRange(bytes, position, value)
        position = value
      }
      if (this.#write(bytes, position, out)) changed = true
      position = skipValue(bytes, position)
    }
    return changed
  }

  /** The text with all covered, or undefined if there is nothing to cover. */
  #cover(bytes: Uint8Array, start: number, end: number): string | undefined {
    let text: string | undefined
    let changed = false
    for (const finder of this.#finders) {
      if (!finder.mayHold(bytes, start, end)) continue
      if (end - start > this.#options.valueMaxBytes) return this.#coverWhole(bytes, start, end)
      text ??= textOf(bytes, start, end)
      const found = findAll(text, finder)
      if (!found) return this.#coverWhole(bytes, start, end)
      if (found.length === 0) continue
      this.#redacted.add(found.length)
      text = this.#replaced(text, found)
      changed = true
    }
    return changed ? text : undefined
  }

  #coverWhole(bytes: Uint8Array, start: number, end: number): string {
    this.#whole.add(1)
    const { hashKey, replacement } = this.#options
    return hashKey === null ? replacement : hashOf(textOf(bytes, start, end), hashKey)
  }

  #replaced(text: string, found: readonly Stretch[]): string {
    const { hashKey, replacement } = this.#options
    let result = ''
    let position = 0
    for (const { start, end } of found) {
      const cover = hashKey === null ? replacement : hashOf(text.slice(start, end), hashKey)
      result += text.slice(position, start) + cover
      position = end
    }
    return result + text.slice(position)
  }
}

/** Null if there are too many. */
function findAll(text: string, finder: Finder): Stretch[] | null {
  const found: Stretch[] = []
  let left = MATCHES_MAX
  finder.regexp.forEachMatch(text, (match) => {
    found.push(...finder.stretches(match, text).filter(({ start, end }) => end > start))
    return --left > 0
  })
  return left > 0 ? found : null
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
}

function hashOf(text: string, key: string): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, HASH_DIGITS)
}

type WriteValue = (bytes: Uint8Array, offset: number, out: ByteWriter) => boolean

class InRecord implements Operation {
  readonly #write: WriteValue

  constructor(write: WriteValue) {
    this.#write = write
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    return this.#write(bytes, entry + ENTRY_RECORD_OFFSET, out)
  }
}

class InField implements Operation {
  readonly #path: { readonly keys: readonly Uint8Array[] }
  readonly #write: WriteValue
  readonly #value = new Writer(1024)

  constructor(keys: readonly Uint8Array[], write: WriteValue) {
    this.#path = { keys }
    this.#write = write
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const offset = entry + ENTRY_RECORD_OFFSET
    const start = findNested(bytes, offset, this.#path.keys)
    this.#value.clear()
    if (start < 0 || !this.#write(bytes, start, this.#value)) return false
    const value = { bytes: this.#value.bytes, start: 0, end: this.#value.length }
    writeWith(out, { bytes, offset }, this.#path, value)
    return true
  }
}
