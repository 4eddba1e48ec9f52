/** Operations that change how deep fields are: into a map, out of one, names without dots. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { isArray, isMap, isStr } from '../../../codecs/msgpack/format.ts'
import { writeArrayHeader, writeMapHeader, writeStrBytes } from '../../../codecs/msgpack/writer.ts'
import {
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../../../codecs/record.ts'
import { findNested } from '../../placeholders/field-value.ts'
import { writeWith, writeWithout } from '../support/map-edits.ts'
import type { Operation } from '../support/entry-changes.ts'

type Keys = readonly Uint8Array[]

/** Moves fields whose names begin with `prefix` into the map at `under`, behind what it has. */
export class Nest implements Operation {
  readonly #prefix: Uint8Array
  readonly #under: { readonly keys: Keys }
  readonly #rest = new ByteWriter(4096)
  readonly #map = new ByteWriter(4096)

  constructor(prefix: Uint8Array, under: Keys) {
    this.#prefix = prefix
    this.#under = { keys: under }
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const record = entry + ENTRY_RECORD_OFFSET
    const moved = this.#countMoved(bytes, record)
    if (moved === 0) return false
    this.#rest.clear()
    this.#map.clear()
    const existing = findNested(bytes, record, this.#under.keys)
    const isInMap = existing >= 0 && isMap(bytes[existing]!)
    writeMapHeader(this.#map, moved + (isInMap ? mapCount(bytes, existing) : 0))
    if (isInMap)
      this.#map.appendRange(bytes, mapBodyOffset(bytes, existing), skipValue(bytes, existing))
    writeMapHeader(this.#rest, mapCount(bytes, record) - moved)
    this.#split(bytes, record)
    const value = { bytes: this.#map.bytes, start: 0, end: this.#map.length }
    writeWith(out, { bytes: this.#rest.bytes, offset: 0 }, this.#under, value)
    return true
  }

  #countMoved(bytes: Uint8Array, record: number): number {
    let moved = 0
    let position = mapBodyOffset(bytes, record)
    for (let left = mapCount(bytes, record); left > 0; left--) {
      if (hasPrefix(bytes, position, this.#prefix)) moved++
      position = skipValue(bytes, skipValue(bytes, position))
    }
    return moved
  }

  #split(bytes: Uint8Array, record: number): void {
    let position = mapBodyOffset(bytes, record)
    for (let left = mapCount(bytes, record); left > 0; left--) {
      const value = skipValue(bytes, position)
      const next = skipValue(bytes, value)
      if (!hasPrefix(bytes, position, this.#prefix)) this.#rest.appendRange(bytes, position, next)
      else {
        const start = payloadStart(bytes, position) + this.#prefix.length
        writeStrBytes(this.#map, bytes, start, payloadEnd(bytes, position))
        this.#map.appendRange(bytes, value, next)
      }
      position = next
    }
  }
}

/** A name that is nothing but the prefix would be empty, so it stays. */
function hasPrefix(bytes: Uint8Array, offset: number, prefix: Uint8Array): boolean {
  if (!isStr(bytes[offset]!)) return false
  const start = payloadStart(bytes, offset)
  if (payloadEnd(bytes, offset) - start <= prefix.length) return false
  for (let index = 0; index < prefix.length; index++)
    if (bytes[start + index] !== prefix[index]) return false
  return true
}

export interface FlattenOptions {
  readonly separator: string
  readonly prefix?: string
}

/** Puts what is in a map, and in maps in it, into the record; an empty map in it stays. */
export class Flatten implements Operation {
  readonly #keys: Keys
  readonly #prefix: Uint8Array
  readonly #separator: Uint8Array
  readonly #pairs = new ByteWriter(4096)
  readonly #name = new ByteWriter(256)
  #count = 0

  constructor(keys: Keys, { separator, prefix }: FlattenOptions) {
    this.#keys = keys
    this.#separator = Buffer.from(separator)
    const own = prefix ?? `${Buffer.from(keys.at(-1)!).toString()}${separator}`
    this.#prefix = Buffer.from(own)
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const record = entry + ENTRY_RECORD_OFFSET
    const offset = findNested(bytes, record, this.#keys)
    if (offset < 0 || !isMap(bytes[offset]!)) return false
    this.#pairs.clear()
    this.#count = 0
    this.#name.clear()
    this.#name.append(this.#prefix)
    this.#collect(bytes, offset)
    const rest = new ByteWriter(0)
    writeWithout(rest, bytes, record, this.#keys)
    writeMapHeader(out, mapCount(rest.bytes, 0) + this.#count)
    out.appendRange(rest.bytes, mapBodyOffset(rest.bytes, 0), rest.length)
    out.appendRange(this.#pairs.bytes, 0, this.#pairs.length)
    return true
  }

  #collect(bytes: Uint8Array, map: number): void {
    const outerLength = this.#name.length
    let position = mapBodyOffset(bytes, map)
    for (let left = mapCount(bytes, map); left > 0; left--) {
      const value = skipValue(bytes, position)
      this.#name.length = outerLength
      if (isStr(bytes[position]!))
        this.#name.appendRange(bytes, payloadStart(bytes, position), payloadEnd(bytes, position))
      const next = skipValue(bytes, value)
      if (isMap(bytes[value]!) && mapCount(bytes, value) > 0) {
        this.#name.append(this.#separator)
        this.#collect(bytes, value)
      } else {
        writeStrBytes(this.#pairs, this.#name.bytes, 0, this.#name.length)
        this.#pairs.appendRange(bytes, value, next)
        this.#count++
      }
      position = next
    }
    this.#name.length = outerLength
  }
}

const DOT = 0x2e

/** Replaces the dots in all names, in maps and lists too. */
export class DeDot implements Operation {
  readonly #separator: Uint8Array
  readonly #name = new ByteWriter(256)

  constructor(separator: string) {
    this.#separator = Buffer.from(separator)
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    return this.#write(bytes, entry + ENTRY_RECORD_OFFSET, out)
  }

  /** Whether anything in the value was changed. */
  #write(bytes: Uint8Array, offset: number, out: ByteWriter): boolean {
    const type = bytes[offset]!
    if (!isMap(type) && !isArray(type)) {
      out.appendRange(bytes, offset, skipValue(bytes, offset))
      return false
    }
    let changed = false
    const count = mapCount(bytes, offset)
    if (isMap(type)) writeMapHeader(out, count)
    else writeArrayHeader(out, count)
    let position = mapBodyOffset(bytes, offset)
    for (let left = count; left > 0; left--) {
      if (isMap(type)) {
        if (this.#writeName(bytes, position, out)) changed = true
        position = skipValue(bytes, position)
      }
      if (this.#write(bytes, position, out)) changed = true
      position = skipValue(bytes, position)
    }
    return changed
  }

  #writeName(bytes: Uint8Array, offset: number, out: ByteWriter): boolean {
    const start = payloadStart(bytes, offset)
    const end = start < 0 ? start : payloadEnd(bytes, offset)
    const dot = start < 0 ? -1 : bytes.subarray(start, end).indexOf(DOT)
    if (dot < 0) {
      out.appendRange(bytes, offset, skipValue(bytes, offset))
      return false
    }
    this.#name.clear()
    for (let position = start; position < end; position++) {
      if (bytes[position] === DOT) this.#name.append(this.#separator)
      else this.#name.appendRange(bytes, position, position + 1)
    }
    writeStrBytes(out, this.#name.bytes, 0, this.#name.length)
    return true
  }
}
