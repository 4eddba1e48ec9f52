/** An input of plain lines, for the tests of what all inputs are made of. */
import type { Socket } from 'node:net'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { CodecError } from '../../../src/codecs/codec-error.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../../../src/codecs/entry.ts'
import { writeMapHeader, writeStr } from '../../../src/codecs/msgpack/writer.ts'
import { formatListenAddress } from '../../../src/config/listen-address.ts'
import { Type } from '../../../src/config/type.ts'
import { sizeInBytes } from '../../../src/config/units.ts'
import {
  DatagramReceiver,
  isDatagramAddress,
} from '../../../src/inputs/support/datagram-receiver.ts'
import type {
  DatagramDecoder,
  Decoded,
  StreamDecoder,
} from '../../../src/inputs/support/decoded.ts'
import {
  listenAddresses,
  ListenList,
  parseListenAddress,
} from '../../../src/inputs/support/listen-list.ts'
import { NetworkList } from '../../../src/inputs/support/network-list.ts'
import type { Peer } from '../../../src/inputs/support/peer.ts'
import * as fields from '../../../src/inputs/support/schema.ts'
import { SessionServer } from '../../../src/inputs/support/session-server.ts'
import { StreamSession } from '../../../src/inputs/support/stream-session.ts'
import { streamShare } from '../../../src/inputs/support/stream-share.ts'
import { defineInput } from '../../../src/pipeline/component.ts'

/** A line of this ends the stream with an error. */
export const POISON = 'poison'

class Lines implements StreamDecoder {
  error: CodecError | null = null
  #text = ''
  #taken: string[] = []

  get pendingBytes(): number {
    return this.#text.length
  }

  push(bytes: Uint8Array): Decoded[] {
    if (this.error) return []
    const lines = (this.#text + Buffer.from(bytes).toString('latin1')).split('\n')
    this.#text = lines.pop()!
    this.#taken.push(...lines)
    if (!lines.includes(POISON)) return this.#take()
    this.error = new CodecError({ reason: 'poison', offset: 0, found: 'it', expected: 'none' })
    return []
  }

  #take(): Decoded[] {
    const lines = this.#taken.splice(0)
    return lines.length === 0
      ? []
      : [{ tag: 'lines', entries: entriesOf(lines), count: lines.length }]
  }

  end(): Decoded[] {
    if (this.#text !== '') this.#taken.push(`${this.#text} (cut)`)
    this.#text = ''
    return this.#take()
  }
}

class Datagrams implements DatagramDecoder {
  #datagrams: Uint8Array[] = []

  push(bytes: Uint8Array): void {
    this.#datagrams.push(bytes)
  }

  take(): Decoded[] {
    return new Lines().push(Buffer.concat(this.#datagrams.splice(0)))
  }
}

function entriesOf(lines: readonly string[]): Uint8Array {
  const writer = new ByteWriter(64)
  for (const line of lines) {
    writer.reserve(ENTRY_RECORD_OFFSET)
    writer.length = writeEntryHead(writer.bytes, writer.length, 1_795_251_000, 0)
    writeMapHeader(writer, 1)
    writeStr(writer, 'line')
    writeStr(writer, line)
  }
  return writer.written()
}

const configSchema = Type.Object(
  {
    listen: ListenList({ description: 'Where.', default: 'tcp://127.0.0.1:0', examples: [] }),
    ...fields.accessFields,
    ...fields.sourceFields,
    ...fields.keepaliveField,
    ...fields.datagramFields,
    ...fields.pendingFields,
    ...fields.inFlightFields,
    ...fields.connectionFields,
    ...fields.handshakeField,
  },
  { additionalProperties: false },
)

export const linesInput = defineInput({
  type: 'lines_of_tests',
  summary: 'Takes lines.',
  configSchema,
  resources: ({ listen }) => listenAddresses(listen),
  create(config, context) {
    const share = streamShare(config, context)
    const allow = config.allow ? new NetworkList(config.allow) : null
    const all = listenAddresses(config.listen).map(parseListenAddress)
    const createDecoder = () => new Lines()
    const server = new SessionServer({
      addresses: all.filter((address) => !isDatagramAddress(address)),
      config,
      context,
      allow,
      serve: (socket: Socket, peer: Peer) =>
        new StreamSession({ socket, peer, share, createDecoder }),
    })
    const receiver = new DatagramReceiver({
      addresses: all.filter(isDatagramAddress),
      context,
      allow,
      inFlight: share.inFlight,
      receiveBufferBytes: sizeInBytes(config.receive_buffer),
      decoder: new Datagrams(),
    })
    return {
      get addresses() {
        return [...server.addresses, ...receiver.addresses].map(formatListenAddress)
      },
      async start() {
        await server.start()
        await receiver.start()
      },
      async stop(deadline) {
        share.hostnames?.cancel()
        await Promise.all([server.stop(deadline), receiver.stop(deadline)])
        context.memory.close()
      },
    }
  },
})
