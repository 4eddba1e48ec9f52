/**
 * `udp` input: plain lines in datagrams. A datagram may hold several; its end is the end of a line.
 * Lines: datagram-lines.ts. Sockets: ../support/datagram-receiver.ts.
 */
import type { Static } from 'typebox'
import { formatListenAddress, type ListenAddress } from '../../config/listen-address.ts'
import type { NetworkAddress } from '../../config/listen-address.ts'
import { Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import { sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { DatagramReceiver } from '../support/datagram-receiver.ts'
import { InFlight } from '../support/in-flight.ts'
import { lineFaults, lineFields, LineMaker, lineTag } from '../support/line-options.ts'
import { listenAddresses, ListenList, parseListenAddress } from '../support/listen-list.ts'
import { NetworkList } from '../support/network-list.ts'
import { accessFields, datagramFields, listenFaults, sourceFields } from '../support/schema.ts'
import { DatagramLines } from './datagram-lines.ts'

const { allow } = accessFields
const { source_address_key } = sourceFields

const configSchema = Type.Object(
  {
    listen: ListenList({
      description: 'Addresses to receive datagrams on: `udp://`, one or a list.',
      default: 'udp://127.0.0.1:5170',
      examples: ['udp://0.0.0.0:5170'],
    }),
    tag: lineTag('udp'),
    ...lineFields,
    allow,
    source_address_key,
    ...datagramFields,
    in_flight_max: Size({
      description:
        'Memory of what is received and not yet delivered; at it datagrams are dropped and ' +
        'counted, since nobody can be held back by UDP.',
      default: '32MiB',
    }),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const udp = defineInput({
  type: 'udp',
  summary: 'Receives plain lines in UDP datagrams.',
  configSchema,
  faults: (config) => [...listenFaults(config, { schemes: ['udp'] }), ...lineFaults(config)],
  resources: ({ listen }) => listenAddresses(listen),
  create: (config, context) => new UdpInput(config, context),
})

class UdpInput implements Input {
  readonly #context: InputContext
  readonly #receiver: DatagramReceiver
  #stopped: Promise<void> | null = null

  constructor(config: Config, context: InputContext) {
    this.#context = context
    const { metrics, memory } = context
    this.#receiver = new DatagramReceiver({
      addresses: listenAddresses(config.listen).map(parseListenAddress).filter(isUdp),
      context,
      allow: config.allow ? new NetworkList(config.allow) : null,
      inFlight: new InFlight(sizeInBytes(config.in_flight_max), metrics, memory),
      receiveBufferBytes: sizeInBytes(config.receive_buffer),
      decoder: new DatagramLines(new LineMaker(config, context)),
    })
  }

  get addresses(): readonly string[] {
    return this.#receiver.addresses.map(formatListenAddress)
  }

  start(): Promise<void> {
    return this.#receiver.start()
  }

  stop(deadline: AbortSignal): Promise<void> {
    return (this.#stopped ??= this.#stop(deadline))
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    await this.#receiver.stop(deadline)
    this.#context.memory.close()
  }
}

function isUdp(address: ListenAddress): address is NetworkAddress {
  return address.scheme === 'udp'
}
