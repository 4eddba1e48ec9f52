/**
 * One bound UDP socket. Datagrams that come while nobody has borrowed it wait here for who borrows
 * next, up to a bound: nobody can be held back by UDP.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { DatagramUser } from '../pipeline/listening.ts'
import type { Logger } from '../pipeline/logger.ts'
import type { Endpoint } from './address.ts'
import { settled } from './settled.ts'

const WAITING_MAX_BYTES = 16 * 1024 * 1024
/** What an object costs beside its bytes. */
const DATAGRAM_COST_BYTES = 512

export class DatagramSocket {
  readonly #socket: Socket
  readonly #logger: Logger
  readonly #isInherited: boolean
  #user: DatagramUser | null = null
  #waiting: { readonly bytes: Uint8Array; readonly from: RemoteInfo }[] = []
  #waitingBytes = 0
  #dropped = 0
  #received = 0

  /** Rejects if the address cannot be bound, or `fd` is of no such socket. */
  static async open(
    endpoint: Extract<Endpoint, { host: string }>,
    logger: Logger,
    fd: number | undefined,
  ) {
    const { host, port } = endpoint
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    const opened = new DatagramSocket(socket, logger, fd !== undefined)
    try {
      const bound = once(socket, 'listening')
      if (fd !== undefined) socket.bind({ fd })
      else socket.bind(port, host)
      await bound
    } catch (error) {
      socket.close()
      throw error
    }
    socket.on('error', (error) => opened.#onError(error))
    return opened
  }

  private constructor(socket: Socket, logger: Logger, isInherited: boolean) {
    this.#socket = socket
    this.#logger = logger
    this.#isInherited = isInherited
    socket.on('message', (bytes, from) => this.#receive(bytes, from))
  }

  get port(): number {
    return this.#socket.address().port
  }

  get host(): string {
    return this.#socket.address().address
  }

  get receiveBufferBytes(): number {
    return this.#socket.getRecvBufferSize()
  }

  attach(user: DatagramUser): void {
    this.#user = user
    // Linux grants what `net.core.rmem_max` allows and says nothing; it doubles what it is told.
    if (user.receiveBufferBytes !== undefined)
      this.#socket.setRecvBufferSize(user.receiveBufferBytes)
    this.#reportDropped()
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    for (const { bytes, from } of waiting) user.onDatagram(bytes, from)
  }

  detach(): void {
    this.#user = null
  }

  send(bytes: Uint8Array, to: RemoteInfo, onFailure: (error: Error) => void): void {
    this.#socket.send(bytes, to.port, to.address, (error) => {
      if (error) onFailure(error)
    })
  }

  /** Settles when the user has got all that the kernel has. */
  async handOverRest(): Promise<void> {
    // Of an inherited one the next process gets the rest.
    if (!this.#isInherited) await settled(() => this.#received)
  }

  async close(): Promise<void> {
    this.#dropped += this.#waiting.length
    this.#reportDropped()
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    this.#received++
    if (this.#user) return this.#user.onDatagram(bytes, from)
    const cost = bytes.length + DATAGRAM_COST_BYTES
    if (this.#waitingBytes + cost > WAITING_MAX_BYTES) {
      this.#dropped++
      return
    }
    this.#waitingBytes += cost
    this.#waiting.push({ bytes, from })
  }

  #onError(error: Error): void {
    if (this.#user) this.#user.onError(error)
    else this.#logger.warn({ error }, 'udp socket failed')
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return
    const message = 'lost datagrams that came while no input listened'
    this.#logger.error({ datagrams: this.#dropped }, message)
    this.#dropped = 0
  }
}
