/**
 * `tcp` input: plain lines over TCP, TLS and unix sockets, as `nc`, Fluentd's `in_tcp` clients and
 * the TCP transports of logging libraries send them. Lines: ../support/line-stream.ts.
 */
import type { Socket } from 'node:net'
import type { Static } from 'typebox'
import { formatListenAddress } from '../../config/listen-address.ts'
import { Type } from '../../config/type.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import type { Source } from '../support/decoded.ts'
import { lineFaults, lineFields, LineMaker, lineTag } from '../support/line-options.ts'
import { LineStream } from '../support/line-stream.ts'
import { listenAddresses, ListenList, parseListenAddress } from '../support/listen-list.ts'
import { NetworkList } from '../support/network-list.ts'
import type { Peer } from '../support/peer.ts'
import {
  accessFields,
  connectionFields,
  handshakeField,
  inFlightFields,
  keepaliveField,
  listenFaults,
  pendingFields,
  sourceFields,
} from '../support/schema.ts'
import { SessionServer } from '../support/session-server.ts'
import { StreamSession } from '../support/stream-session.ts'
import { streamShare, type StreamShare } from '../support/stream-share.ts'

const configSchema = Type.Object(
  {
    listen: ListenList({
      description:
        'Addresses to accept connections on: `tcp://`, `tls://` or `unix://`, one or a list.',
      default: 'tcp://127.0.0.1:5170',
      examples: ['tcp://0.0.0.0:5170', ['tcp://127.0.0.1:5170', 'unix:///run/lines.sock']],
    }),
    tag: lineTag('tcp'),
    ...lineFields,
    ...accessFields,
    ...sourceFields,
    ...keepaliveField,
    ...pendingFields,
    ...inFlightFields,
    ...connectionFields,
    ...handshakeField,
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const tcp = defineInput({
  type: 'tcp',
  summary: 'Receives plain lines over TCP, TLS and unix sockets.',
  configSchema,
  faults: (config) => [
    ...listenFaults(config, { schemes: ['tcp', 'tls', 'unix'], hint: ' (udp is the udp input)' }),
    ...lineFaults(config),
  ],
  resources: ({ listen }) => listenAddresses(listen),
  create: (config, context) => new TcpInput(config, context),
})

class TcpInput implements Input {
  readonly #context: InputContext
  readonly #streams: StreamShare
  readonly #server: SessionServer
  #stopped: Promise<void> | null = null

  constructor(config: Config, context: InputContext) {
    this.#context = context
    this.#streams = streamShare(config, context)
    const share = this.#streams
    const maker = new LineMaker(config, context)
    const createDecoder = (source: Source) => new LineStream(maker, source)
    this.#server = new SessionServer({
      addresses: listenAddresses(config.listen).map(parseListenAddress),
      config,
      context,
      allow: config.allow ? new NetworkList(config.allow) : null,
      serve: (socket: Socket, peer: Peer) =>
        new StreamSession({ socket, peer, share, createDecoder }),
    })
  }

  get addresses(): readonly string[] {
    return this.#server.addresses.map(formatListenAddress)
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  stop(deadline: AbortSignal): Promise<void> {
    return (this.#stopped ??= this.#stop(deadline))
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#streams.hostnames?.cancel()
    await this.#server.stop(deadline)
    this.#context.memory.close()
  }
}
