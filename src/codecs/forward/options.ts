/**
 * The option map of a forward frame: `chunk`, `compressed`, `fluent_signal` and `metadata`.
 * `size` is a hint that cannot be trusted, and every other key is ignored.
 */
import { isMap } from '../msgpack/format.ts'
import {
  isStrEqual,
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../record.ts'

const CHUNK = keyBytes('chunk')
const COMPRESSED = keyBytes('compressed')
const FLUENT_SIGNAL = keyBytes('fluent_signal')
const METADATA = keyBytes('metadata')
const LOGS = 0
const UNKNOWN_SIGNAL = -1
const NIL = 0xc0

/** Reused for every frame. */
export class ForwardOptions {
  /** The id to acknowledge, which may be empty; null when none is wanted. */
  chunk: Uint8Array | null = null
  /** The word the sender gave, or empty. */
  compressed = ''
  /** Fluent Bit's kind of payload: 0 logs, 1 metrics, 2 traces; anything else is unknown. */
  signal = LOGS
  /** Where the metadata map starts, or -1. */
  metadataOffset = -1

  /** Lets go of what the last frame said. */
  forget(): void {
    this.chunk = null
    this.compressed = ''
  }

  /** Reads the validated value at `offset`; -1, nil and anything but a map mean no options. */
  read(bytes: Uint8Array, offset: number): void {
    this.chunk = null
    this.compressed = ''
    this.signal = LOGS
    this.metadataOffset = -1
    if (offset < 0 || !isMap(bytes[offset]!)) return
    let position = mapBodyOffset(bytes, offset)
    for (let left = mapCount(bytes, offset); left > 0; left--) {
      const valueOffset = skipValue(bytes, position)
      this.#readPair(bytes, position, valueOffset)
      position = skipValue(bytes, valueOffset)
    }
  }

  #readPair(bytes: Uint8Array, key: number, value: number): void {
    if (isStrEqual(bytes, key, CHUNK)) {
      // A copy: it may wait for its acknowledgement when the frame is long gone.
      this.chunk = payload(bytes, value)?.slice() ?? null
    } else if (isStrEqual(bytes, key, COMPRESSED)) {
      this.compressed = Buffer.from(payload(bytes, value) ?? []).toString('latin1')
    } else if (isStrEqual(bytes, key, FLUENT_SIGNAL)) {
      this.signal = readSignal(bytes, value)
    } else if (isStrEqual(bytes, key, METADATA) && isMap(bytes[value]!)) {
      this.metadataOffset = value
    }
  }
}

/** The spelling of an integer says nothing: encoders differ. */
function readSignal(bytes: Uint8Array, offset: number): number {
  const type = bytes[offset]!
  if (type < 0x80) return type
  if (type === NIL) return LOGS
  if (type < 0xcc || type > 0xd3) return UNKNOWN_SIGNAL
  // uint 8 to 64, then int 8 to 64, as wide as the two low bits say. A negative one reads as a
  // large one here, which is as unknown.
  const width = 1 << (type & 3)
  let number = 0
  for (let index = 1; index <= width; index++) number = number * 256 + bytes[offset + index]!
  return number
}

function payload(bytes: Uint8Array, offset: number): Uint8Array | null {
  const start = payloadStart(bytes, offset)
  return start < 0 ? null : bytes.subarray(start, payloadEnd(bytes, offset))
}

function keyBytes(key: string): Uint8Array {
  return new TextEncoder().encode(key)
}
