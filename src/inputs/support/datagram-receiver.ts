/**
 * The UDP side of an input: what comes within a few milliseconds is delivered together, as few
 * batches, since nobody waits for an answer and a batch costs as much as ten datagrams. Nobody can
 * be held back by UDP: past `in_flight_max` what comes is thrown away and counted, and what this
 * process does not read in time the kernel throws away (kernel-drops.ts).
 */
import type { RemoteInfo } from 'node:dgram'
import type { ListenAddress, NetworkAddress } from '../../config/listen-address.ts'
import type { Cancel } from '../../pipeline/clock.ts'
import type { InputContext } from '../../pipeline/component.ts'
import { LossReport } from '../../pipeline/loss-report.ts'
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'
import type { DatagramDecoder, Decoded } from './decoded.ts'
import type { InFlight } from './in-flight.ts'
import { KernelDrops } from './kernel-drops.ts'
import { limitHits } from './limit-hits.ts'
import type { NetworkList } from './network-list.ts'
import { OneWayDelivery } from './one-way-delivery.ts'
import { plainAddress } from './peer.ts'
import { UdpSocket } from './udp-socket.ts'

export interface DatagramReceiverOptions {
  readonly addresses: readonly NetworkAddress[]
  readonly context: InputContext
  /** Peers that may send, or null for all. */
  readonly allow: NetworkList | null
  readonly inFlight: InFlight
  /** What the kernel should keep unread, of each address. */
  readonly receiveBufferBytes: number
  readonly decoder: DatagramDecoder
}

/** How long datagrams wait for others, and how many bytes of them at most. */
const GATHER_MS = 5
const GATHER_MAX_BYTES = 128 * 1024
const OVERFLOW = 'threw datagrams away: too much waits to be delivered'

export function isDatagramAddress(address: ListenAddress): address is NetworkAddress {
  return address.scheme === 'udp'
}

export class DatagramReceiver {
  readonly #options: DatagramReceiverOptions
  readonly #metrics: DatagramMetrics
  readonly #sockets: readonly UdpSocket[]
  readonly #delivery: OneWayDelivery
  readonly #kernelDrops: KernelDrops
  readonly #overflow: LossReport
  #cancelFlush: Cancel | null = null
  #datagrams = 0
  #bytes = 0
  #onIdle: () => void = () => undefined

  constructor(options: DatagramReceiverOptions) {
    const { context, inFlight, addresses } = options
    this.#options = options
    this.#metrics = datagramMetrics(context.metrics)
    this.#delivery = new OneWayDelivery({ context, inFlight, settled: () => this.#settled() })
    this.#kernelDrops = new KernelDrops(context)
    this.#overflow = new LossReport(context, OVERFLOW, { limit: 'in_flight_max' })
    this.#sockets = addresses.map((address) => this.#makeSocket(address))
  }

  /** With the real ports, once started. */
  get addresses(): readonly NetworkAddress[] {
    return this.#options.addresses.map((address, index) => {
      const port = this.#sockets[index]!.port
      return port === 0 ? address : { ...address, port }
    })
  }

  /** Rejects if an address cannot be bound. */
  async start(): Promise<void> {
    for (const socket of this.#sockets) await socket.open()
    this.#reportBuffers()
    await this.#kernelDrops.start(this.#sockets.map(({ host, port }) => ({ host, port })))
  }

  /** Delivers what the kernel has, and waits for it until `deadline`. */
  async stop(deadline: AbortSignal): Promise<void> {
    await this.#kernelDrops.stop()
    await Promise.all(this.#sockets.map((socket) => socket.close()))
    this.#options.decoder.end?.()
    this.flush()
    this.#delivery.end()
    this.#overflow.stop()
    if (this.#delivery.idle || deadline.aborted) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
      deadline.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** Delivers what the decoder has, for decoders that have something without a datagram. */
  flush(): void {
    const { decoder, inFlight } = this.#options
    this.#cancelFlush?.()
    this.#cancelFlush = null
    this.#metrics.datagrams.add(this.#datagrams)
    this.#metrics.bytes.add(this.#bytes)
    this.#datagrams = this.#bytes = 0
    for (const batch of decoder.take()) {
      if (inFlight.isOver) this.#drop(batch)
      else this.#delivery.take(batch)
    }
  }

  #makeSocket({ host, port }: NetworkAddress): UdpSocket {
    const { context, receiveBufferBytes } = this.#options
    const { sockets, logger } = context
    const onDatagram = (bytes: Uint8Array, from: RemoteInfo) => this.#receive(bytes, from.address)
    return new UdpSocket({ sockets, host, port, logger, receiveBufferBytes, onDatagram })
  }

  #receive(bytes: Uint8Array, from: string): void {
    const address = plainAddress(from)
    const { allow, decoder } = this.#options
    if (allow && !allow.includes(address)) return this.#metrics.notAllowed.add(1)
    this.#datagrams++
    this.#bytes += bytes.length
    decoder.push(bytes, address)
    if (this.#bytes >= GATHER_MAX_BYTES) this.flush()
    else this.#cancelFlush ??= this.#options.context.timers.after(GATHER_MS, this.#flush)
  }

  readonly #flush = (): void => this.flush()

  #drop({ tag, count, lease }: Decoded): void {
    lease?.release()
    this.#metrics.limitHits.add(1)
    this.#options.context.drop(tag, count, 'in_flight_max')
    this.#overflow.add('events', count)
  }

  #settled(): void {
    if (this.#delivery.idle) this.#onIdle()
  }

  #reportBuffers(): void {
    const { context, receiveBufferBytes: wanted } = this.#options
    for (const { host, port, receiveBufferBytes: granted } of this.#sockets) {
      this.#metrics.receiveBuffer.set(granted)
      if (granted >= wanted) continue
      const fields = { host, port, granted, wanted, sysctl: 'net.core.rmem_max' }
      context.logger.info(fields, 'the kernel grants a smaller receive buffer than asked for')
    }
  }
}

interface DatagramMetrics {
  readonly datagrams: Counter
  readonly bytes: Counter
  readonly notAllowed: Counter
  readonly limitHits: Counter
  readonly receiveBuffer: Gauge
}

function datagramMetrics(metrics: Metrics): DatagramMetrics {
  return {
    datagrams: metrics.counter('datagrams_total', 'Datagrams read.'),
    bytes: metrics.counter('datagram_bytes_total', 'Bytes of datagrams read.'),
    notAllowed: metrics.counter(
      'datagrams_refused_total',
      'Datagrams of senders that `allow` does not name.',
    ),
    limitHits: limitHits(metrics, 'in_flight_max'),
    receiveBuffer: metrics.gauge(
      'receive_buffer_bytes',
      'What the kernel keeps of datagrams that are not read yet.',
    ),
  }
}
