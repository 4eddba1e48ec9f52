/**
 * Times that senders put into a record, if nothing else is configured: a text as `auto`
 * has it, the EventTime of the forward
 * protocol, or a number of seconds since 1970; a number that would be past 2106 is milliseconds,
 * else microseconds, else nanoseconds.
 */
import { ENTRY_SECONDS_MAX } from '../entry.ts'
import { EntryTime } from '../forward/entry-time.ts'
import { isStr, readUint32 } from '../msgpack/format.ts'
import { payloadEnd, payloadStart } from '../record.ts'
import { timeReader, type TimeReader } from '../time/time-reader.ts'
import { TimeValue } from '../time/time-value.ts'
import { Zone } from '../time/zone.ts'

/** No format of which the year could be left out. */
const AUTO = timeReader('auto', { zone: new Zone('UTC'), now: () => 0 })

const UNITS_PER_SECOND = [1000n, 1_000_000n, 1_000_000_000n] as const

/** Reused for every record. */
export class RecordTime {
  seconds = 0
  nanoseconds = 0
  readonly #entryTime = new EntryTime(() => 0)
  readonly #configured: TimeValue | null

  /** With a reader, texts and numbers are what it says they are. */
  constructor(reader: TimeReader | null = null) {
    this.#configured = reader && new TimeValue(reader)
  }

  /** Reads the msgpack value at `offset`; false when it is no such time. */
  read(bytes: Uint8Array, offset: number): boolean {
    const type = bytes[offset]!
    if (this.#configured && !(type >= 0xd4 && type <= 0xd8) && !(type >= 0xc7 && type <= 0xc9))
      return this.#configured.read(bytes, offset, this) && this.#isHeld
    if (isStr(type)) return this.#readText(bytes, payloadStart(bytes, offset), offset)
    if (type === 0xcf || type === 0xd3) return this.#readLarge(bytes, offset)
    const isTime = type < 0x80 || (type >= 0xc7 && type <= 0xd8)
    if (!isTime || !this.#entryTime.read(bytes, offset)) return this.#readFloat(bytes, offset)
    this.seconds = this.#entryTime.seconds
    this.nanoseconds = this.#entryTime.nanoseconds
    return this.seconds > 0
  }

  #readText(bytes: Uint8Array, start: number, offset: number): boolean {
    const end = payloadEnd(bytes, offset)
    return AUTO.read(bytes, start, end, this) && this.#isHeld
  }

  get #isHeld(): boolean {
    return this.seconds > 0 && this.seconds <= ENTRY_SECONDS_MAX
  }

  #readLarge(bytes: Uint8Array, offset: number): boolean {
    const high = readUint32(bytes, offset + 1)
    if (high > 0x7fff_ffff) return false
    return this.#setUnits((BigInt(high) << 32n) | BigInt(readUint32(bytes, offset + 5)))
  }

  /** Only what is past the seconds comes here. */
  #readFloat(bytes: Uint8Array, offset: number): boolean {
    if (bytes[offset] !== 0xcb) return false
    const value = new DataView(bytes.buffer, bytes.byteOffset + offset).getFloat64(1)
    if (!(value > ENTRY_SECONDS_MAX) || value > Number.MAX_SAFE_INTEGER) return false
    return this.#setUnits(BigInt(Math.round(value)))
  }

  #setUnits(value: bigint): boolean {
    if (value <= BigInt(ENTRY_SECONDS_MAX)) return this.#set(Number(value), 0)
    for (const units of UNITS_PER_SECOND) {
      const seconds = value / units
      if (seconds > BigInt(ENTRY_SECONDS_MAX)) continue
      return this.#set(Number(seconds), Number((value % units) * (1_000_000_000n / units)))
    }
    return false
  }

  #set(seconds: number, nanoseconds: number): boolean {
    this.seconds = seconds
    this.nanoseconds = nanoseconds
    return seconds > 0
  }
}
