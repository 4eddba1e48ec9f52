/** Answers the UDP heartbeats of Fluentd's `out_forward`: one zero byte for any datagram. */
import type { RemoteInfo } from 'node:dgram'
import type { ListeningSockets } from '../../pipeline/listening.ts'
import type { Logger } from '../../pipeline/logger.ts'
import type { NetworkAddress } from '../../config/listen-address.ts'
import type { NetworkList } from '../support/network-list.ts'
import { UdpSocket } from '../support/udp-socket.ts'
import type { ForwardMetrics } from './metrics.ts'

const ANSWER = new Uint8Array([0])

export interface HeartbeatsOptions {
  readonly sockets: ListeningSockets
  readonly logger: Logger
  readonly metrics: ForwardMetrics
  readonly allow: NetworkList | null
}

export class Heartbeats {
  readonly #options: HeartbeatsOptions
  readonly #open: UdpSocket[] = []

  constructor(options: HeartbeatsOptions) {
    this.#options = options
  }

  /** Listens on the UDP port of a TCP address. Rejects if it is taken. */
  async open({ host, port }: NetworkAddress): Promise<void> {
    const { sockets, logger, metrics, allow } = this.#options
    const onDatagram = (_bytes: Uint8Array, from: RemoteInfo, socket: UdpSocket) => {
      if (allow && !allow.includes(from.address)) return
      metrics.heartbeats.add(1)
      socket.send(ANSWER, from)
    }
    const socket = new UdpSocket({ sockets, host, port, logger, onDatagram })
    this.#open.push(socket)
    await socket.open()
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((socket) => socket.close()))
  }
}
