/**
 * The HTTP server: health, readiness, metrics, the ledger and Fluentd's monitor_agent answers. It
 * only reads (see view.ts), but for what takes POST. The collector imports it once its inputs
 * listen, because fastify and prom-client take longer to load than everything else together.
 */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { systemClock } from '../pipeline/clock.ts'
import { removeSocketLeftover } from '../pipeline/socket-leftover.ts'
import type { Logger } from '../pipeline/logger.ts'
import { bufferAnswers, orphanAnswers } from './buffers.ts'
import { addDeadLetters, DEAD_LETTER_POSTS, DEAD_LETTERS } from './dead-letters.ts'
import { addressText, cannotListen, listenTarget } from './listen.ts'
import { configInfo, ltsv, pluginsInfo, type PluginQuery } from './monitor-agent.ts'
import { foreignCause } from './origin.ts'
import { observeProcess, prometheusText } from './prometheus.ts'
import { statusPage } from './status-page.ts'
import { addTap, TAP } from './tap.ts'
import type { CollectorView } from './view.ts'

export interface HttpOptions {
  /** `tcp://127.0.0.1:24220` or `unix:///run/logboom.sock`. */
  readonly listen: string
  readonly view: CollectorView
  readonly logger: Logger
  /** A client that sends or reads nothing for so many milliseconds is disconnected. */
  readonly idleMs?: number
}

export interface HttpServer {
  /** Where it listens, with the real port: `http://127.0.0.1:24220`, `unix:///run/…`. */
  readonly address: string
  /**
   * Takes no new connection; who has one is still answered, once. Resolves when the last one has
   * ended.
   */
  retire(): Promise<void>
  /** Ends it and every connection; idempotent. */
  close(): Promise<void>
}

const IDLE_MS = 10_000
const CONNECTIONS_MAX = 256
const HEADER_MAX_BYTES = 16 * 1024

const RELOAD = '/api/reload'

/** They take POST and nothing else. */
const POSTS: readonly string[] = [RELOAD, ...DEAD_LETTER_POSTS]

const ROUTES = [
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  '/api/ledger',
  '/api/buffers',
  TAP,
  DEAD_LETTERS,
  '/api/plugins',
  '/api/plugins.json',
  '/api/config',
  '/api/config.json',
  ...POSTS,
]

