/** What GELF 1.1 demands of a message; only looked at where the configuration says so. */
import { isAdditionalName, type FieldKind } from './names.ts'

const QUOTE = 0x22
const MINUS = 0x2d

export interface StrictFault {
  readonly reason: string
  readonly expected: string
}

/** Where a field is, in the bytes of the message; the key without its quotes. */
export interface FieldPlace {
  keyBytes: Uint8Array
  keyStart: number
  keyEnd: number
  valueStart: number
  valueEnd: number
}

export class StrictRules {
  #hasVersion = false
  #hasHost = false
  #hasShortMessage = false

  begin(): void {
    this.#hasVersion = this.#hasHost = this.#hasShortMessage = false
  }

  /** What is wrong with one field, or null. */
  field(kind: FieldKind, bytes: Uint8Array, place: FieldPlace): StrictFault | null {
    const { keyBytes, keyStart, keyEnd, valueStart, valueEnd } = place
    const isText = bytes[valueStart] === QUOTE
    const isNumber = isNumberStart(bytes[valueStart]!)
    switch (kind) {
      case 'version':
        this.#hasVersion = isVersion11(bytes, valueStart, valueEnd)
        return null
      case 'host':
        this.#hasHost = isText && valueEnd - valueStart > 2
        return null
      case 'short_message':
        this.#hasShortMessage = isText && valueEnd - valueStart > 2
        return null
      case 'full_message':
        return isText ? null : INVALID_VALUE
      case 'timestamp':
        return isNumber ? null : { reason: 'invalid_timestamp', expected: 'a number of seconds' }
      case 'level':
        return isNumber ? null : { reason: 'invalid_level', expected: 'a syslog level as number' }
      case 'id':
        return { reason: 'invalid_name', expected: 'no field _id, which GELF forbids' }
      case 'stream':
      case 'other':
        return INVALID_NAME
      case 'deprecated':
      case 'tag':
      case 'container_id':
      case 'additional':
        if (kind !== 'deprecated' && !isAdditionalName(keyBytes, keyStart, keyEnd)) {
          return INVALID_NAME
        }
        return isText || isNumber ? null : INVALID_VALUE
    }
  }

  /** What the whole message lacks, or null. */
  end(): StrictFault | null {
    if (!this.#hasVersion) return { reason: 'invalid_version', expected: 'version "1.1"' }
    if (!this.#hasHost) return { reason: 'missing_host', expected: 'host, a text' }
    if (this.#hasShortMessage) return null
    return { reason: 'missing_short_message', expected: 'short_message, a text' }
  }
}

const INVALID_NAME = {
  reason: 'invalid_name',
  expected: 'a name of GELF 1.1, or _ and then letters, digits, _, - and .',
}
const INVALID_VALUE = { reason: 'invalid_value', expected: 'a text or a number' }

function isVersion11(bytes: Uint8Array, start: number, end: number): boolean {
  const text = end - start === 5 ? Buffer.from(bytes.subarray(start, end)).toString('latin1') : ''
  return text === '"1.1"'
}

function isNumberStart(byte: number): boolean {
  return byte === MINUS || (byte >= 0x30 && byte <= 0x39)
}
