/** Answers the UDP heartbeats of Fluentd's `out_forward`: one zero byte for any datagram. */
import type { RemoteInfo } from 'node:dgram'
import type { Logger } from '../../pipeline/logger.ts'
import type { NetworkAddress } from '../../config/listen-address.ts'
import type { NetworkList } from '../support/network-list.ts'
import { UdpSocket } from '../support/udp-socket.ts'
import type { ForwardMetrics } from './metrics.ts'

const ANSWER = new Uint8Array([0])

export class Heartbeats {
  readonly #logger: Logger
  readonly #metrics: ForwardMetrics
  readonly #allow: NetworkList | null
  readonly #sockets: UdpSocket[] = []

  constructor(logger: Logger, metrics: ForwardMetrics, allow: NetworkList | null) {
    this.#logger = logger
    this.#metrics = metrics
    this.#allow = allow
  }

  /** Listens on the UDP port of a TCP address. Rejects if it is taken. */
  async open({ host, port }: NetworkAddress): Promise<void> {
    const onDatagram = (_bytes: Uint8Array, from: RemoteInfo, socket: UdpSocket) => {
      if (this.#allow && !this.#allow.includes(from.address)) return
      this.#metrics.heartbeats.add(1)
      socket.send(ANSWER, from)
    }
    const socket = new UdpSocket({ host, port, logger: this.#logger, onDatagram })
    this.#sockets.push(socket)
    await socket.open()
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()))
  }
}
