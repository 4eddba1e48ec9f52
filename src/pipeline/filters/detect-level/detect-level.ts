/** Looks for a level in fields, then in texts, and writes the word for it. */
import type { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ByteWriter as Writer } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { writeStr } from '../../../codecs/msgpack/writer.ts'
import { isStrEqual, payloadEnd, payloadStart } from '../../../codecs/record.ts'
import type { Batch } from '../../batch.ts'
import type { Filter, FilterContext } from '../../component.ts'
import { parseFieldPath } from '../../conditions/field-path.ts'
import { numberAt } from '../../conditions/values.ts'
import type { Counter } from '../../metrics.ts'
import { findNested } from '../../placeholders/field-value.ts'
import { EntryChanges, type Operation } from '../support/entry-changes.ts'
import { type ValueBytes, writeWith } from '../support/map-edits.ts'
import { type Level, levelInText, levelOfNumber, levelOfWord } from './levels.ts'

export interface DetectLevelOptions {
  readonly field: string
  readonly fields: readonly string[]
  readonly texts: readonly string[]
}

type Keys = readonly Uint8Array[]

/** Bytes of a text that are looked at. */
const HEAD_BYTES = 256

export class DetectLevel implements Filter, Operation {
  readonly problem = null
  readonly #path: { readonly keys: Keys }
  readonly #fields: readonly Keys[]
  readonly #texts: readonly Keys[]
  readonly #changes: EntryChanges
  readonly #values = new Map<Level, ValueBytes>()
  readonly #undetected: Counter

  constructor({ field, fields, texts }: DetectLevelOptions, { metrics }: FilterContext) {
    this.#path = { keys: parseFieldPath(field).keys }
    this.#fields = fields.flatMap(bothWays)
    this.#texts = texts.map((path) => parseFieldPath(path).keys)
    this.#changes = new EntryChanges([this])
    this.#undetected = metrics.counter('undetected_total', 'Events that say nothing of a level.')
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch {
    return this.#changes.apply(batch)
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const offset = entry + ENTRY_RECORD_OFFSET
    const level = this.#inFields(bytes, offset) ?? this.#inTexts(bytes, offset)
    if (!level) {
      this.#undetected.add(1)
      return false
    }
    const value = this.#valueOf(level)
    const found = findNested(bytes, offset, this.#path.keys)
    if (found >= 0 && isStrEqual(bytes, found, value.bytes.subarray(1, value.end))) return false
    writeWith(out, { bytes, offset }, this.#path, value)
    return true
  }

  #inFields(bytes: Uint8Array, record: number): Level | undefined {
    for (const keys of this.#fields) {
      const offset = findNested(bytes, record, keys)
      const level = offset < 0 ? undefined : levelAt(bytes, offset)
      if (level) return level
    }
    return undefined
  }

  #inTexts(bytes: Uint8Array, record: number): Level | undefined {
    for (const keys of this.#texts) {
      const offset = findNested(bytes, record, keys)
      const text = offset < 0 ? undefined : headOf(bytes, offset)
      const level = text === undefined ? undefined : levelInText(text)
      if (level) return level
    }
    return undefined
  }

  #valueOf(level: Level): ValueBytes {
    const known = this.#values.get(level)
    if (known) return known
    const writer = new Writer(16)
    writeStr(writer, level)
    const value = { bytes: writer.bytes, start: 0, end: writer.length }
    this.#values.set(level, value)
    return value
  }
}

/** `log.level` is a field in a map for some, and a name with a dot for others. */
function bothWays(path: string): Keys[] {
  const { keys } = parseFieldPath(path)
  return keys.length === 1 || path.includes('[') ? [keys] : [keys, [Buffer.from(path)]]
}

function levelAt(bytes: Uint8Array, offset: number): Level | undefined {
  const text = headOf(bytes, offset)
  const word = text === undefined ? undefined : levelOfWord(text)
  return word ?? levelOfNumber(numberAt(bytes, offset))
}

/** Letters beyond ASCII do not matter here, so it is read as the cheapest encoding. */
function headOf(bytes: Uint8Array, offset: number): string | undefined {
  const start = payloadStart(bytes, offset)
  if (start < 0) return undefined
  const length = Math.min(payloadEnd(bytes, offset) - start, HEAD_BYTES)
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')
}
