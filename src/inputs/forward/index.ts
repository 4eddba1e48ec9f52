/**
 * `forward` input: the Fluentd forward protocol v1, as Docker's `fluentd` log driver, Fluentd and
 * Fluent Bit speak it. Wire notes: docs/specs/forward-protocol.md.
 * Options: schema.ts. One connection: session.ts. Sockets: ../support/stream-listener.ts.
 */
import type { Socket } from 'node:net'
import { modeAsNumber } from '../../config/fields.ts'
import { formatListenAddress } from '../../config/listen-address.ts'
import { durationInMs } from '../../config/units.ts'
import type { Cancel } from '../../pipeline/clock.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { ConnectionLimits } from '../support/connection-limits.ts'
import { listenAddresses, parseListenAddress } from '../support/listen-list.ts'
import { NetworkList } from '../support/network-list.ts'
import type { Peer } from '../support/peer.ts'
import { StreamListener } from '../support/stream-listener.ts'
import { turn } from '../support/turn.ts'
import { Heartbeats } from './heartbeats.ts'
import { forwardFaults, forwardSchema, type ForwardConfig } from './schema.ts'
import { ForwardSession } from './session.ts'
import { shareOf, type SessionShare } from './session-share.ts'

export const forward = defineInput({
  type: 'forward',
  summary: "Receives events over the Fluentd forward protocol, as Docker's log driver sends them.",
  configSchema: forwardSchema,
  faults: forwardFaults,
  resources: claimedAddresses,
  create: (config, context) => new ForwardInput(config, context),
})

class ForwardInput implements Input {
  readonly #config: ForwardConfig
  readonly #context: InputContext
  readonly #share: SessionShare
  readonly #allow: NetworkList | null
  readonly #listeners: readonly StreamListener[]
  readonly #sessions = new Set<ForwardSession>()
  readonly #heartbeats: Heartbeats
  #cancelSweeps: Cancel[] = []
  #stopped: Promise<void> | null = null

  constructor(config: ForwardConfig, context: InputContext) {
    this.#config = config
    this.#context = context
    this.#share = shareOf(config, context)
    this.#allow = config.allow ? new NetworkList(config.allow) : null
    const { sockets, logger } = context
    const { metrics } = this.#share
    this.#heartbeats = new Heartbeats({ sockets, logger, metrics, allow: this.#allow })
    this.#listeners = this.#makeListeners()
  }

  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => formatListenAddress(address))
  }

  async start(): Promise<void> {
    await this.#share.authenticator?.start()
    for (const listener of this.#listeners) await this.#open(listener)
    const { idle_timeout, frame_timeout } = this.#config
    if (idle_timeout !== undefined) this.#sweepEvery(idle_timeout, (session) => session.sweep())
    this.#sweepEvery(frame_timeout, (session) => session.sweepFrame())
  }

  /** Twice in each `timeout`, so that the third time in a row is past it; never for none. */
  #sweepEvery(timeout: string, sweep: (session: ForwardSession) => void): void {
    const timeoutMs = durationInMs(timeout)
    if (timeoutMs === 0) return
    const cancel = this.#context.timers.every(Math.max(1, timeoutMs / 2), () => {
      for (const session of this.#sessions) sweep(session)
    })
    this.#cancelSweeps.push(cancel)
  }

  stop(deadline: AbortSignal): Promise<void> {
    return (this.#stopped ??= this.#stop(deadline))
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    const destroyAll = () => {
      for (const session of this.#sessions) session.destroy()
    }
    deadline.addEventListener('abort', destroyAll)
    this.#share.hostnames?.cancel()
    await Promise.all(this.#listeners.map((listener) => listener.stopAccepting()))
    // A TLS handshake may still bring a connection while others are drained.
    do {
      if (deadline.aborted) destroyAll()
      await Promise.all([...this.#sessions].map((session) => session.drain()))
      await turn()
    } while (this.#sessions.size > 0)
    for (const listener of this.#listeners) listener.close()
    for (const cancel of this.#cancelSweeps.splice(0)) cancel()
    await this.#heartbeats.close()
    this.#context.memory.close()
    deadline.removeEventListener('abort', destroyAll)
  }

  #makeListeners(): StreamListener[] {
    const { socket_mode, keepalive_probe, handshake_timeout } = this.#config
    const { connections_max, connections_per_address_max, tls } = this.#config
    const { sockets, logger, metrics, timers } = this.#context
    const limits = new ConnectionLimits({
      connectionsMax: connections_max,
      connectionsPerAddressMax: connections_per_address_max,
    })
    return listenAddresses(this.#config.listen).map(
      (text) =>
        new StreamListener({
          sockets,
          address: parseListenAddress(text),
          tls: tls ?? null,
          socketMode: modeAsNumber(socket_mode),
          keepaliveProbeMs: durationInMs(keepalive_probe),
          handshakeTimeoutMs: durationInMs(handshake_timeout),
          allow: this.#allow,
          limits,
          logger,
          metrics,
          timers,
          onConnection: (socket, peer) => this.#serve(socket, peer),
        }),
    )
  }

  async #open(listener: StreamListener): Promise<void> {
    await listener.open()
    const { address } = listener
    if (address.scheme !== 'unix' && this.#config.udp_heartbeat)
      await this.#heartbeats.open(address)
  }

  #serve(socket: Socket, peer: Peer): void {
    const session = new ForwardSession(socket, peer, this.#share)
    this.#sessions.add(session)
    void session.closed.then(() => this.#sessions.delete(session))
  }
}

/** Heartbeats take the UDP port beside each TCP port. */
function claimedAddresses(config: ForwardConfig): string[] {
  return listenAddresses(config.listen).flatMap((text) => {
    const address = parseListenAddress(text)
    if (address.scheme === 'unix' || !config.udp_heartbeat) return [text]
    return [text, formatListenAddress({ ...address, scheme: 'udp' })]
  })
}
