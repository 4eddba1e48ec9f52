/**
 * The acknowledgement of the Fluentd forward protocol v1: `{"ack": <the chunk id as it came>}`.
 */
import { ByteWriter } from '../byte-writer.ts'
import type { ForwardFormat } from './unit.ts'
import { writeMapHeader, writeStr, writeStrBytes } from '../msgpack/writer.ts'

/** The bytes to send for one chunk id, in the format the connection speaks. */
export function encodeAck(chunk: Uint8Array, format: ForwardFormat): Uint8Array {
  return format === 'json' ? encodeJsonAck(chunk) : encodeMsgpackAck(chunk)
}

/** The id goes back as str even when it came as bin: Go's client reads nothing else. */
function encodeMsgpackAck(chunk: Uint8Array): Uint8Array {
  const writer = new ByteWriter(chunk.length + 16)
  writeMapHeader(writer, 1)
  writeStr(writer, 'ack')
  writeStrBytes(writer, chunk, 0, chunk.length)
  return writer.written()
}

function encodeJsonAck(chunk: Uint8Array): Uint8Array {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(chunk)
  return new TextEncoder().encode(JSON.stringify({ ack: text }))
}
