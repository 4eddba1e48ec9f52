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
