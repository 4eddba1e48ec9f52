/** Fields that a text format has found: names, and values turned into numbers where asked for. */
import { ByteWriter } from '../byte-writer.ts'
import { writeJsonNumber } from '../json/number-decoder.ts'
import { writeBoolean, writeStr, writeStrBytes } from '../msgpack/writer.ts'
import { skipDigits } from '../time/unix.ts'
import type { ParsedLine } from './format.ts'

/** What a text is turned into; one that is no such thing stays a text. */
export type FieldType = 'string' | 'integer' | 'float' | 'boolean'
export type FieldTypes = Readonly<Record<string, FieldType>>

/** A field whose name is known before. */
export interface Column {
  readonly name: string
  /** The name as msgpack str. */
  readonly key: Uint8Array
  readonly type: FieldType
}

const MINUS = 0x2d
const YES = ['true', 'yes', 'on', '1']
const NO = ['false', 'no', 'off', '0']
const WORD_LENGTH_MAX = 5

export function columnOf(name: string, types: FieldTypes = {}): Column {
  const writer = new ByteWriter(0)
  writeStr(writer, name)
  const type = Object.hasOwn(types, name) ? types[name]! : 'string'
  return { name, key: writer.written(), type }
}

/** Appends the field `column` with the text from `start` to `end`. */
export function putColumn(
  line: ParsedLine,
  column: Column,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  line.writer.append(column.key)
  putValue(line.writer, column.type, bytes, start, end)
  line.fieldCount++
}

/** Types of fields by their names as they stand in a line. */
export class TypesByName {
  readonly #types: ReadonlyMap<string, FieldType>

  constructor(types: FieldTypes) {
    const latin1 = (name: string) => Buffer.from(name).toString('latin1')
    this.#types = new Map(Object.entries(types).map(([name, type]) => [latin1(name), type]))
  }

  of(bytes: Uint8Array, start: number, end: number): FieldType {
    if (this.#types.size === 0) return 'string'
    return this.#types.get(textOf(bytes, start, end)) ?? 'string'
  }
}

export function putValue(
  writer: ByteWriter,
  type: FieldType,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (type !== 'string' && putTyped(writer, type, bytes, start, end)) return
  writeStrBytes(writer, bytes, start, end)
}

/** False, and nothing appended, if the text is no such value. */
function putTyped(
  writer: ByteWriter,
  type: FieldType,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (type === 'boolean') return putBoolean(writer, bytes, start, end)
  const lengthBefore = writer.length
  const digitsStart = bytes[start] === MINUS ? start + 1 : start
  if (type === 'integer' && skipDigits(bytes, digitsStart, end) !== end) return false
  if (end > start && writeJsonNumber(bytes, start, end, writer) === end) return true
  writer.length = lengthBefore
  return false
}

function putBoolean(writer: ByteWriter, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > WORD_LENGTH_MAX) return false
  const word = textOf(bytes, start, end).toLowerCase()
  const isYes = YES.includes(word)
  if (!isYes && !NO.includes(word)) return false
  writeBoolean(writer, isYes)
  return true
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
