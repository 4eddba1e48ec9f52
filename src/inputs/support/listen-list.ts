/**
 * The `listen` option of inputs: one address or several. What an address is:
 * src/config/listen-address.ts. The listeners: stream-listener.ts and udp-socket.ts.
 */
import type { Static } from 'typebox'
import { Listen } from '../../config/fields.ts'
import { LISTEN_EXPECTED, type ListenAddress, parseListen } from '../../config/listen-address.ts'
import { Type } from '../../config/type.ts'

export interface ListenOptions {
  readonly description: string
  /** Left out where there is no address by default. */
  readonly default?: string | string[]
  readonly examples: (string | string[])[]
  /** Whether there may be none, because another option has addresses too. */
  readonly mayBeEmpty?: boolean
}

/** One address or a list of them; `listenAddresses` reads both. */
export const ListenList = ({ mayBeEmpty = false, ...options }: ListenOptions) => {
  const one = Listen({ description: 'One address.' })
  const minItems = mayBeEmpty ? 0 : 1
  const several = Type.Array(one, { minItems, uniqueItems: true, description: 'A list.' })
  return Type.Union([one, several], { ...options })
}

export type ListenListValue = Static<ReturnType<typeof ListenList>>

/** The addresses of a `ListenList` value, as written. */
export function listenAddresses(value: ListenListValue): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

/** The address of a value that the schema has already checked; throws a TypeError for another. */
export function parseListenAddress(text: string): ListenAddress {
  const address = parseListen(text)
  if (address) return address
  throw new TypeError(`cannot listen on ${text}: it is no address; expected ${LISTEN_EXPECTED}`)
}
