/**
 * `syslog` input: RFC 5424, RFC 3164 and what the world sends in their name, over UDP, TCP, TLS
 * (RFC 5425) and unix stream sockets, all on one listener. Options: schema.ts. Reading:
 * src/codecs/syslog/. Connections and datagrams: ../support/.
 */
import type { OddMessages } from '../../codecs/syslog/decoder.ts'
import { SyslogDatagramDecoder } from '../../codecs/syslog/datagrams.ts'
import { SyslogStreamDecoder } from '../../codecs/syslog/decoder.ts'
import { formatListenAddress, type ListenAddress } from '../../config/listen-address.ts'
import { sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { DatagramReceiver, isDatagramAddress } from '../support/datagram-receiver.ts'
import { listenAddresses, parseListenAddress } from '../support/listen-list.ts'
import { NetworkList } from '../support/network-list.ts'
import { SessionServer } from '../support/session-server.ts'
import { StreamSession } from '../support/stream-session.ts'
import { streamShare, type StreamShare } from '../support/stream-share.ts'
import { oddCounter } from './metrics.ts'
import { syslogFaults, syslogSchema, type SyslogConfig } from './schema.ts'
import { SyslogSenders } from './senders.ts'

export const syslog = defineInput({
  type: 'syslog',
  summary: 'Receives syslog messages of every kind over UDP, TCP, TLS and unix sockets.',
  configSchema: syslogSchema,
  faults: syslogFaults,
  resources: ({ listen }) => listenAddresses(listen),
  create: (config, context) => new SyslogInput(config, context),
})

class SyslogInput implements Input {
  readonly #context: InputContext
  readonly #share: StreamShare
  readonly #server: SessionServer
  readonly #receiver: DatagramReceiver
  #stopped: Promise<void> | null = null

  constructor(config: SyslogConfig, context: InputContext) {
    this.#context = context
    this.#share = streamShare(config, context)
    const parts: Parts = {
      config,
      context,
      share: this.#share,
      senders: new SyslogSenders(config),
      allow: config.allow ? new NetworkList(config.allow) : null,
      addresses: listenAddresses(config.listen).map(parseListenAddress),
      onOdd: oddCounter(context.metrics),
    }
    this.#server = makeServer(parts)
    this.#receiver = makeReceiver(parts)
  }

  get addresses(): readonly string[] {
    return [...this.#server.addresses, ...this.#receiver.addresses].map(formatListenAddress)
  }

  async start(): Promise<void> {
    await this.#server.start()
    await this.#receiver.start()
  }

  stop(deadline: AbortSignal): Promise<void> {
    return (this.#stopped ??= this.#stop(deadline))
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#share.hostnames?.cancel()
    await Promise.all([this.#server.stop(deadline), this.#receiver.stop(deadline)])
    this.#context.memory.close()
  }
}

interface Parts {
  readonly config: SyslogConfig
  readonly context: InputContext
  readonly share: StreamShare
  readonly senders: SyslogSenders
  readonly allow: NetworkList | null
  readonly addresses: readonly ListenAddress[]
  readonly onOdd: (odd: OddMessages) => void
}

function makeServer({ config, context, share, senders, allow, addresses, onOdd }: Parts) {
  const options = {
    names: config.fields,
    messageMaxBytes: sizeInBytes(config.message_max),
    now: () => context.clock.now(),
    onOdd,
  }
  return new SessionServer({
    addresses: addresses.filter((address) => !isDatagramAddress(address)),
    config,
    context,
    allow,
    serve: (socket, peer) =>
      new StreamSession({
        socket,
        peer,
        share,
        createDecoder: (source) => new SyslogStreamDecoder(options, senders.of(source)),
      }),
  })
}

function makeReceiver({ config, context, share, senders, allow, addresses, onOdd }: Parts) {
  return new DatagramReceiver({
    addresses: addresses.filter(isDatagramAddress),
    context,
    allow,
    inFlight: share.inFlight,
    receiveBufferBytes: sizeInBytes(config.receive_buffer),
    decoder: new SyslogDatagramDecoder({
      names: config.fields,
      now: () => context.clock.now(),
      onOdd,
      senderOf: (address) => senders.ofDatagrams(address, share.hostnames),
    }),
  })
}
