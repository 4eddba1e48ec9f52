/**
 * Copies records, adding fields that every event of an input gets: the sender's address, or the
 * metadata that Fluent Bit sends beside a record. Records are trusted msgpack maps (record.ts).
 */
import { ByteWriter } from '../byte-writer.ts'
import { writeMapHeader, writeStr } from '../msgpack/writer.ts'
import { isStrEqual, mapBodyOffset, mapCount, skipValue } from '../record.ts'

export interface TextField {
  readonly key: string
  readonly value: string
}

export interface RecordExtenderOptions {
  /** Added to every record; a field of the record that has the same key gives way. */
  readonly fields: readonly TextField[]
  /** The field that keeps Fluent Bit's metadata; empty to discard it. */
  readonly metadataKey: string
}

export class RecordExtender {
  /** Whether every record changes, with metadata or without. */
  readonly hasFields: boolean
  readonly keepsMetadata: boolean
  readonly #fieldKeys: readonly Uint8Array[]
  readonly #encodedFields: Uint8Array
  readonly #metadataKey: Uint8Array
  readonly #encodedMetadataKey: Uint8Array

  constructor(options: RecordExtenderOptions) {
    const { fields, metadataKey } = options
    this.hasFields = fields.length > 0
    this.keepsMetadata = metadataKey !== ''
    this.#fieldKeys = fields.map((field) => new TextEncoder().encode(field.key))
    this.#encodedFields = encodeTexts(fields.flatMap((field) => [field.key, field.value]))
    this.#metadataKey = new TextEncoder().encode(metadataKey)
    this.#encodedMetadataKey = encodeTexts([metadataKey])
  }

  /** Whether the value at `metadataOffset` (-1 for none) is worth keeping and is to be kept. */
  wantsMetadata(bytes: Uint8Array, metadataOffset: number): boolean {
    return this.keepsMetadata && metadataOffset >= 0 && mapCount(bytes, metadataOffset) > 0
  }

  /** Appends the record from `start` to `end` with its new fields; `metadataOffset` -1 for none. */
  write(
    writer: ByteWriter,
    bytes: Uint8Array,
    start: number,
    end: number,
    metadataOffset: number,
  ): void {
    const hasMetadata = this.wantsMetadata(bytes, metadataOffset)
    const count = mapCount(bytes, start)
    const replaced = this.#countReplaced(bytes, start, hasMetadata)
    writeMapHeader(writer, count - replaced + this.#fieldKeys.length + (hasMetadata ? 1 : 0))
    if (replaced === 0) writer.append(bytes.subarray(mapBodyOffset(bytes, start), end))
    else this.#copyOthers(writer, bytes, start, hasMetadata)
    writer.append(this.#encodedFields)
    if (!hasMetadata) return
    writer.append(this.#encodedMetadataKey)
    writer.append(bytes.subarray(metadataOffset, skipValue(bytes, metadataOffset)))
  }

  #countReplaced(bytes: Uint8Array, start: number, hasMetadata: boolean): number {
    let replaced = 0
    let position = mapBodyOffset(bytes, start)
    for (let left = mapCount(bytes, start); left > 0; left--) {
      if (this.#isReplaced(bytes, position, hasMetadata)) replaced++
      position = skipValue(bytes, skipValue(bytes, position))
    }
    return replaced
  }

  #copyOthers(writer: ByteWriter, bytes: Uint8Array, start: number, hasMetadata: boolean): void {
    let position = mapBodyOffset(bytes, start)
    for (let left = mapCount(bytes, start); left > 0; left--) {
      const next = skipValue(bytes, skipValue(bytes, position))
      const isKept = !this.#isReplaced(bytes, position, hasMetadata)
      if (isKept) writer.append(bytes.subarray(position, next))
      position = next
    }
  }

  #isReplaced(bytes: Uint8Array, keyOffset: number, hasMetadata: boolean): boolean {
    for (let index = 0; index < this.#fieldKeys.length; index++) {
      if (isStrEqual(bytes, keyOffset, this.#fieldKeys[index]!)) return true
    }
    return hasMetadata && isStrEqual(bytes, keyOffset, this.#metadataKey)
  }
}

function encodeTexts(texts: readonly string[]): Uint8Array {
  const writer = new ByteWriter(64)
  for (const text of texts) writeStr(writer, text)
  return writer.written().slice()
}
