const BYTE_BY_BYTE_MAX = 48

/** A byte array that grows, for encoders to append to. Reused: `clear` keeps the memory. */
export class ByteWriter {
  bytes: Uint8Array
  /** How many bytes are in use; encoders write behind it and move it. */
  length = 0

  constructor(capacity = 64 * 1024) {
    this.bytes = allocate(capacity)
  }

  /** Makes room for `count` more bytes; `bytes` may be another array afterwards. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const grown = allocate(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  append(source: Uint8Array): void {
    this.reserve(source.length)
    this.bytes.set(source, this.length)
    this.length += source.length
  }

  /** The bytes from `start` to `end`; a few are copied one by one, which costs less than a view. */
  appendRange(source: Uint8Array, start: number, end: number): void {
    const count = end - start
    if (count > BYTE_BY_BYTE_MAX) {
      this.append(source.subarray(start, end))
      return
    }
    this.reserve(count)
    const { bytes, length } = this
    for (let index = 0; index < count; index++) bytes[length + index] = source[start + index]!
    this.length = length + count
  }

  /** What has been written so far; a view, valid until the next write or `clear`. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
  }
}

/** Not zeroed, which costs as much as writing: nothing is read before it is written. */
function allocate(count: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(count).buffer)
}

/** Whether an error says that there is no memory to be had now; another time there may be. */
export function isMemoryShortage(error: unknown): boolean {
  if (!(error instanceof RangeError)) return false
  const { code, message } = error as RangeError & { readonly code?: string }
  return code === 'ERR_MEMORY_ALLOCATION_FAILED' || message === 'Array buffer allocation failed'
}
