/**
 * The time of an event as senders write it in msgpack: integer or float seconds, the forward
 * protocol's EventTime (ext type 0), the msgpack timestamp (ext type -1), nil or zero for "now".
 * What it becomes: entry.ts.
 */
import { ENTRY_SECONDS_MAX, NANOSECONDS_MAX } from '../entry.ts'
import { LENGTH_BYTES, readLength, readUint32 } from '../msgpack/format.ts'

const EVENT_TIME = 0x00
const MSGPACK_TIMESTAMP = 0xff
const NIL = 0xc0
const INT32 = 0xd2

/** Reused for every event, so that reading a time allocates nothing. */
export class EntryTime {
  seconds = 0
  nanoseconds = 0
  readonly #now: () => number

  /** `now` answers in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Reads the validated value at `offset`; false when it is no time an entry can hold. */
  read(bytes: Uint8Array, offset: number): boolean {
    if (bytes[offset] === NIL) return this.#setNow()
    if (!this.#readValue(bytes, offset)) return false
    return this.seconds === 0 && this.nanoseconds === 0 ? this.#setNow() : true
  }

  #readValue(bytes: Uint8Array, offset: number): boolean {
    const type = bytes[offset]!
    if (type < 0x80) return this.#set(type, 0)
    if (type >= 0xd4 && type <= 0xd8) {
      return this.#readExt(bytes, offset + 1, 1 << (type - 0xd4))
    }
    if (type >= 0xc7 && type <= 0xc9) {
      const width = LENGTH_BYTES[type]!
      return this.#readExt(bytes, offset + 1 + width, readLength(bytes, offset + 1, width))
    }
    if (type === 0xca || type === 0xcb) return this.#readFloat(bytes, offset)
    return type >= 0xcc && type <= 0xd3 && this.#readInteger(bytes, offset)
  }

  #readInteger(bytes: Uint8Array, offset: number): boolean {
    const view = viewOf(bytes, offset + 1)
    switch (bytes[offset]!) {
      case 0xcc:
        return this.#set(view.getUint8(0), 0)
      case 0xcd:
        return this.#set(view.getUint16(0), 0)
      case 0xce:
        return this.#set(view.getUint32(0), 0)
      case 0xcf:
        return this.#setBig(view.getBigUint64(0))
      case 0xd0:
        return this.#set(view.getInt8(0), 0)
      case 0xd1:
        return this.#set(view.getInt16(0), 0)
      case INT32:
        // Go's logger writes seconds as int32: what looks negative is a time after 2038.
        return this.#set(view.getUint32(0), 0)
      default:
        return this.#setBig(view.getBigInt64(0))
    }
  }

  /** To the microsecond: a double near today resolves 0.24 µs, so further digits are noise. */
  #readFloat(bytes: Uint8Array, offset: number): boolean {
    const view = viewOf(bytes, offset + 1)
    const value = bytes[offset] === 0xca ? view.getFloat32(0) : view.getFloat64(0)
    if (!(value >= 0)) return false
    const seconds = Math.floor(value)
    const microseconds = Math.round((value - seconds) * 1e6)
    return microseconds === 1e6
      ? this.#set(seconds + 1, 0)
      : this.#set(seconds, microseconds * 1000)
  }

  /** `offset` is where the ext type byte is; `length` bytes follow it. */
  #readExt(bytes: Uint8Array, offset: number, length: number): boolean {
    const extType = bytes[offset]!
    const payload = offset + 1
    if (extType === EVENT_TIME && length === 8) {
      return this.#set(readUint32(bytes, payload), readUint32(bytes, payload + 4))
    }
    return extType === MSGPACK_TIMESTAMP && this.#readTimestamp(bytes, payload, length)
  }

  #readTimestamp(bytes: Uint8Array, offset: number, length: number): boolean {
    const first = readUint32Within(bytes, offset)
    if (length === 4) return this.#set(first, 0)
    if (length === 8) {
      // 30 bits of nanoseconds, then 34 bits of seconds.
      const secondsHigh = (first & 3) * 0x1_0000_0000
      return this.#set(secondsHigh + readUint32(bytes, offset + 4), first >>> 2)
    }
    if (length !== 12) return false
    const seconds = viewOf(bytes, offset + 4).getBigInt64(0)
    return this.#set(Number(seconds), first)
  }

  #setBig(seconds: bigint): boolean {
    return this.#set(Number(seconds), 0)
  }

  #setNow(): boolean {
    const milliseconds = this.#now()
    const seconds = Math.floor(milliseconds / 1000)
    return this.#set(seconds, Math.floor((milliseconds - seconds * 1000) * 1e6))
  }

  #set(seconds: number, nanoseconds: number): boolean {
    this.seconds = seconds
    this.nanoseconds = nanoseconds
    return seconds >= 0 && seconds <= ENTRY_SECONDS_MAX && nanoseconds <= NANOSECONDS_MAX
  }
}

function viewOf(bytes: Uint8Array, offset: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + offset)
}

/** Zero where an ext value is too short to hold it; its length is checked after. */
function readUint32Within(bytes: Uint8Array, offset: number): number {
  return offset + 4 <= bytes.length ? readUint32(bytes, offset) : 0
}
