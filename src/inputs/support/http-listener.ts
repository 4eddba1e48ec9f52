/**
 * HTTP for inputs, on the sockets that stream listeners accept: allow-lists, limits, TLS and reload
 * are theirs. Routing and answers are fastify's, which is loaded when the first input opens one.
 * Bodies are left unread for the routes: http-body.ts.
 */
import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { modeAsNumber } from '../../config/fields.ts'
import { formatListenAddress, type ListenAddress } from '../../config/listen-address.ts'
import { durationInMs } from '../../config/units.ts'
import type { Cancel } from '../../pipeline/clock.ts'
import type { InputContext } from '../../pipeline/component.ts'
import type { Counter } from '../../pipeline/metrics.ts'
import { ConnectionLimits } from './connection-limits.ts'
import { HttpConnections } from './http-connections.ts'
import { HttpError } from './http-error.ts'
import { NetworkList } from './network-list.ts'
import type { ConnectionConfig } from './schema.ts'
import { StreamListener, type StreamListenerOptions } from './stream-listener.ts'

export interface HttpListenerOptions {
  readonly addresses: readonly ListenAddress[]
  /** For each of the addresses. */
  readonly stream: Omit<StreamListenerOptions, 'address' | 'onConnection'>
  /** How long a client may send or read nothing when it is its turn, in milliseconds. */
  readonly idleMs: number
  /** Adds the routes. Bodies are read with `readBody` and the like, never by fastify. */
  readonly routes: (app: FastifyInstance) => void
}

/** What streams need of the options that all inputs have. */
export function httpStreamOptions(
  config: Omit<ConnectionConfig, 'idle_timeout' | 'frame_timeout'>,
  context: InputContext,
): HttpListenerOptions['stream'] {
  const { sockets, logger, metrics, timers } = context
  return {
    ...{ sockets, logger, metrics, timers },
    tls: config.tls ?? null,
    socketMode: modeAsNumber(config.socket_mode),
    keepaliveProbeMs: durationInMs(config.keepalive_probe),
    handshakeTimeoutMs: durationInMs(config.handshake_timeout),
    allow: config.allow ? new NetworkList(config.allow) : null,
    limits: new ConnectionLimits({
      connectionsMax: config.connections_max,
      connectionsPerAddressMax: config.connections_per_address_max,
    }),
  }
}

/** Not by `import`, which has Node load its HTTP client and WebSocket as well, at each start. */
const http = () => process.getBuiltinModule('node:http')

const HEADER_MAX_BYTES = 16 * 1024
/** A tag may be as long as the head of a request. */
const PATH_LENGTH_MAX = HEADER_MAX_BYTES
/** Bodies that have begun may come to their end for so long once the input is to stop. */
const STOP_BODY_MS = 1000
/** Who is refused in the middle of a body has so long to notice before the connection is cut. */
const LINGER_MS = 2000

export class HttpListener {
  readonly #options: HttpListenerOptions
  readonly #listeners: readonly StreamListener[]
  readonly #connections: HttpConnections
  readonly #closing = new AbortController()
  #server: Server | null = null
  #app: FastifyInstance | null = null
  #cancelSweep: Cancel | null = null
  #isStopping = false

