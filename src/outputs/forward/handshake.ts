/**
 * The client's side of HELO, PING and PONG: proves to know key and password, and asks the server
 * for a proof. Bytes: src/codecs/forward/handshake.ts. Protocol: docs/specs/forward-protocol.md.
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { CodecError } from '../../codecs/codec-error.ts'
import {
  cutMessage,
  decodeHelo,
  decodePong,
  encodePing,
  type Helo,
  isSameDigest,
  passwordDigest,
  sharedKeyDigest,
} from '../../codecs/forward/handshake.ts'
import type { SecurityConfig } from './schema.ts'
import { ServerError } from './server-error.ts'

const SALT_BYTES = 16
const NOTHING = new Uint8Array(0)

export type HandshakeStep =
  /** More has to arrive. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly ping: Uint8Array }
  /** `keepalive`: the server takes more than one message over the connection. */
  | { readonly kind: 'done'; readonly keepalive: boolean }

const WAIT: HandshakeStep = { kind: 'wait' }

/** Of one connection. */
export class ClientHandshake {
  readonly #security: SecurityConfig
  readonly #selfHostname: Uint8Array
  // As hexadecimal digits, since some servers read it as text.
  readonly #salt = utf8(randomBytes(SALT_BYTES).toString('hex'))
  #helo: Helo | null = null
  #held: Uint8Array = NOTHING

  constructor(security: SecurityConfig) {
    this.#security = security
    this.#selfHostname = utf8(security.self_hostname ?? hostname())
  }

  /** Whether the PING was sent, so that what the server does is its answer. */
  get isAsking(): boolean {
    return this.#helo !== null
  }

  /** What comes from the server. Throws a ServerError if it does not let us in, or is no server. */
  push(bytes: Uint8Array): HandshakeStep {
    this.#held = Buffer.concat([this.#held, bytes])
    const cut = cutMessage(this.#held)
    if (cut === null) return WAIT
    if (cut instanceof CodecError) throw garbage(cut)
    // A server says nothing of its own accord, so what is behind a message belongs to no step.
    if (cut.length < this.#held.length) throw garbage('more than one message')
    this.#held = NOTHING
    return this.#helo === null ? this.#answerHelo(cut.message) : this.#readPong(cut.message)
  }

  #answerHelo(message: Uint8Array): HandshakeStep {
    const helo = decodeHelo(message)
    if (helo instanceof CodecError) throw garbage(helo)
    this.#helo = helo
    const { nonce, authSalt } = helo
    const username = utf8(this.#security.username)
    const password = utf8(this.#security.password)
    // A server that knows no users sends no salt and wants no digest.
    const isAsked = authSalt.length > 0
    const ping = encodePing({
      hostname: this.#selfHostname,
      salt: this.#salt,
      digest: this.#digest(this.#selfHostname, nonce),
      username: isAsked ? username : NOTHING,
      passwordDigest: isAsked ? passwordDigest({ authSalt, username, password }) : NOTHING,
    })
    return { kind: 'send', ping }
  }

  #readPong(message: Uint8Array): HandshakeStep {
    const pong = decodePong(message)
    if (pong instanceof CodecError) throw garbage(pong)
    const { isAccepted, reason, hostname: serverName, digest } = pong
    if (!isAccepted) throw refused(`it refuses this client: ${reason || 'no reason given'}`)
    // The answer that is right for our own name was in our PING: anybody could send it back.
    if (Buffer.compare(serverName, this.#selfHostname) === 0) {
      const name = Buffer.from(serverName).toString()
      throw refused(`it has the name of this client, ${name}; give another as self_hostname`)
    }
    const { nonce, keepalive } = this.#helo!
    if (!isSameDigest(digest, this.#digest(serverName, nonce)))
      throw refused('it does not know the shared key')
    return { kind: 'done', keepalive }
  }

  #digest(name: Uint8Array, nonce: Uint8Array): Uint8Array {
    const sharedKey = utf8(this.#security.shared_key)
    return sharedKeyDigest({ salt: this.#salt, hostname: name, nonce, sharedKey })
  }
}

/** Whether what a server said unasked is the beginning of a handshake. */
export function isHelo(bytes: Uint8Array): boolean {
  const cut = cutMessage(bytes)
  if (cut === null || cut instanceof CodecError) return false
  return !(decodeHelo(cut.message) instanceof CodecError)
}

function refused(reason: string): ServerError {
  return new ServerError({ kind: 'handshake', reason, isHold: true })
}

function garbage(fault: CodecError | string): ServerError {
  const what = typeof fault === 'string' ? fault : fault.message
  return new ServerError({ kind: 'handshake', reason: `its handshake makes no sense: ${what}` })
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
