/**
 * What a record says about being a part of a longer line, as Docker's fluentd driver marks them
 * (moby, daemon/logger/fluentd): `partial_message` "true" with `partial_id`, `partial_ordinal`
 * from "1" and `partial_last`. Up to Docker 18.09 there is `partial_message` alone, and not on the
 * last part. Those cannot be told apart: one that is sent again is joined again, and after
 * `kill -9` the beginning of a line that was just delivered may be joined with the next long one.
 */
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { includesBytes } from '../../../codecs/kernel/find.ts'
import {
  isStrEqual,
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../../../codecs/record.ts'
import type { Head } from '../support/joining/head.ts'

const PARTIAL_MESSAGE = Buffer.from('partial_message')
/** `l_` is rarer than its other pairs, in logs as in names of fields. */
const PART_MARK = { bytes: PARTIAL_MESSAGE, rarePair: PARTIAL_MESSAGE.indexOf('l_') }
const PARTIAL_ID = Buffer.from('partial_id')
const PARTIAL_ORDINAL = Buffer.from('partial_ordinal')
const PARTIAL_LAST = Buffer.from('partial_last')
const CONTAINER_ID = Buffer.from('container_id')
const SOURCE = Buffer.from('source')
const LOG = Buffer.from('log')
const TRUE = Buffer.from('true')

const ORDINAL_MAX = 0x7fff_ffff
const MSGPACK_TRUE = 0xc3

/** False if no entry among the bytes is marked as a part: one search, whatever they are. */
export function mayHaveParts(entries: Uint8Array): boolean {
  return includesBytes(entries, PART_MARK)
}

/**
 * Reads one entry after the other in place. The offsets are those of values, -1 for a field that
 * the record lacks.
 */
export class PartReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0
  #message = -1
  #id = -1
  #ordinal = -1
  #last = -1
  #container = -1
  #source = -1
  #log = -1

  /** Looks at the entry from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#message = this.#id = this.#ordinal = this.#last = -1
    this.#container = this.#source = this.#log = -1
    const record = start + ENTRY_RECORD_OFFSET
    let position = mapBodyOffset(bytes, record)
    for (let left = mapCount(bytes, record); left > 0; left--) {
      const value = skipValue(bytes, position)
      this.#note(position, value)
      position = skipValue(bytes, value)
    }
  }

  /** A record with a mark but without a usable `log` or ordinal is taken for an ordinary one. */
  get isPart(): boolean {
    if (!this.#isTrue(this.#message) || !this.hasLog) return false
    return this.isLegacy || this.ordinal > 0
  }

  get hasLog(): boolean {
    return this.#log >= 0 && payloadStart(this.#bytes, this.#log) >= 0
  }

  get isLegacy(): boolean {
    return this.#id < 0
  }

  get isLast(): boolean {
    return this.#isTrue(this.#last)
  }

  /** From 1; 0 without an ordinal or with one that is no such number. */
  get ordinal(): number {
    const text = this.#text(this.#ordinal)
    const ordinal = /^\d{1,10}$/.test(text) ? Number(text) : 0
    return ordinal <= ORDINAL_MAX ? ordinal : 0
  }

  /** Which line of which container's stream it belongs to. */
  key(tag: string): string {
    const [container, source] = [this.#text(this.#container), this.#text(this.#source)]
    return `${tag}\0${container}\0${source}\0${this.#text(this.#id)}`
  }

  /** The key that the parts of an old Docker have which this ordinary record would complete. */
  legacyKey(tag: string): string {
    return `${tag}\0${this.#text(this.#container)}\0${this.#text(this.#source)}\0`
  }

  /** The bytes of `log`; a view. */
  get log(): Uint8Array {
    const start = payloadStart(this.#bytes, this.#log)
    return this.#bytes.subarray(start, payloadEnd(this.#bytes, this.#log))
  }

  /** The entry without its map header and without the fields that joining replaces; a copy. */
  head(): Head {
    const bytes = this.#bytes
    const head = new Uint8Array(this.#end - this.#start - this.log.length)
    let length = copy(bytes, this.#start, this.#start + ENTRY_RECORD_OFFSET, head, 0)
    let fieldCount = 0
    const record = this.#start + ENTRY_RECORD_OFFSET
    let position = mapBodyOffset(bytes, record)
    for (let left = mapCount(bytes, record); left > 0; left--) {
      const next = skipValue(bytes, skipValue(bytes, position))
      if (!isReplaced(bytes, position)) {
        length = copy(bytes, position, next, head, length)
        fieldCount++
      }
      position = next
    }
    return { bytes: head.slice(0, length), fieldCount }
  }

  #note(key: number, value: number): void {
    const bytes = this.#bytes
    if (isStrEqual(bytes, key, LOG)) this.#log = value
    else if (isStrEqual(bytes, key, SOURCE)) this.#source = value
    else if (isStrEqual(bytes, key, CONTAINER_ID)) this.#container = value
    else if (isStrEqual(bytes, key, PARTIAL_MESSAGE)) this.#message = value
    else if (isStrEqual(bytes, key, PARTIAL_ID)) this.#id = value
    else if (isStrEqual(bytes, key, PARTIAL_ORDINAL)) this.#ordinal = value
    else if (isStrEqual(bytes, key, PARTIAL_LAST)) this.#last = value
  }

  #isTrue(value: number): boolean {
    if (value < 0) return false
    return this.#bytes[value] === MSGPACK_TRUE || isStrEqual(this.#bytes, value, TRUE)
  }

  /** One character per byte, so that any bytes make a key; empty if it is no text. */
  #text(value: number): string {
    if (value < 0) return ''
    const start = payloadStart(this.#bytes, value)
    if (start < 0) return ''
    return asBuffer(this.#bytes).toString('latin1', start, payloadEnd(this.#bytes, value))
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function isReplaced(bytes: Uint8Array, key: number): boolean {
  return (
    isStrEqual(bytes, key, LOG) ||
    isStrEqual(bytes, key, PARTIAL_MESSAGE) ||
    isStrEqual(bytes, key, PARTIAL_ID) ||
    isStrEqual(bytes, key, PARTIAL_ORDINAL) ||
    isStrEqual(bytes, key, PARTIAL_LAST)
  )
}

function copy(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  offset: number,
): number {
  to.set(from.subarray(start, end), offset)
  return offset + end - start
}
