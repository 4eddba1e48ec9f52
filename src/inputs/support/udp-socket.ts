/** A bound UDP socket that hands over datagrams. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Logger } from '../../pipeline/logger.ts'
import { hostAndPort } from '../../config/listen-address.ts'

export interface UdpSocketOptions {
  readonly host: string
  readonly port: number
  readonly logger: Logger
  readonly onDatagram: (bytes: Uint8Array, from: RemoteInfo, socket: UdpSocket) => void
}

export class UdpSocket {
  readonly #options: UdpSocketOptions
  #socket: Socket | null = null

  constructor(options: UdpSocketOptions) {
    this.#options = options
  }

  /** Rejects if the address cannot be bound. */
  async open(): Promise<void> {
    const { host, port, logger, onDatagram } = this.#options
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    this.#socket = socket
    socket.on('message', (bytes, from) => onDatagram(bytes, from, this))
    socket.bind(port, host)
    try {
      await once(socket, 'listening')
    } catch (cause) {
      const address = `udp://${hostAndPort(host, port)}`
      throw new Error(`cannot listen on ${address}: ${(cause as Error).message}`, { cause })
    }
    socket.on('error', (error) => logger.warn({ error: error.message }, 'udp socket failed'))
  }

  get port(): number {
    return this.#socket?.address().port ?? 0
  }

  /** Sends without waiting; an answer that gets lost is UDP's nature, one that fails is logged. */
  send(bytes: Uint8Array, to: RemoteInfo): void {
    this.#socket?.send(bytes, to.port, to.address, (error) => {
      if (!error) return
      this.#options.logger.debug({ error: error.message, to: to.address }, 'cannot answer by udp')
    })
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = null
    if (!socket) return
    await new Promise<void>((resolve) => socket.close(resolve))
  }
}
