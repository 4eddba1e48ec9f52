/**
 * Accepts connections on one `tcp://`, `tls://` or `unix://` address: allow-list, limits, TCP
 * options and TLS are dealt with here, so that an input only sees sockets it may serve.
 */
import type { Socket } from 'node:net'
import {
  formatListenAddress,
  hostAndPort,
  type ListenAddress,
} from '../../config/listen-address.ts'
import type { Timers } from '../../pipeline/clock.ts'
import type { Lease, ListeningSockets } from '../../pipeline/listening.ts'
import type { Logger } from '../../pipeline/logger.ts'
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'
import type { ConnectionLimit, ConnectionLimits } from './connection-limits.ts'
import type { NetworkList } from './network-list.ts'
import { type Peer, plainAddress } from './peer.ts'
import { proxiedPeer } from './proxied-peer.ts'
import type { TlsConfig } from './tls-options.ts'
import { tlsCause, type TlsError, TlsTerminator } from './tls-terminator.ts'

export interface StreamListenerOptions {
  readonly sockets: ListeningSockets
  readonly address: ListenAddress
  /** For `tls://` addresses. */
  readonly tls: TlsConfig | null
  /** Mode of the socket file of a `unix://` address. */
  readonly socketMode: number
  /** Idle milliseconds after which TCP asks whether the peer is alive; 0 for never. */
  readonly keepaliveProbeMs: number
  readonly handshakeTimeoutMs: number
  /** Whether every connection begins with a header of the PROXY protocol. */
  readonly proxyProtocol?: boolean
  /** Peers that may connect, or null for all; not asked on unix sockets. */
  readonly allow: NetworkList | null
  /** Shared by the listeners of one input. */
  readonly limits: ConnectionLimits
  readonly logger: Logger
  readonly metrics: Metrics
  readonly timers: Timers
  /** Half-open is allowed: a socket whose peer has finished must still be ended. */
  readonly onConnection: (socket: Socket, peer: Peer) => void
}

export class StreamListener {
  readonly #options: StreamListenerOptions
  readonly #metrics: ListenerMetrics
  readonly #handshaking = new Set<Socket>()
  /** Who is behind a proxy, by the text of the proxy's own end. */
  readonly #proxied = new Map<string, Peer>()
  #lease: Lease | null = null
  #tls: TlsTerminator | null = null

  constructor(options: StreamListenerOptions) {
    this.#options = options
    this.#metrics = listenerMetrics(options.metrics)
  }

