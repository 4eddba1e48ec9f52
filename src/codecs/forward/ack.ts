/**
 * The acknowledgement of the Fluentd forward protocol v1: `{"ack": <the chunk id as it came>}`.
 */
import { ByteWriter } from '../byte-writer.ts'
import { CodecError } from '../codec-error.ts'
import type { ForwardFormat } from './unit.ts'
import { isMap, typeName } from '../msgpack/format.ts'
import { MsgpackScanner, SCAN_FAILED, SCAN_MORE } from '../msgpack/scanner.ts'
import { writeMapHeader, writeStr, writeStrBytes } from '../msgpack/writer.ts'
import { findField, payloadEnd, payloadStart } from '../record.ts'

/** Far above any acknowledgement that answers an id of ours. */
const ACK_MAX_BYTES = 4 * 1024
const DEPTH_MAX = 4
const ACK_KEY = new TextEncoder().encode('ack')
const NOTHING = new Uint8Array(0)

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

/** Reads the acknowledgements that a server sends, of which any bytes may have arrived. */
export class AckReader {
  readonly #scanner = new MsgpackScanner({ depthMax: DEPTH_MAX, valueMaxBytes: ACK_MAX_BYTES })
  /** What has arrived of the next one. */
  #held: Uint8Array = NOTHING

  /** Whether one has arrived in part. */
  get isMidway(): boolean {
    return this.#held.length > 0
  }

  /**
   * Puts the ids that are complete with these bytes into `ids`, as views. Returns what is wrong
   * with the bytes behind them; nothing can be read any more then.
   */
  push(bytes: Uint8Array, ids: Uint8Array[]): CodecError | null {
    const held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    let start = 0
    while (start < held.length) {
      const length = this.#scanner.scan(held, start, held.length)
      if (length === SCAN_FAILED) return this.#scanner.error
      if (length === SCAN_MORE) break
      const id = readAck(held.subarray(start, start + length))
      if (id instanceof CodecError) return id
      ids.push(id)
      start += length
    }
    this.#held = start === held.length ? NOTHING : new Uint8Array(held.subarray(start))
    return null
  }
}

/** The id in one whole msgpack value, a str or bin. */
function readAck(value: Uint8Array): Uint8Array | CodecError {
  const isAMap = isMap(value[0]!)
  const offset = isAMap ? findField(value, 0, ACK_KEY) : -1
  const start = offset < 0 ? -1 : payloadStart(value, offset)
  if (start >= 0) return value.subarray(start, payloadEnd(value, offset))
  const found = isAMap ? 'a map without an id' : typeName(value[0]!)
  return new CodecError({ reason: 'invalid_ack', offset: 0, found, expected: '{"ack": id}' })
}
