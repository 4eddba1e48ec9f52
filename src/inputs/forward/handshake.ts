/**
 * The server's side of HELO, PING and PONG: which key and users a client may have, and whether it
 * proved to know them. Reasons are worded as Fluentd's, since people search for them.
 * Bytes: src/codecs/forward/handshake.ts. Protocol: docs/specs/forward-protocol.md.
 */
import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { hostname } from 'node:os'
import { CodecError } from '../../codecs/codec-error.ts'
import {
  cutMessage,
  decodePing,
  encodeHelo,
  encodePong,
  isSameDigest,
  passwordDigest,
  sharedKeyDigest,
  type Ping,
} from '../../codecs/forward/handshake.ts'
import { NetworkList } from '../support/network-list.ts'
import type { SecurityConfig } from './schema.ts'

export interface HandshakeResult {
  /** To be written, whether the client was let in or not. */
  readonly pong: Uint8Array
  /** Why the client was not let in, or null. */
  readonly refusal: string | null
  /** What came behind the PING. */
  readonly rest: Uint8Array
}

interface User {
  readonly username: Uint8Array
  readonly password: Uint8Array
}

/** What holds for a client. */
interface Account {
  readonly sharedKey: Uint8Array
  readonly users: readonly User[]
}

interface NamedAccount extends Account {
  readonly networks: NetworkList
}

type Verdict = { readonly refusal: string } | { readonly sharedKey: Uint8Array }

const NONCE_BYTES = 16
const NOTHING = new Uint8Array(0)

export class Authenticator {
  readonly #config: SecurityConfig
  readonly #selfHostname: Uint8Array
  readonly #keepalive: boolean
  readonly #anyone: Account
  #clients: readonly NamedAccount[] = []

  constructor(config: SecurityConfig, keepalive: boolean) {
    this.#config = config
    this.#keepalive = keepalive
    this.#selfHostname = utf8(config.self_hostname ?? hostname())
    this.#anyone = { sharedKey: utf8(config.shared_key), users: config.users.map(userOf) }
  }

  /** Looks up the hosts among the clients, once. Rejects if one has no address. */
  async start(): Promise<void> {
    this.#clients = await Promise.all(this.#config.clients.map((client) => this.#account(client)))
  }

  /** `address` is null for a client on a unix socket, which belongs to no network. */
  begin(address: string | null): Handshake {
    const nonce = randomBytes(NONCE_BYTES)
    // Fluentd sends a salt even when it asks for no password; some clients rely on it.
    const authSalt = randomBytes(NONCE_BYTES)
    const helo = encodeHelo({ nonce, authSalt, keepalive: this.#keepalive })
    return new Handshake(helo, (ping) => this.#answer({ ping, address, nonce, authSalt }))
  }

  #answer(attempt: Attempt): Omit<HandshakeResult, 'rest'> {
    const verdict = this.#judge(attempt)
    if ('refusal' in verdict) {
      const { refusal } = verdict
      const hidden = { hostname: NOTHING, digest: NOTHING }
      return { refusal, pong: encodePong({ isAccepted: false, reason: refusal, ...hidden }) }
    }
    const { nonce, ping } = attempt
    const own = { hostname: this.#selfHostname, nonce, sharedKey: verdict.sharedKey }
    const digest = sharedKeyDigest({ ...own, salt: ping?.salt ?? NOTHING })
    const proof = { hostname: this.#selfHostname, digest }
    return { refusal: null, pong: encodePong({ isAccepted: true, reason: '', ...proof }) }
  }

  #judge({ ping, address, nonce, authSalt }: Attempt): Verdict {
    if (ping === null) return { refusal: 'invalid ping message' }
    const account = this.#accountOf(address)
    if (!account) return { refusal: `anonymous source host '${address ?? 'unix'}' denied` }
    const { sharedKey, users } = account
    const { hostname: clientName, salt } = ping
    const expected = sharedKeyDigest({ salt, hostname: clientName, nonce, sharedKey })
    if (!isSameDigest(ping.digest, expected)) return { refusal: 'shared_key mismatch' }
    if (this.#config.user_auth && !isKnownUser(users, ping, authSalt)) {
      return { refusal: 'username/password mismatch' }
    }
    return { sharedKey }
  }

  #accountOf(address: string | null): Account | undefined {
    const named = this.#clients.find(({ networks }) => address && networks.includes(address))
    return named ?? (this.#config.allow_anonymous_source ? this.#anyone : undefined)
  }

  async #account(client: SecurityConfig['clients'][number]): Promise<NamedAccount> {
    const { host, network, shared_key, users } = client
    const addresses = host === undefined ? [network ?? ''] : await addressesOf(host)
    const names = users ?? this.#config.users.map(({ username }) => username)
    return {
      networks: new NetworkList(addresses),
      sharedKey: shared_key === undefined ? this.#anyone.sharedKey : utf8(shared_key),
      users: this.#config.users.filter(({ username }) => names.includes(username)).map(userOf),
    }
  }
}

interface Attempt {
  /** Null if what came is no PING. */
  readonly ping: Ping | null
  readonly address: string | null
  readonly nonce: Uint8Array
  readonly authSalt: Uint8Array
}

/** Of one connection: `helo` is written first, then what comes is pushed until it is done. */
export class Handshake {
  readonly helo: Uint8Array
  readonly #answer: (ping: Ping | null) => Omit<HandshakeResult, 'rest'>
  #held: Uint8Array = NOTHING

  constructor(helo: Uint8Array, answer: (ping: Ping | null) => Omit<HandshakeResult, 'rest'>) {
    this.helo = helo
    this.#answer = answer
  }

  /** Null while the PING is not complete. */
  push(bytes: Uint8Array): HandshakeResult | null {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    const cut = cutMessage(this.#held)
    if (cut === null) return null
    if (cut instanceof CodecError) return { ...this.#answer(null), rest: NOTHING }
    const ping = decodePing(cut.message)
    const rest = this.#held.subarray(cut.length)
    return { ...this.#answer(ping instanceof CodecError ? null : ping), rest }
  }
}

/** All users are tried, so that the time taken does not tell which names exist. */
function isKnownUser(users: readonly User[], ping: Ping, authSalt: Uint8Array): boolean {
  let known = false
  for (const { username, password } of users) {
    const digest = passwordDigest({ authSalt, username, password })
    const isSame = isSameDigest(ping.passwordDigest, digest)
    if (isSameDigest(ping.username, username) && isSame) known = true
  }
  return known
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(
      `cannot resolve security.clients host ${host}: ${reason}; expected a name with an address`,
      { cause },
    )
  }
}

function userOf(user: SecurityConfig['users'][number]): User {
  return { username: utf8(user.username), password: utf8(user.password) }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
