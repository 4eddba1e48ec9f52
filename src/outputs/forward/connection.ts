/** One connection to a server, from the beginning of its making until it is closed. */
import type { Socket } from 'node:net'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls'
import type { NetworkAddress, UnixAddress } from '../../config/listen-address.ts'
import { tlsReason } from '../support/tls-error.ts'
import { ServerError } from './server-error.ts'

/** Silence after which TCP asks whether the server is still there. */
const KEEPALIVE_MS = 60_000

export interface Target {
  readonly address: NetworkAddress | UnixAddress
  /** Of a tls address. */
  readonly tls: ConnectionOptions
}

/** Who has the word. After `broken`, which is called once, nothing more comes. */
export interface Conversation {
  /** The connection can be written to. */
  opened?(): void
  received(bytes: Uint8Array): void
  broken(error: ServerError): void
}

export class Connection {
  /** As long as it is, a message may be sent; a server may want no more than one. */
  messagesLeft = Infinity
  readonly #socket: Socket
  #conversation: Conversation | null = null
  #isOpened = false
  /** Why it is over, or null as long as it is not. */
  #end: ServerError | null = null

  constructor(target: Target, onClosed: () => void) {
    const socket = openSocket(target)
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEPALIVE_MS)
    const opened = target.address.scheme === 'tls' ? 'secureConnect' : 'connect'
    socket.on(opened, () => {
      this.#isOpened = true
      this.#conversation?.opened?.()
    })
    socket.on('data', (bytes) => this.#received(bytes))
    socket.on('end', () => this.#break(this.#closedByServer()))
    socket.on('error', (error) => this.#break(this.#errorOf(error)))
    socket.on('close', () => {
      this.#break(this.#closedByServer())
      onClosed()
    })
  }

  /** Whether it can be used, as far as is known. */
  get isOpen(): boolean {
    return this.#end === null
  }

  /** What comes now is for `conversation`, or with null unexpected. */
  converse(conversation: Conversation | null): void {
    if (this.#end) conversation?.broken(this.#end)
    else this.#conversation = conversation
  }

  /** `onWritten` is called when the system has them all; not if it breaks before. */
  write(segments: readonly Uint8Array[], onWritten: () => void): void {
    const last = segments.length - 1
    this.#socket.cork()
    segments.forEach((segment, index) => {
      if (index < last) this.#socket.write(segment)
      else this.#socket.write(segment, (error) => error ?? onWritten())
    })
    this.#socket.uncork()
  }

  /** At once: nothing of what was written and is not sent yet is read any more. */
  destroy(error: ServerError): void {
    this.#break(error)
    this.#socket.destroy()
  }

  /** Closes it after what was written. */
  close(): void {
    this.#end ??= new ServerError({ kind: 'closed', reason: 'it was closed' })
    this.#conversation = null
    this.#socket.destroySoon()
  }

  #received(bytes: Uint8Array): void {
    if (this.#conversation) this.#conversation.received(bytes)
    else this.destroy(new ServerError({ kind: 'protocol', reason: 'it spoke unasked' }))
  }

  #break(error: ServerError): void {
    if (this.#end) return
    this.#end = error
    const conversation = this.#conversation
    this.#conversation = null
    this.#socket.destroy()
    conversation?.broken(error)
  }

  #closedByServer(): ServerError {
    const reason = 'it closed the connection'
    if (this.#isOpened) return new ServerError({ kind: 'closed', reason })
    return new ServerError({ kind: 'connect', reason: `${reason} before it was ready` })
  }

  /** What TLS finds wrong is wrong the next time as well, until somebody mends it. */
  #errorOf(error: NodeJS.ErrnoException): ServerError {
    const socket = this.#socket
    const isRefused = socket instanceof TLSSocket && Boolean(socket.authorizationError)
    if (isRefused || error.code?.startsWith('ERR_SSL_') || error.code?.startsWith('ERR_TLS_')) {
      const reason = `TLS failed: ${tlsReason(error.message) ?? error.message}`
      return new ServerError({ kind: 'tls', reason, isHold: true }, error)
    }
    const kind = this.#isOpened ? 'closed' : 'connect'
    // With several addresses Node has an error for each, and a message that is empty.
    const reason = error.message === '' ? (error.code ?? error.name) : error.message
    return new ServerError({ kind, reason }, error)
  }
}

function openSocket({ address, tls }: Target): Socket {
  if (address.scheme === 'unix') return connectTcp({ path: address.path })
  const { host, port } = address
  return address.scheme === 'tls' ? connectTls({ host, port, ...tls }) : connectTcp({ host, port })
}
