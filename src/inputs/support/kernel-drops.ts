/**
 * Datagrams that the kernel threw away because a socket's receive buffer was full, from Linux's
 * /proc/net/udp (proc(5)): the last column, by local address.
 */
import { readFile } from 'node:fs/promises'
import { isIPv6, SocketAddress } from 'node:net'
import { endianness } from 'node:os'
import type { Cancel } from '../../pipeline/clock.ts'
import type { InputContext } from '../../pipeline/component.ts'
import type { Counter } from '../../pipeline/metrics.ts'

/** A bound socket. */
export interface UdpEndpoint {
  /** An IP address. */
  readonly host: string
  readonly port: number
}

const CHECK_EVERY_MS = 10_000

export class KernelDrops {
  readonly #context: InputContext
  readonly #counter: Counter
  /** What was lost already when it was last looked at. */
  readonly #seen = new Map<UdpEndpoint, number>()
  #cancel: Cancel | null = null

  constructor(context: InputContext) {
    this.#context = context
    this.#counter = context.metrics.counter(
      'kernel_dropped_datagrams_total',
      'Datagrams the kernel threw away because the receive buffer was full.',
    )
  }

  /** From now on; what was lost before is not this input's. */
  async start(endpoints: readonly UdpEndpoint[]): Promise<void> {
    for (const endpoint of endpoints) this.#seen.set(endpoint, (await readDrops(endpoint)) ?? 0)
    if (endpoints.length === 0) return
    this.#cancel = this.#context.timers.every(CHECK_EVERY_MS, () => void this.#check())
  }

  /** Before the sockets are closed. */
  async stop(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
    await this.#check()
  }

  async #check(): Promise<void> {
    for (const [endpoint, before] of this.#seen) {
      const now = (await readDrops(endpoint)) ?? before
      this.#seen.set(endpoint, now)
      if (now <= before) continue
      const datagrams = now - before
      this.#counter.add(datagrams)
      const fields = { ...endpoint, datagrams, option: 'receive_buffer' }
      this.#context.logger.error(fields, 'the kernel lost datagrams: its receive buffer was full')
    }
  }
}

/** Undefined where the system does not say, or has no such socket. */
async function readDrops(endpoint: UdpEndpoint): Promise<number | undefined> {
  const path = isIPv6(endpoint.host) ? '/proc/net/udp6' : '/proc/net/udp'
  try {
    return dropsIn(await readFile(path, 'latin1'), endpoint)
  } catch (_notLinux) {
    return undefined
  }
}

/** `table` is what /proc/net/udp or udp6 holds. */
export function dropsIn(table: string, { host, port }: UdpEndpoint): number | undefined {
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    const [hexHost = '', hexPort = ''] = columns[1]?.split(':') ?? []
    if (Number.parseInt(hexPort, 16) !== port || hostOf(hexHost) !== host) continue
    return Number(columns.at(-1))
  }
  return undefined
}

/** Words of 32 bits as the machine has them, in hexadecimal digits. */
function hostOf(hex: string): string | undefined {
  if (hex.length !== 8 && hex.length !== 32) return undefined
  const bytes = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  const groups = bytes.toString('hex').match(/.{4}/g) ?? []
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
