/**
 * `gelf` input: the Graylog Extended Log Format 1.1 by UDP, TCP, TLS, unix socket and HTTP, as
 * Docker's `gelf` log driver and GELF libraries send it. Messages: src/codecs/gelf/. Options:
 * schema.ts. UDP: datagrams.ts. HTTP: requests.ts.
 */
import type { Socket } from 'node:net'
import { GelfDecoder } from '../../codecs/gelf/decoder.ts'
import { modeAsNumber } from '../../config/fields.ts'
import {
  formatListenAddress,
  type ListenAddress,
  type NetworkAddress,
} from '../../config/listen-address.ts'
import { durationInMs, sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { ConnectionLimits } from '../support/connection-limits.ts'
import { DatagramReceiver } from '../support/datagram-receiver.ts'
import type { Source } from '../support/decoded.ts'
import { HttpListener } from '../support/http-listener.ts'
import { listenAddresses, parseListenAddress } from '../support/listen-list.ts'
import { NetworkList } from '../support/network-list.ts'
import type { Peer } from '../support/peer.ts'
import { SessionServer } from '../support/session-server.ts'
import { StreamSession } from '../support/stream-session.ts'
import { streamShare, type StreamShare } from '../support/stream-share.ts'
import { GelfDatagrams } from './datagrams.ts'
import { GelfRequests } from './requests.ts'
import { allAddresses, gelfFaults, gelfSchema, type GelfConfig } from './schema.ts'
import { gelfShare, type GelfShare } from './share.ts'

/** The longest that a timer of Node can wait. */
const NEVER_MS = 0x7fff_ffff

export const gelf = defineInput({
  type: 'gelf',
  summary: "Receives GELF messages, as Docker's gelf log driver and GELF libraries send them.",
  configSchema: gelfSchema,
  faults: gelfFaults,
  resources: allAddresses,
  create: (config, context) => new GelfInput(config, context),
})

class GelfInput implements Input {
  readonly #config: GelfConfig
  readonly #context: InputContext
  readonly #share: GelfShare
  readonly #streams: StreamShare
  readonly #allow: NetworkList | null
  readonly #limits: ConnectionLimits
  readonly #datagrams: GelfDatagrams
  readonly #receiver: DatagramReceiver
  readonly #server: SessionServer
  readonly #http: HttpListener | null
  #stopped: Promise<void> | null = null

  constructor(config: GelfConfig, context: InputContext) {
    this.#config = config
    this.#context = context
    this.#share = gelfShare(config, context)
    this.#streams = streamShare(config, context)
    this.#allow = config.allow ? new NetworkList(config.allow) : null
    this.#limits = new ConnectionLimits({
      connectionsMax: config.connections_max,
      connectionsPerAddressMax: config.connections_per_address_max,
    })
    const addresses = listenAddresses(config.listen).map(parseListenAddress)
    this.#datagrams = new GelfDatagrams(this.#share)
    this.#receiver = this.#makeReceiver(addresses.filter(isUdp))
    this.#server = this.#makeServer(addresses.filter((address) => !isUdp(address)))
    this.#http = config.http_listen === undefined ? null : this.#makeHttp(config.http_listen)
  }

  get addresses(): readonly string[] {
    const bound = [...this.#receiver.addresses, ...this.#server.addresses]
    return [...bound.map(formatListenAddress), ...(this.#http?.addresses ?? [])]
  }

  async start(): Promise<void> {
    await this.#receiver.start()
    if (this.#receiver.addresses.length > 0) this.#datagrams.start(() => this.#receiver.flush())
    await this.#server.start()
    await this.#http?.open()
  }

  stop(deadline: AbortSignal): Promise<void> {
    return (this.#stopped ??= this.#stop(deadline))
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#streams.hostnames?.cancel()
    const receiver = this.#receiver.stop(deadline)
    await Promise.all([receiver, this.#server.stop(deadline), this.#http?.stop(deadline)])
    this.#context.memory.close()
  }

  #makeReceiver(addresses: readonly NetworkAddress[]): DatagramReceiver {
    return new DatagramReceiver({
      addresses,
      context: this.#context,
      allow: this.#allow,
      inFlight: this.#streams.inFlight,
      receiveBufferBytes: sizeInBytes(this.#config.receive_buffer),
      decoder: this.#datagrams,
    })
  }

  #makeServer(addresses: readonly ListenAddress[]): SessionServer {
    const createDecoder = (source: Source) =>
      new GelfDecoder(this.#share.decoder, this.#share.sourceOf(source))
    const share = this.#streams
    return new SessionServer({
      addresses,
      config: this.#config,
      context: this.#context,
      allow: this.#allow,
      limits: this.#limits,
      serve: (socket: Socket, peer: Peer) =>
        new StreamSession({ socket, peer, share, createDecoder }),
    })
  }

  #makeHttp(listen: string | string[]): HttpListener {
    const { config, context } = this.#share
    const { sockets, logger, metrics, timers } = context
    const listener: HttpListener = new HttpListener({
      addresses: listenAddresses(listen).map(parseListenAddress),
      stream: {
        sockets,
        logger,
        metrics,
        timers,
        allow: this.#allow,
        limits: this.#limits,
        tls: config.tls ?? null,
        socketMode: modeAsNumber(config.socket_mode),
        keepaliveProbeMs: durationInMs(config.keepalive_probe),
        handshakeTimeoutMs: durationInMs(config.handshake_timeout),
      },
      idleMs: durationInMs(config.frame_timeout) || NEVER_MS,
      routes: (app) => requests.addRoutes(app),
    })
    const closing = () => listener.closing
    const { inFlight } = this.#streams
    const requests = new GelfRequests({ share: this.#share, inFlight, closing })
    return listener
  }
}

function isUdp(address: ListenAddress): address is NetworkAddress {
  return address.scheme === 'udp'
}
