/**
 * `forward` input: the Fluentd forward protocol v1, as Docker's `fluentd` log driver, Fluentd and
 * Fluent Bit speak it. Wire notes: docs/specs/forward-protocol.md.
 * Options: schema.ts. One connection: session.ts. Connections: ../support/session-server.ts.
 */
import { formatListenAddress } from '../../config/listen-address.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { listenAddresses, parseListenAddress } from '../support/listen-list.ts'
import { NetworkList } from '../support/network-list.ts'
import { SessionServer } from '../support/session-server.ts'
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
  readonly #server: SessionServer
  readonly #heartbeats: Heartbeats
  #stopped: Promise<void> | null = null

  constructor(config: ForwardConfig, context: InputContext) {
    this.#config = config
    this.#context = context
    this.#share = shareOf(config, context)
    const allow = config.allow ? new NetworkList(config.allow) : null
    const { sockets, logger } = context
    const { metrics } = this.#share
    this.#heartbeats = new Heartbeats({ sockets, logger, metrics, allow })
    this.#server = new SessionServer({
      addresses: listenAddresses(config.listen).map(parseListenAddress),
      config,
      context,
      allow,
      serve: (socket, peer) => new ForwardSession(socket, peer, this.#share),
    })
  }

  get addresses(): readonly string[] {
    return this.#server.addresses.map(formatListenAddress)
  }

  async start(): Promise<void> {
    await this.#share.authenticator?.start()
    await this.#server.start()
    if (!this.#config.udp_heartbeat) return
    for (const address of this.#server.addresses) {
      if (address.scheme !== 'unix') await this.#heartbeats.open(address)
    }
  }

  stop(deadline: AbortSignal): Promise<void> {
    return (this.#stopped ??= this.#stop(deadline))
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#share.hostnames?.cancel()
    await this.#server.stop(deadline)
    await this.#heartbeats.close()
    this.#context.memory.close()
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
