/** A list of networks that peers are looked up in: `10.0.0.0/8`, `fd00::/8`, `192.168.1.5`. */
import { BlockList, isIP } from 'node:net'
import { plainAddress } from './peer.ts'

export class NetworkList {
  readonly #networks = new BlockList()

  /** Throws a TypeError if one of `networks` is neither an address nor a network. */
  constructor(networks: readonly string[]) {
    for (const network of networks) addNetwork(this.#networks, network)
  }

  includes(address: string): boolean {
    const plain = plainAddress(address)
    const family = familyOf(plain)
    return family !== undefined && this.#networks.check(plain, family)
  }
}

function addNetwork(list: BlockList, text: string): void {
  const [address = '', prefix, ...rest] = text.split('/')
  const plain = plainAddress(address)
  const family = familyOf(plain)
  const bits = family === 'ipv4' ? 32 : 128
  const length = prefix === undefined ? bits : Number(prefix)
  const valid = family !== undefined && rest.length === 0 && /^\d{0,3}$/.test(prefix ?? '')
  if (!valid || prefix === '' || length > bits) {
    throw new TypeError(
      `cannot read network ${text}: expected an address or a network such as 10.0.0.0/8`,
    )
  }
  list.addSubnet(plain, length, family)
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6'
}
