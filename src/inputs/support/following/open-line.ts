/**
 * A line that comes in parts, as far as they have come: Docker and Kubernetes cut at 16 KiB. It has
 * the time and the fields of its first part.
 */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { isStrEqual, payloadEnd, payloadStart, skipValue } from '../../../codecs/record.ts'
import { writeMapHeader, writeStrBytes } from '../../../codecs/msgpack/writer.ts'
import type { ConstantFields, MadeEntries } from './made-entries.ts'
import { writeCutMarks } from './plain-lines.ts'
import type { TailedFile } from './tailed-file.ts'

export interface FirstPart {
  /** Where it is. */
  readonly file: TailedFile
  readonly offset: number
  readonly seconds: number
  readonly nanoseconds: number
  /** Its fields as msgpack pairs, the text among them; copied. */
  readonly pairs: Uint8Array
  readonly pairCount: number
}

export class OpenLine {
  readonly file: TailedFile
  readonly offset: number
  /** Bytes of the text so far, also those that are not kept. */
  size = 0
  readonly #first: FirstPart
  readonly #text = new ByteWriter(32 * 1024)
  readonly #bytesMax: number
  /** Where in the pairs of the first part the value of the text is. */
  readonly #valueStart: number
  readonly #valueEnd: number

  /** The pairs must have a text named `key`. */
  constructor(first: FirstPart, key: Uint8Array, bytesMax: number) {
    this.#first = { ...first, pairs: first.pairs.slice() }
    this.file = first.file
    this.offset = first.offset
    this.#bytesMax = bytesMax
    const { pairs, pairCount } = this.#first
    this.#valueStart = findValue(pairs, 0, pairCount, key)
    this.#valueEnd = skipValue(pairs, this.#valueStart)
    this.add(pairs, this.#valueStart)
  }

  /** Of memory. */
  get heldBytes(): number {
    return this.#text.bytes.length + this.#first.pairs.length
  }

  /** Adds the str whose header is at `at`. */
  add(bytes: Uint8Array, at: number): void {
    const start = payloadStart(bytes, at)
    const end = payloadEnd(bytes, at)
    this.size += end - start
    const room = this.#bytesMax - this.#text.length
    if (room > 0) this.#text.append(bytes.subarray(start, Math.min(end, start + room)))
  }

  write(made: MadeEntries, fields: ConstantFields): void {
    const { seconds, nanoseconds, pairs, pairCount } = this.#first
    const { writer } = made
    const isCut = this.size > this.#text.length
    made.writeHead(seconds, nanoseconds)
    writeMapHeader(writer, fields.count + pairCount + (isCut ? 2 : 0))
    writer.append(fields.bytes)
    writer.append(pairs.subarray(0, this.#valueStart))
    writeStrBytes(writer, this.#text.bytes, 0, this.#text.length)
    writer.append(pairs.subarray(this.#valueEnd))
    if (isCut) writeCutMarks(writer, this.size)
    made.count++
  }
}

/** Where the value of the field `key` is in pairs from `start` on; -1 if it is not, or no text. */
export function findValue(
  bytes: Uint8Array,
  start: number,
  pairCount: number,
  key: Uint8Array,
): number {
  let position = start
  for (let left = pairCount; left > 0; left--) {
    const value = skipValue(bytes, position)
    if (isStrEqual(bytes, position, key)) return payloadStart(bytes, value) < 0 ? -1 : value
    position = skipValue(bytes, value)
  }
  return -1
}
