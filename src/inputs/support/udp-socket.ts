/** A bound UDP socket that hands over datagrams. */
import type { RemoteInfo } from 'node:dgram'
import { hostAndPort } from '../../config/listen-address.ts'
import type { DatagramLease, ListeningSockets } from '../../pipeline/listening.ts'
import type { Logger } from '../../pipeline/logger.ts'

export interface UdpSocketOptions {
  readonly sockets: ListeningSockets
  readonly host: string
  readonly port: number
  readonly logger: Logger
  /** What the kernel should keep unread; left out: what it does by itself. */
  readonly receiveBufferBytes?: number
  readonly onDatagram: (bytes: Uint8Array, from: RemoteInfo, socket: UdpSocket) => void
}

export class UdpSocket {
  readonly #options: UdpSocketOptions
  #lease: DatagramLease | null = null

  constructor(options: UdpSocketOptions) {
    this.#options = options
  }

  /** Rejects if the address cannot be bound. */
  async open(): Promise<void> {
    const { sockets, host, port, logger, onDatagram, receiveBufferBytes } = this.#options
    this.#lease = await sockets.datagrams(`udp://${hostAndPort(host, port)}`, {
      onDatagram: (bytes, from) => onDatagram(bytes, from, this),
      onError: (error) => logger.warn({ error: error.message }, 'udp socket failed'),
      ...(receiveBufferBytes === undefined ? {} : { receiveBufferBytes }),
    })
  }

  get port(): number {
    return this.#lease?.port ?? 0
  }

  /** The IP address it is bound to. */
  get host(): string {
    return this.#lease?.host ?? this.#options.host
  }

  /** What the kernel keeps unread. */
  get receiveBufferBytes(): number {
    return this.#lease?.receiveBufferBytes ?? 0
  }

  /** Sends without waiting; an answer that gets lost is UDP's nature, one that fails is logged. */
  send(bytes: Uint8Array, to: RemoteInfo): void {
    this.#lease?.send(bytes, to, (error) => {
      this.#options.logger.debug({ error: error.message, to: to.address }, 'cannot answer by udp')
    })
  }

  /** Hands over what has arrived, unless another input is to have the socket; idempotent. */
  async close(): Promise<void> {
    await this.#lease?.release()
  }
}
