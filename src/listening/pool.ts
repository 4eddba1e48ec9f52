/**
 * The listening sockets of the process, by address. One is open as long as somebody has borrowed
 * it or wants it next; who wants it next has reserved it, before whoever has it gives it back.
 *
 *     reserve ──▶ old input releases ──▶ connections wait ──▶ new input borrows ──▶ end of reserve
 *
 * Addresses that the process was started with (inherited.ts) are taken from there, not opened.
 */
import { causeOf } from '../config/cause.ts'
import { parseListen } from '../config/listen-address.ts'
import type {
  DatagramLease,
  DatagramUser,
  Lease,
  ListeningSockets,
  StreamUser,
} from '../pipeline/listening.ts'
import type { Logger } from '../pipeline/logger.ts'
import { type Endpoint, endpointOf, keyOf, overlap } from './address.ts'
import { DatagramSocket } from './datagram-socket.ts'
import type { InheritedSockets } from './inherited.ts'
import { StreamSocket } from './stream-socket.ts'

type Listening = StreamSocket | DatagramSocket

interface Slot {
  /** Where it is kept; null for a port that the system chooses, which is nobody else's. */
  readonly key: string | null
  readonly endpoint: Endpoint
  readonly opening: Promise<Listening>
  isLent: boolean
  reservations: number
}

export interface SocketPoolOptions {
  readonly logger: Logger
  readonly inherited?: InheritedSockets | undefined
}

export class SocketPool implements ListeningSockets {
  readonly #logger: Logger
  readonly #inherited: InheritedSockets | undefined
  readonly #slots = new Map<string, Slot>()

  constructor({ logger, inherited }: SocketPoolOptions) {
    this.#logger = logger
    this.#inherited = inherited
  }

  async stream(address: string, user: StreamUser): Promise<Lease> {
    const { slot, socket } = await this.#borrow(address)
    if (!(socket instanceof StreamSocket)) throw new Error(`BUG: ${address} is no stream`)
    try {
      socket.attach(user)
    } catch (cause) {
      await this.#giveBack(slot, socket)
      throw cannotListen(address, cause)
    }
    return { port: socket.port, release: once(() => this.#release(slot, socket)) }
  }

  async datagrams(address: string, user: DatagramUser): Promise<DatagramLease> {
    const { slot, socket } = await this.#borrow(address)
    if (!(socket instanceof DatagramSocket)) throw new Error(`BUG: ${address} is not for datagrams`)
    socket.attach(user)
    return {
      port: socket.port,
      host: socket.host,
      receiveBufferBytes: socket.receiveBufferBytes,
      send: socket.send.bind(socket),
      release: once(() => this.#release(slot, socket)),
    }
  }

  /**
   * Opens those of `addresses` that are not open, and keeps all of them open until what it returns
   * is called. Rejects if one cannot be had, and then nothing has changed. What is no address to
   * listen on is passed over, and so is a port that the system is to choose, and one that can only
   * be had once another is given back (`0.0.0.0:80` while `127.0.0.1:80` is lent).
   */
  async reserve(addresses: readonly string[]): Promise<() => Promise<void>> {
    const reserved: Slot[] = []
    const free = once(async () => {
      for (const slot of reserved) {
        slot.reservations--
        await this.#closeUnlessWanted(slot)
      }
    })
    try {
      for (const address of addresses) {
        const slot = await this.#slotToReserve(address)
        if (!slot) continue
        slot.reservations++
        reserved.push(slot)
        await this.#opened(slot, address)
      }
    } catch (error) {
      await free()
      throw error
    }
    return free
  }

  /** Opens the address if it is not; throws if another has it. */
  async #borrow(address: string): Promise<{ slot: Slot; socket: Listening }> {
    const slot = this.#slotOf(await endpointFor(address))
    if (slot.isLent) throw cannotListen(address, new Error('another input listens there'))
    slot.isLent = true
    try {
      return { slot, socket: await this.#opened(slot, address) }
    } catch (error) {
      slot.isLent = false
      throw error
    }
  }

  async #slotToReserve(address: string): Promise<Slot | undefined> {
    if (!parseListen(address)) return undefined
    const endpoint = await endpointFor(address)
    if (endpoint.kind !== 'unix' && endpoint.port === 0) return undefined
    const inTheWay = [...this.#slots.values()].some((slot) => overlap(slot.endpoint, endpoint))
    return inTheWay ? undefined : this.#slotOf(endpoint)
  }

  #slotOf(endpoint: Endpoint): Slot {
    const key = endpoint.kind !== 'unix' && endpoint.port === 0 ? null : keyOf(endpoint)
    const found = key === null ? undefined : this.#slots.get(key)
    if (found) return found
    const fd = key === null ? undefined : this.#inherited?.take(key)
    const opening =
      endpoint.kind === 'datagram'
        ? DatagramSocket.open(endpoint, this.#logger, fd)
        : StreamSocket.open(endpoint, this.#logger, fd)
    const slot = { key, endpoint, opening, isLent: false, reservations: 0 }
    if (key !== null) this.#slots.set(key, slot)
    return slot
  }

  async #opened(slot: Slot, address: string): Promise<Listening> {
    try {
      return await slot.opening
    } catch (cause) {
      this.#forget(slot)
      throw cannotListen(address, cause)
    }
  }

  async #release(slot: Slot, socket: Listening): Promise<void> {
    if (slot.reservations === 0) await socket.handOverRest()
    await this.#giveBack(slot, socket)
  }

  async #giveBack(slot: Slot, socket: Listening): Promise<void> {
    socket.detach()
    slot.isLent = false
    await this.#closeUnlessWanted(slot)
  }

  async #closeUnlessWanted(slot: Slot): Promise<void> {
    if (slot.isLent || slot.reservations > 0) return
    this.#forget(slot)
    const socket = await slot.opening.catch(() => undefined)
    await socket?.close()
  }

  #forget(slot: Slot): void {
    if (slot.key !== null && this.#slots.get(slot.key) === slot) this.#slots.delete(slot.key)
  }
}

async function endpointFor(address: string): Promise<Endpoint> {
  const parsed = parseListen(address)
  if (!parsed) throw new TypeError(`BUG: cannot listen on ${address}: it is no address`)
  try {
    return await endpointOf(parsed)
  } catch (cause) {
    throw cannotListen(address, cause)
  }
}

function cannotListen(address: string, cause: unknown): Error {
  if (cause instanceof Error && cause.message.startsWith('cannot listen on')) return cause
  const message = `cannot listen on ${address}: ${causeOf(cause)}; expected a free address`
  return new Error(message, { cause })
}

/** `work` runs at the first call; all calls settle with it. */
function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => (running ??= work())
}
