/** Bytes that a decoder cannot read. Decoders return it; they never throw it at their caller. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
  /** Short snake_case word, fit for a metric label: `unused_type`, `frame_too_large`. */
  readonly reason: string
  /** Where it is, in bytes from the start of the stream (or of the value handed in). */
  readonly offset: number
  readonly found: string
  readonly expected: string

  constructor(fault: CodecFault) {
    const { reason, offset, found, expected } = fault
    super(`cannot decode byte ${offset}: found ${found}; expected ${expected}`)
    this.reason = reason
    this.offset = offset
    this.found = found
    this.expected = expected
  }

  /** The same fault, seen from the start of a longer stream. */
  shiftedBy(byteCount: number): CodecError {
    const { reason, offset, found, expected } = this
    return new CodecError({ reason, offset: offset + byteCount, found, expected })
  }
}

export interface CodecFault {
  readonly reason: string
  readonly offset: number
  readonly found: string
  readonly expected: string
}
