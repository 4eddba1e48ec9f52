/** Turns a value into another type, if it says the same in that type. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { isBin, isStr } from '../../../codecs/msgpack/format.ts'
import {
  writeBoolean,
  writeDouble,
  writeInteger,
  writeStr,
} from '../../../codecs/msgpack/writer.ts'
import { skipValue } from '../../../codecs/record.ts'
import { numberAt } from '../../conditions/values.ts'
import type { Counter } from '../../metrics.ts'
import { findNested, valueAsText } from '../../placeholders/field-value.ts'
import { writeWith } from '../support/map-edits.ts'
import type { Operation } from '../support/entry-changes.ts'

export type CastType = 'integer' | 'float' | 'number' | 'boolean' | 'text'

const INTEGER = /^[+-]?\d{1,20}$/
const TRUE = /^(true|yes|on|1)$/i
const FALSE = /^(false|no|off|0)$/i
const INT64_MIN = -(2n ** 63n)
const UINT64_MAX = 2n ** 64n - 1n

export class Cast implements Operation {
  readonly #path: { readonly keys: readonly Uint8Array[] }
  readonly #type: CastType
  readonly #failures: Counter
  readonly #value = new ByteWriter(64)

  constructor(keys: readonly Uint8Array[], type: string, failures: Counter) {
    this.#path = { keys }
    this.#type = type as CastType
    this.#failures = failures
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const offset = entry + ENTRY_RECORD_OFFSET
    const start = findNested(bytes, offset, this.#path.keys)
    if (start < 0) return false
    this.#value.clear()
    if (!write(this.#value, this.#type, bytes, start)) {
      this.#failures.add(1)
      return false
    }
    if (isSame(this.#value, bytes, start, skipValue(bytes, start))) return false
    const value = { bytes: this.#value.bytes, start: 0, end: this.#value.length }
    writeWith(out, { bytes, offset }, this.#path, value)
    return true
  }
}

function isSame(value: ByteWriter, bytes: Uint8Array, start: number, end: number): boolean {
  if (value.length !== end - start) return false
  for (let index = 0; index < value.length; index++)
    if (value.bytes[index] !== bytes[start + index]) return false
  return true
}

function write(out: ByteWriter, type: CastType, bytes: Uint8Array, start: number): boolean {
  if (type === 'text') return writeText(out, bytes, start)
  if (type === 'boolean') return writeTruth(out, bytes, start)
  const isText = isStr(bytes[start]!) || isBin(bytes[start]!)
  const text = isText ? valueAsText(bytes, start)!.trim() : ''
  if (type !== 'float' && INTEGER.test(text)) return writeBig(out, text)
  // An integer of 64 bits keeps its digits.
  if (type !== 'float' && !isText && isInteger(bytes[start]!)) {
    out.appendRange(bytes, start, skipValue(bytes, start))
    return true
  }
  const number = isText ? numberOf(text) : numberAt(bytes, start)
  if (Number.isNaN(number)) return false
  if (type === 'integer') {
    if (!Number.isFinite(number)) return false
    writeInteger(out, Math.trunc(number))
  } else writeDouble(out, number)
  return true
}

function isInteger(type: number): boolean {
  return type < 0x80 || type >= 0xe0 || (type >= 0xcc && type <= 0xd3)
}

function numberOf(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
}

function writeBig(out: ByteWriter, text: string): boolean {
  const value = BigInt(text.replace(/^\+/, ''))
  if (value < INT64_MIN || value > UINT64_MAX) return false
  writeInteger(out, value)
  return true
}

function writeText(out: ByteWriter, bytes: Uint8Array, start: number): boolean {
  const type = bytes[start]!
  const isFloat = type === 0xca || type === 0xcb
  const text = isFloat ? String(numberAt(bytes, start)) : valueAsText(bytes, start)
  if (text === undefined) return false
  writeStr(out, text)
  return true
}

function writeTruth(out: ByteWriter, bytes: Uint8Array, start: number): boolean {
  const text = valueAsText(bytes, start) ?? ''
  if (!TRUE.test(text) && !FALSE.test(text)) return false
  writeBoolean(out, TRUE.test(text))
  return true
}