  constructor(options: HttpListenerOptions) {
    this.#options = options
    this.#connections = new HttpConnections(this.#errors('idle_timeout'))
    const onConnection = (socket: Socket) => this.#serve(socket)
    this.#listeners = options.addresses.map(
      (address) => new StreamListener({ ...options.stream, address, onConnection }),
    )
  }

  /** With the real ports. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => formatListenAddress(address))
  }

  /** Fires when a body that is still coming has to be answered without its rest. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Rejects if an address cannot be listened on. */
  async open(): Promise<void> {
    const app = await this.#createApp()
    this.#app = app
    const { stream, idleMs } = this.#options
    for (const listener of this.#listeners) await listener.open()
    this.#cancelSweep = stream.timers.every(Math.max(1, idleMs / 2), () =>
      this.#connections.sweep(),
    )
  }

  /** Answers what has been asked, then ends; at once when `deadline` fires. To be called once. */
  async stop(deadline: AbortSignal): Promise<void> {
    const { timers } = this.#options.stream
    const destroy = () => {
      this.#closing.abort()
      for (const listener of this.#listeners) listener.close()
      this.#connections.destroy()
    }
    deadline.addEventListener('abort', destroy)
    this.#isStopping = true
    await Promise.all(this.#listeners.map((listener) => listener.stopAccepting()))
    const cancel = timers.after(STOP_BODY_MS, () => this.#closing.abort())
    if (deadline.aborted) destroy()
    await this.#connections.drain()
    cancel()
    for (const listener of this.#listeners) listener.close()
    this.#cancelSweep?.()
    deadline.removeEventListener('abort', destroy)
    await this.#app?.close()
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket)
    // Node's documented way of serving a connection that somebody else has accepted.
    this.#server?.emit('connection', socket)
  }

  async #createApp(): Promise<FastifyInstance> {
    const { fastify } = await import('fastify')
    const serverFactory = (handler: RequestListener) =>
      (this.#server = http().createServer({ maxHeaderSize: HEADER_MAX_BYTES }, handler))
    const app: FastifyInstance = fastify({
      logger: false,
      serverFactory,
      exposeHeadRoutes: true,
      routerOptions: { maxParamLength: PATH_LENGTH_MAX },
    })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    this.#addHooks(app)
    this.#options.routes(app)
    await app.ready()
    this.#server!.keepAliveTimeout = 0
    return app
  }

  #addHooks(app: FastifyInstance): void {
    app.addHook('onRequest', (request, reply, done) => {
      this.#connections.begin(request.raw, reply.raw)
      reply.header('x-content-type-options', 'nosniff')
      done()
    })
    app.addHook('onSend', (request, reply, _payload, done) => {
      if (this.#isStopping && request.raw.complete) reply.header('connection', 'close')
      if (!request.raw.complete) this.#linger(request)
      done()
    })
    app.setNotFoundHandler((request, reply) => sendError(reply, notFound(request)))
    app.setErrorHandler<Error>((error, request, reply) => this.#answer(error, request, reply))
  }

  #answer(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { logger } = this.#options.stream
    if (error instanceof HttpError) {
      this.#errors(error.details.reason).add(1)
      const fields = { peer: request.ip, path: request.url.slice(0, 256), status: error.status }
      logger.debug({ ...fields, cause: error.message }, 'refused a request')
      return sendError(reply, error)
    }
    const { statusCode = 500 } = error as Partial<FastifyError>
    if (statusCode < 500) {
      this.#errors('bad_request').add(1)
      return sendError(reply, new HttpError(statusCode, error.message, { reason: 'bad_request' }))
    }
    this.#errors('internal').add(1)
    logger.error({ error, path: request.url.slice(0, 256) }, 'cannot answer an HTTP request')
    return sendError(reply, new HttpError(500, 'see the log', { reason: 'internal' }))
  }

  /**
   * Answered before its body has come: if the connection was closed now, the kernel might throw
   * away the answer with the rest. So the rest is read for a moment, and dropped.
   */
  #linger({ raw }: FastifyRequest): void {
    if (raw.socket.destroyed) return
    const cancel = this.#options.stream.timers.after(LINGER_MS, () => raw.socket.destroy())
    raw.socket.once('close', cancel)
    raw.once('end', () => {
      cancel()
      raw.socket.off('close', cancel)
      if (this.#isStopping) raw.socket.destroySoon()
    })
    raw.unpipe()
    raw.resume()
  }

  #errors(reason: string): Counter {
    const { metrics } = this.#options.stream
    return metrics.counter('request_errors_total', 'Requests that were refused.', { reason })
  }
}

function sendError(reply: FastifyReply, { status, message, details }: HttpError): FastifyReply {
  const { retryAfter, headers = {}, fields } = details
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
  for (const [name, value] of Object.entries(headers)) reply.header(name, value)
  const error = http().STATUS_CODES[status] ?? 'Error'
  return reply.code(status).send({ error, message, ...fields })
}

function notFound({ method, url }: FastifyRequest): HttpError {
  const message = `cannot ${method} ${url.slice(0, 256)}: nothing is there for that method`
  return new HttpError(404, message, { reason: 'not_found' })
}
