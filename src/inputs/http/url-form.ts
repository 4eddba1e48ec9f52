/**
 * Parameters as URLs and forms have them: `a=1&b=two+words`. Values stay bytes, since msgpack is
 * sent like that. https://url.spec.whatwg.org/#urlencoded-parsing
 */
const AMPERSAND = 0x26
const EQUALS = 0x3d
const PERCENT = 0x25
const PLUS = 0x2b

export type Parameters = ReadonlyMap<string, Uint8Array>

/** Of a repeated name the last value counts, as for Fluentd. */
export function readParameters(bytes: Uint8Array): Map<string, Uint8Array> {
  const parameters = new Map<string, Uint8Array>()
  let start = 0
  while (start < bytes.length) {
    const found = bytes.indexOf(AMPERSAND, start)
    const end = found < 0 ? bytes.length : found
    if (end > start) addParameter(parameters, bytes.subarray(start, end))
    start = end + 1
  }
  return parameters
}

function addParameter(parameters: Map<string, Uint8Array>, pair: Uint8Array): void {
  const equals = pair.indexOf(EQUALS)
  const name = equals < 0 ? pair : pair.subarray(0, equals)
  const value = equals < 0 ? new Uint8Array(0) : pair.subarray(equals + 1)
  parameters.set(Buffer.from(percentDecode(name)).toString(), percentDecode(value))
}

/** What is no escape stays as it is. */
function percentDecode(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  for (let position = 0; position < bytes.length; position++) {
    let byte = bytes[position]!
    if (byte === PLUS) byte = 0x20
    else if (byte === PERCENT) {
      const value = hexDigit(bytes[position + 1]) * 16 + hexDigit(bytes[position + 2])
      if (value >= 0) {
        byte = value
        position += 2
      }
    }
    decoded[length++] = byte
  }
  return decoded.subarray(0, length)
}

/** So much below zero that no other digit makes up for it. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1000
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1000
}
