/**
 * Writes the msgpack that the traffic is made of. The benchmark's own, so that a mistake in the
 * collector's codecs cannot be on both sides.
 */

const GROWTH = 2

export class MsgpackWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What is written, until the next write. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  array(count: number): void {
    this.#head(count, 16, 0x90, [0, 0xdc, 0xdd])
  }

  map(count: number): void {
    this.#head(count, 16, 0x80, [0, 0xde, 0xdf])
  }

  bin(bytes: Uint8Array): void {
    this.#head(bytes.length, 0, 0, [0xc4, 0xc5, 0xc6])
    this.raw(bytes)
  }

  str(text: string): void {
    const bytes = Buffer.byteLength(text)
    this.#head(bytes, 32, 0xa0, [0xd9, 0xda, 0xdb])
    this.text(text)
  }

  /** A str of bytes that need not be UTF-8: Docker cuts lines within characters. */
  strBytes(bytes: Uint8Array): void {
    this.#head(bytes.length, 32, 0xa0, [0xd9, 0xda, 0xdb])
    this.raw(bytes)
  }

  value(value: string | number | Uint8Array): void {
    if (typeof value === 'string') this.str(value)
    else if (typeof value === 'number') this.integer(value)
    else this.strBytes(value)
  }

  /** In as few bytes as possible; a safe integer. */
  integer(value: number): void {
    this.#reserve(9)
    if (value >= 0 && value < 0x80) this.#length = this.#bytes.writeUInt8(value, this.#length)
    else if (value >= 0) this.#positive(value)
    else this.#negative(value)
  }

  /** EventTime of the forward protocol: an ext of type 0 and eight bytes. */
  eventTime(seconds: number, nanoseconds: number): void {
    this.#reserve(10)
    this.#bytes.writeUInt16BE(0xd700, this.#length)
    this.#bytes.writeUInt32BE(seconds, this.#length + 2)
    this.#bytes.writeUInt32BE(nanoseconds, this.#length + 6)
    this.#length += 10
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** UTF-8 with nothing before it. */
  text(text: string): void {
    this.#reserve(text.length * 3)
    this.#length += this.#bytes.write(text, this.#length)
  }

  #positive(value: number): void {
    if (value < 0x1_00) this.#number(0xcc, 1, value)
    else if (value < 0x1_00_00) this.#number(0xcd, 2, value)
    else if (value < 0x1_0000_0000) this.#number(0xce, 4, value)
    else this.#long(0xcf, value)
  }

  #negative(value: number): void {
    if (value >= -32) this.#length = this.#bytes.writeInt8(value, this.#length)
    else if (value >= -0x8000_0000) this.#number(0xd2, 4, value >>> 0)
    else this.#long(0xd3, value)
  }

  #head(count: number, shortMax: number, short: number, kinds: readonly number[]): void {
    this.#reserve(5)
    if (count < shortMax) this.#length = this.#bytes.writeUInt8(short | count, this.#length)
    else if (count < 0x1_00 && kinds[0]) this.#number(kinds[0], 1, count)
    else if (count < 0x1_00_00) this.#number(kinds[1]!, 2, count)
    else this.#number(kinds[2]!, 4, count)
  }

  #number(kind: number, bytes: number, value: number): void {
    this.#length = this.#bytes.writeUInt8(kind, this.#length)
    this.#length = this.#bytes.writeUIntBE(value, this.#length, bytes)
  }

  #long(kind: number, value: number): void {
    this.#length = this.#bytes.writeUInt8(kind, this.#length)
    this.#length = this.#bytes.writeBigInt64BE(BigInt(value), this.#length)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * GROWTH))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