/** Rejects when the address cannot be listened on; the message says why. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const target = listenTarget(options.listen)
  if ('path' in target) await removeSocketLeftover(target.path)
  observeProcess()
  const app = createApp(options)
  const { taps } = options.view
  const endTaps = taps ? addTap(app, taps, () => options.view.components()) : () => undefined
  try {
    await app.listen({ ...target })
  } catch (error) {
    await app.close()
    throw cannotListen(options.listen, error)
  }
  const retire = () => {
    const ended = new Promise<void>((resolve) => void app.server.close(() => resolve()))
    app.server.closeIdleConnections()
    endTaps()
    return ended
  }
  return { address: addressText(app.server.address()), retire, close: () => app.close() }
}

function createApp({ listen, view, logger, idleMs = IDLE_MS }: HttpOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    bodyLimit: 1,
    connectionTimeout: idleMs,
    requestTimeout: idleMs,
    keepAliveTimeout: idleMs,
    http: { maxHeaderSize: HEADER_MAX_BYTES, connectionsCheckingInterval: 1000 },
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.addHook('onRequest', (request, reply, done) => {
    setHeaders(reply)
    if (!refuse(request, reply, listen)) done()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (!app.server.listening) reply.header('connection', 'close')
  })
  app.setNotFoundHandler((request, reply) => reply.code(404).send(notFound(request)))
  app.setErrorHandler((error, request, reply) => {
    logger.error({ error, path: request.url }, 'cannot answer an HTTP request')
    return reply.code(500).send({ error: 'Internal Server Error', message: 'see the log' })
  })
  addHealth(app, view)
  addMonitoring(app, view)
  addReload(app, view)
  addDeadLetters(app, view)
  return app
}

function addHealth(app: FastifyInstance, view: CollectorView): void {
  app.get('/', (_request, reply) => {
    return reply.type('text/html; charset=utf-8').send(statusPage(view, systemClock.now()))
  })
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok', version: view.version }))
  app.get('/readyz', (_request, reply) => {
    const readiness = view.readiness()
    return reply.code(readiness.ready ? 200 : 503).send(readiness)
  })
}

function addMonitoring(app: FastifyInstance, view: CollectorView): void {
  app.get('/metrics', async (_request, reply) => {
    return reply.type('text/plain; version=0.0.4').send(await prometheusText(view))
  })
  app.get('/api/ledger', (_request, reply) =>
    reply.send({ ...view.ledger(), all_runs: view.ledgerOfAllRuns() }),
  )
  app.get('/api/buffers', (_request, reply) =>
    reply.send({
      buffers: bufferAnswers(view.buffers(), systemClock.now()),
      orphans: orphanAnswers(view.orphanBuffers),
    }),
  )
  app.get('/api/config.json', (_request, reply) => reply.send(configInfo(view)))
  app.get('/api/config', (_request, reply) => sendLtsv(reply, [configInfo(view)]))
  app.get('/api/plugins', (request, reply) => {
    const query = pluginQuery(request)
    return query ? sendLtsv(reply, pluginsInfo(view, query)) : refuseTagSearch(reply)
  })
  app.get('/api/plugins.json', (request, reply) => {
    const query = pluginQuery(request)
    if (!query) return refuseTagSearch(reply)
    const answer = { plugins: pluginsInfo(view, query) }
    const text = parameter(request, 'debug') === undefined ? 0 : 2
    return reply.type('application/json').send(JSON.stringify(answer, null, text))
  })
}

const RELOAD_STATUS = { reloaded: 200, invalid: 422, failed: 500 } as const

function addReload(app: FastifyInstance, view: CollectorView): void {
  app.post(RELOAD, async (_request, reply) => {
    if (!view.reload) {
      const message = `cannot POST ${RELOAD}: there is no configuration to read again`
      return reply.code(409).send({ error: 'Conflict', message })
    }
    const result = await view.reload()
    return reply.code(RELOAD_STATUS[result.outcome]).send(result)
  })
}

/** Nothing here may be kept by a cache, framed by another page, or taken for a script. */
function setHeaders(reply: FastifyReply): void {
  reply.header('cache-control', 'no-store')
  reply.header('x-content-type-options', 'nosniff')
  reply.header(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  )
}

/** Nearly all is read with GET or HEAD; a body is never read, so its connection ends. */
function refuse(request: FastifyRequest, reply: FastifyReply, listen: string): boolean {
  const { method, headers } = request
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
  const [path = ''] = request.url.split('?')
  const allowed = POSTS.includes(path) ? ['POST'] : ['GET', 'HEAD']
  if (!allowed.includes(method)) {
    const message = `cannot ${method} ${request.url}; expected ${allowed.join(' or ')}`
    reply.code(405).header('allow', allowed.join(', ')).header('connection', 'close')
    reply.send({ error: 'Method Not Allowed', message })
    return true
  }
  const foreign = method === 'POST' ? foreignCause(headers, listen) : null
  if (foreign !== null) {
    const message = `cannot POST ${path}: ${foreign}`
    reply.code(403).send({ error: 'Forbidden', message })
    return true
  }
  if (!hasBody) return false
  const message = `cannot ${method} ${request.url}: it has a body; expected none`
  reply.code(413).header('connection', 'close').send({ error: 'Content Too Large', message })
  return true
}

function notFound(request: FastifyRequest) {
  const message = `cannot ${request.method} ${request.url}: no such page; expected one of routes`
  return { error: 'Not Found', message, routes: ROUTES }
}

/** Undefined when the request searches by tag, which is not answered here. */
function pluginQuery(request: FastifyRequest): PluginQuery | undefined {
  if (parameter(request, 'tag') !== undefined) return undefined
  const withConfig = parameter(request, 'with_config')
  return {
    id: parameter(request, '@id') ?? parameter(request, 'id'),
    type: parameter(request, '@type') ?? parameter(request, 'type'),
    withConfig: withConfig !== 'false' && withConfig !== 'no',
  }
}

function refuseTagSearch(reply: FastifyReply): FastifyReply {
  const message = 'cannot search components by tag: a tag may have several outputs; expected @id'
  return reply.code(400).send({ error: 'Bad Request', message })
}

function sendLtsv(reply: FastifyReply, objects: Parameters<typeof ltsv>[0]): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(ltsv(objects))
}

function parameter(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, string | string[] | undefined>)[name]
  return Array.isArray(value) ? value[0] : value
}
