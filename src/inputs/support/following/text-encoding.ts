/**
 * Text in the encodings of https://encoding.spec.whatwg.org/#names-and-labels, cut into lines as it
 * is in the file, so that offsets stay those of the file, and then made UTF-8.
 */
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** A part of an array. Reused. */
export interface TextPart {
  bytes: Uint8Array
  start: number
  end: number
}

const encoder = new TextEncoder()

export class TextEncoding {
  readonly isUtf8: boolean
  /** Bytes of a line feed. */
  readonly unitBytes: number
  readonly #decoder: InstanceType<typeof TextDecoder>
  /** Of the line feed; UTF-16 alone has two. */
  readonly #isBigEndian: boolean
  readonly #part: TextPart = { bytes: new Uint8Array(0), start: 0, end: 0 }

  /** Throws a RangeError for a name that is none. */
  constructor(name: string) {
    this.#decoder = new TextDecoder(name, { ignoreBOM: true })
    const { encoding } = this.#decoder
    this.isUtf8 = encoding === 'utf-8'
    this.#isBigEndian = encoding === 'utf-16be'
    this.unitBytes = encoding.startsWith('utf-16') ? 2 : 1
  }

  /** Where the next line feed from `start` on is, which begins a character; or -1. */
  findLineEnd(bytes: Uint8Array, start: number, end: number): number {
    if (this.unitBytes === 1) {
      const at = bytes.indexOf(LINE_FEED, start)
      return at >= 0 && at < end ? at : -1
    }
    const low = this.#isBigEndian ? 1 : 0
    for (let at = start; at + 1 < end; at += 2)
      if (bytes[at + low] === LINE_FEED && bytes[at + 1 - low] === 0) return at
    return -1
  }

  /** Bytes of the line end that `bytes` begin with, a carriage return before it included; or 0. */
  lineEndAt(bytes: Uint8Array): number {
    const { unitBytes } = this
    if (this.#unitAt(bytes, 0) === LINE_FEED) return unitBytes
    const isBoth =
      this.#unitAt(bytes, 0) === CARRIAGE_RETURN && this.#unitAt(bytes, unitBytes) === LINE_FEED
    return isBoth ? 2 * unitBytes : 0
  }

  /** -1 if there is none. */
  #unitAt(bytes: Uint8Array, at: number): number {
    if (at + this.unitBytes > bytes.length) return -1
    if (this.unitBytes === 1) return bytes[at]!
    const low = this.#isBigEndian ? 1 : 0
    return bytes[at + low]! | (bytes[at + 1 - low]! << 8)
  }

  /** `end`, or before it where it would cut a character of UTF-8, or half of one of UTF-16. */
  wholeEnd(bytes: Uint8Array, end: number): number {
    if (!this.isUtf8) return end - (end % this.unitBytes)
    for (let at = end - 1; at >= 0 && at >= end - 3; at--) {
      const byte = bytes[at]!
      if ((byte & 0xc0) === 0x80) continue
      const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 1
      return at + length > end ? at : end
    }
    return end
  }

  /** Bytes of the byte order mark at the beginning of a file. */
  markBytes(bytes: Uint8Array, end: number, offset: number): number {
    if (offset > 0) return 0
    if (this.isUtf8)
      return end >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    if (this.unitBytes === 1) return 0
    const mark = this.#isBigEndian ? [0xfe, 0xff] : [0xff, 0xfe]
    return end >= 2 && bytes[0] === mark[0] && bytes[1] === mark[1] ? 2 : 0
  }

  /** A line as UTF-8, without a carriage return at its end; valid until the next call. */
  textOf(bytes: Uint8Array, start: number, end: number, isFirst: boolean): TextPart {
    const part = this.#part
    const from = isFirst ? start + this.markBytes(bytes.subarray(start), end - start, 0) : start
    if (this.isUtf8) {
      part.bytes = bytes
      part.start = from
      part.end = end
    } else {
      part.bytes = encoder.encode(this.#decoder.decode(bytes.subarray(from, end)))
      part.start = 0
      part.end = part.bytes.length
    }
    if (part.end > part.start && part.bytes[part.end - 1] === CARRIAGE_RETURN) part.end--
    return part
  }
}
