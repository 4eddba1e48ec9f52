/**
 * An event that comes in parts, as far as they have come: Docker and Kubernetes cut lines at
 * 16 KiB, and an event may have several lines. It has the time and the fields of its first part.
 */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { isStrEqual, payloadEnd, payloadStart, skipValue } from '../../../codecs/record.ts'
import { writeMapHeader, writeStrBytes } from '../../../codecs/msgpack/writer.ts'
import type { ConstantFields, MadeEntries } from './made-entries.ts'
import { writeCutMarks } from './plain-lines.ts'
import type { TailedFile } from './tailed-file.ts'

const LINE_FEED = Uint8Array.of(0x0a)
/** Room for so many parts at first. */
const GROWTH = 2

export interface FirstPart {
  /** Where it is. */
  readonly file: TailedFile
  readonly offset: number
  readonly seconds: number
  readonly nanoseconds: number
  /** Its fields as msgpack pairs. */
  readonly pairs: Uint8Array
  readonly pairCount: number
  /** Where in the pairs the value of the text is. */
  readonly text: number
}

export class OpenLine {
  readonly file: TailedFile
  readonly offset: number
  /** Bytes of the text so far, also those that are not kept. */
  size = 0
  readonly #first: FirstPart
  readonly #text: ByteWriter
  readonly #bytesMax: number
  /** Behind the value of the text in the pairs of the first part. */
  readonly #valueEnd: number

  constructor(first: FirstPart, bytesMax: number) {
    this.#first = first
    this.file = first.file
    this.offset = first.offset
    this.#bytesMax = bytesMax
    this.#valueEnd = skipValue(first.pairs, first.text)
    this.#text = new ByteWriter(Math.min(bytesMax, GROWTH * (this.#valueEnd - first.text)))
    this.add(first.pairs, first.text, false)
  }

  /** Of memory. */
  get heldBytes(): number {
    return this.#text.bytes.length + this.#first.pairs.length
  }

  /** Adds the str whose header is at `at`, as a line of its own or to the last one. */
  add(bytes: Uint8Array, at: number, isLine: boolean): void {
    if (isLine) this.#append(LINE_FEED, 0, 1)
    this.#append(bytes, payloadStart(bytes, at), payloadEnd(bytes, at))
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const room = this.#bytesMax - this.#text.length
    // What comes behind a cut would look as if it stood there.
    const isCut = this.size > this.#text.length
    this.size += end - start
    if (room > 0 && !isCut) this.#text.appendRange(bytes, start, Math.min(end, start + room))
  }

  write(made: MadeEntries, fields: ConstantFields): void {
    const { seconds, nanoseconds, pairs, pairCount, text } = this.#first
    const { writer } = made
    const isCut = this.size > this.#text.length
    made.writeHead(seconds, nanoseconds)
    writeMapHeader(writer, fields.count + pairCount + (isCut ? 2 : 0))
    writer.append(fields.bytes)
    writer.append(pairs.subarray(0, text))
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