  /** The address with the real port. */
  get address(): ListenAddress {
    const { address } = this.#options
    return address.scheme === 'unix'
      ? address
      : { ...address, port: this.#lease?.port ?? address.port }
  }

  /** Rejects if the address or a certificate cannot be used. */
  async open(): Promise<void> {
    const { sockets, address, socketMode, logger } = this.#options
    if (address.scheme === 'tls') await this.#openTls()
    try {
      this.#lease = await sockets.stream(formatListenAddress(address), {
        socketMode,
        onConnection: (socket) => this.#accept(socket),
        onError: (error) => logger.error({ error: error.message }, 'cannot accept connections'),
      })
    } catch (error) {
      this.#tls?.close()
      throw error
    }
  }

  /** Takes the connections that the kernel has completed already, then no more. */
  async stopAccepting(): Promise<void> {
    await this.#lease?.release()
    this.#tls?.close()
  }

  /** Ends what has no session yet. Sockets handed to `onConnection` are not touched. */
  close(): void {
    this.#tls?.close()
    for (const socket of this.#handshaking) socket.destroy()
  }

  async #openTls(): Promise<void> {
    const { address, tls, handshakeTimeoutMs, timers, logger } = this.#options
    if (!tls) {
      const name = formatListenAddress(address)
      throw new Error(`cannot listen on ${name}: no certificate; expected a tls section`)
    }
    const onSecure = (socket: Socket) => this.#serveSecure(socket)
    const onRefused = (socket: Socket, cause: string) => this.#refuseTls(socket, cause)
    const common = { config: tls, handshakeTimeoutMs, timers, logger }
    this.#tls = new TlsTerminator({ ...common, onSecure, onRefused })
    await this.#tls.open()
  }

  #accept(socket: Socket): void {
    const { keepaliveProbeMs } = this.#options
    socket.setNoDelay(true)
    if (keepaliveProbeMs > 0) socket.setKeepAlive(true, keepaliveProbeMs)
    // A TLS socket takes it over from this one; it is allowed there after the handshake.
    socket.allowHalfOpen = this.#tls === null
    const peer = this.#options.address.scheme === 'unix' ? UNIX_PEER : peerOf(socket)
    socket.on('error', (error) => this.#noteSocketError(peer, error))
    if (!this.#admit(socket, peer)) return
    if (this.#options.proxyProtocol === true) void this.#acceptProxied(socket, peer)
    else this.#begin(socket, peer)
  }

  #begin(socket: Socket, peer: Peer): void {
    if (this.#tls) {
      this.#noteHandshaking(socket)
      this.#tls.accept(socket)
    } else this.#serve(socket, peer)
  }

  /** Until it is served, a socket is ours to end. */
  #noteHandshaking(socket: Socket): void {
    if (this.#handshaking.has(socket)) return
    this.#handshaking.add(socket)
    socket.once('close', () => this.#handshaking.delete(socket))
  }

  async #acceptProxied(socket: Socket, proxy: Peer): Promise<void> {
    const { timers, handshakeTimeoutMs: timeoutMs } = this.#options
    this.#noteHandshaking(socket)
    const peer = await proxiedPeer(socket, proxy, { timers, timeoutMs })
    if (peer === null) return this.#refuse(socket, proxy, 'proxy_header')
    if (socket.destroyed) return
    if (this.#tls) {
      this.#proxied.set(proxy.text, peer)
      socket.once('close', () => this.#proxied.delete(proxy.text))
    } else this.#handshaking.delete(socket)
    this.#begin(socket, peer)
  }

  #serve(socket: Socket, peer: Peer): void {
    this.#options.onConnection(socket, peer)
  }

  #serveSecure(socket: Socket): void {
    const end = peerOf(socket)
    const peer = this.#proxied.get(end.text) ?? end
    // Node's own listener is silent once the handshake is done.
    socket.on('error', (error) => {
      if (isTlsError(error)) this.#noteTlsError(peer, error)
      else this.#noteSocketError(peer, error)
    })
    this.#serve(socket, peer)
  }

  #admit(socket: Socket, peer: Peer): boolean {
    const { allow, limits } = this.#options
    const allowed = !allow || peer.address === null || allow.includes(peer.address)
    const refusal = allowed ? limits.enter(peer) : 'not_allowed'
    if (refusal !== null) {
      this.#refuse(socket, peer, refusal)
      return false
    }
    this.#metrics.accepted.add(1)
    this.#metrics.open.set(limits.open)
    socket.once('close', () => {
      limits.leave(peer)
      this.#metrics.open.set(limits.open)
    })
    return true
  }

  #refuse(socket: Socket, peer: Peer, reason: keyof ListenerMetrics['refused']): void {
    socket.destroy()
    this.#metrics.refused[reason].add(1)
    this.#options.logger.warn({ peer: peer.text, reason }, 'refused a connection')
  }

  #refuseTls(socket: Socket, cause: string): void {
    const peer = peerOf(socket)
    socket.destroy()
    this.#metrics.refused.tls.add(1)
    this.#options.logger.warn({ peer: peer.text, cause }, 'refused a tls connection')
  }

  #noteTlsError(peer: Peer, error: TlsError): void {
    this.#metrics.tlsErrors.add(1)
    const fields = { peer: peer.text, reason: 'tls', cause: tlsCause(error) }
    this.#options.logger.warn(fields, 'ended a connection')
  }

  #noteSocketError(peer: Peer, error: Error): void {
    this.#options.logger.debug({ peer: peer.text, error: error.message }, 'connection failed')
  }
}

const UNIX_PEER: Peer = { address: null, text: 'unix' }

function peerOf(socket: Socket): Peer {
  const address = plainAddress(socket.remoteAddress ?? '')
  return { address, text: hostAndPort(address, socket.remotePort ?? 0) }
}

/** Whether TLS itself failed, and not the connection below it. */
function isTlsError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('ERR_SSL') === true || error.code?.startsWith('ERR_TLS') === true
}

interface ListenerMetrics {
  readonly accepted: Counter
  readonly open: Gauge
  readonly tlsErrors: Counter
  readonly refused: Readonly<
    Record<ConnectionLimit | 'not_allowed' | 'proxy_header' | 'tls', Counter>
  >
}

/** Shared with the input, which ends connections for reasons of its own. */
export function connectionErrors(metrics: Metrics, reason: string): Counter {
  return metrics.counter('errors_total', 'Connections ended because of an error.', { reason })
}

function listenerMetrics(metrics: Metrics): ListenerMetrics {
  const refused = (reason: string) =>
    metrics.counter('connections_refused_total', 'Connections closed unserved.', { reason })
  return {
    accepted: metrics.counter('connections_accepted_total', 'Connections that were let in.'),
    open: metrics.gauge('connections', 'Open connections.'),
    tlsErrors: connectionErrors(metrics, 'tls'),
    refused: {
      not_allowed: refused('not_allowed'),
      connections_max: refused('connections_max'),
      connections_per_address_max: refused('connections_per_address_max'),
      proxy_header: refused('proxy_header'),
      tls: refused('tls'),
    },
  }
}
