/**
 * Requests through a client that is a package's: it is loaded with the first request, and every
 * request has the credentials of its time and a limit of its own.
 */
import { durationInMs, sizeInBytes } from '../../../config/units.ts'
import type { Timers } from '../../../pipeline/clock.ts'
import { tlsReason } from '../tls-error.ts'
import { authorizationOf } from './authorization.ts'
import type { ConnectionConfig } from './connection-schema.ts'
import { type Closing, LazyClient } from './lazy-client.ts'
import { withinTime } from './timed.ts'
import {
  type ServerReply,
  type ServerRequest,
  type Transport,
  TransportError,
} from './transport.ts'

/** A request as a client takes it. */
export interface ClientRequest extends Omit<ServerRequest, 'body' | 'headers'> {
  readonly body: string | Buffer | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly answerBytesMax: number
}

/** How one package's client is made and used. */
export interface ClientKind<Client extends Closing> {
  make(timeoutMs: number): Promise<Client>
  /** Sends and reads the answer; a node that has hung when `signal` fires is asked after others. */
  send(client: Client, request: ClientRequest, signal: AbortSignal): Promise<ServerReply>
}

/** A node that answers this has no server behind it that could. */
const DEAD_STATUSES = [502, 503, 504]
/** In the words of each client. */
const CLOSED = /^(?:other side closed|socket hang up|write EPIPE|read ECONNRESET)/
const NO_HTTP = /^(?:Response does not match the HTTP|Parse Error: Expected HTTP)/
const MAY_BE_TLS = 'if it expects TLS, the address begins with https://'

export class ClientTransport<Client extends Closing> implements Transport {
  readonly #config: ConnectionConfig
  readonly #timers: Timers
  readonly #kind: ClientKind<Client>
  readonly #client: LazyClient<Client>
  readonly #timeoutMs: number
  readonly #answerBytesMax: number
  #hasAnswered = false

  constructor(config: ConnectionConfig, timers: Timers, kind: ClientKind<Client>) {
    this.#config = config
    this.#timers = timers
    this.#kind = kind
    this.#timeoutMs = durationInMs(config.request_timeout)
    this.#answerBytesMax = sizeInBytes(config.answer_max)
    this.#client = new LazyClient(() => kind.make(this.#timeoutMs))
  }

  async request(request: ServerRequest, signal: AbortSignal): Promise<ServerReply> {
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs
    try {
      const authorization = await authorizationOf(this.#config.auth)
      const client = await this.#client.get()
      const { body, headers, ...rest } = request
      const own = {
        ...rest,
        body: body === undefined || typeof body === 'string' ? body : bytesOf(body),
        headers: { ...(authorization !== undefined && { authorization }), ...headers },
        answerBytesMax: this.#answerBytesMax,
      }
      const send = (ended: AbortSignal) => this.#kind.send(client, own, ended)
      const reply = await withinTime({ timers: this.#timers, signal, timeoutMs }, send)
      this.#hasAnswered = true
      return reply
    } catch (error) {
      throw asTransportError(error, this.#hasAnswered)
    }
  }

  renew(): void {
    this.#client.renew()
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

/** Notes by its answer whether a node is there. */
export function judgeNode<Node>(
  pool: { markDead(node: Node): unknown; markAlive(node: Node): unknown },
  node: Node,
  status: number,
): void {
  if (DEAD_STATUSES.includes(status)) pool.markDead(node)
  else pool.markAlive(node)
}

function bytesOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

/** Says which node it was, if a request got as far as that. */
function asTransportError(error: unknown, hasAnswered: boolean): TransportError {
  const { message, cause } = error as Error
  const isOurs = error instanceof TransportError
  const node = nodeIn(error) ?? nodeIn(cause)
  if (isOurs && node === undefined) return error
  const ofTls = isOurs ? null : tlsReason(message)
  const kind = isOurs ? error.kind : ofTls === null ? 'connection' : 'tls'
  const isTls = node?.startsWith('https:') === true
  const reason =
    ofTls ?? plainReason(message, { isTls, isStrange: !hasAnswered && node !== undefined })
  return new TransportError(kind, node === undefined ? reason : `${node}: ${reason}`, error)
}

/** `isStrange`: no server was reached so far. */
function plainReason(
  message: string,
  { isTls, isStrange }: { readonly isTls: boolean; readonly isStrange: boolean },
): string {
  if (message === '') return 'no connection'
  if (NO_HTTP.test(message)) return `what it answers is not HTTP; ${MAY_BE_TLS}`
  if (!CLOSED.test(message)) return message
  const closed = 'it closed the connection without an answer'
  if (!isStrange) return closed
  return isTls
    ? `${closed}, as for a certificate that it misses: see tls.certificate`
    : `${closed}; ${MAY_BE_TLS}`
}

/** Where both clients' errors have it. */
function nodeIn(error: unknown): string | undefined {
  const found = error as { meta?: { meta?: { connection?: { id?: string } } } } | null | undefined
  return found?.meta?.meta?.connection?.id
}
