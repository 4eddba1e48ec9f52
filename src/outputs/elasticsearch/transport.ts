/**
 * Requests through Elastic's client: it knows nodes and their health, TLS and Elastic Cloud. Bodies
 * and answers stay bytes. Its own product check is off, as that throws after a body was stored; who
 * answers is found out before (support/bulk/identify.ts).
 *
 * The client is major 8, which speaks to servers of 8 and 9 (docs/decisions/bulk-clients.md).
 */
import type { Readable } from 'node:stream'
import type { Client, ClientOptions, TransportResult } from '@elastic/elasticsearch'
import { durationInMs, sizeInBytes } from '../../config/units.ts'
import type { Timers } from '../../pipeline/clock.ts'
import { authorizationOf } from '../support/bulk/authorization.ts'
import { type ConnectionConfig, urlsOf } from '../support/bulk/connection-schema.ts'
import { LazyClient } from '../support/bulk/lazy-client.ts'
import { readAnswer } from '../support/bulk/read-answer.ts'
import { withinTime } from '../support/bulk/timed.ts'
import { nodesOf } from '../support/bulk/tls.ts'
import {
  type ServerReply,
  type ServerRequest,
  type Transport,
  TransportError,
} from '../support/bulk/transport.ts'

export interface ElasticsearchConnection extends ConnectionConfig {
  readonly cloud_id?: string
}

/** A node that answers this has no server behind it that could. */
const DEAD_STATUSES = [502, 503, 504]

export class ElasticsearchTransport implements Transport {
  readonly #config: ElasticsearchConnection
  readonly #timers: Timers
  readonly #client: LazyClient<Client>
  readonly #timeoutMs: number
  readonly #answerBytesMax: number

  constructor(config: ElasticsearchConnection, timers: Timers) {
    this.#config = config
    this.#timers = timers
    this.#timeoutMs = durationInMs(config.request_timeout)
    this.#answerBytesMax = sizeInBytes(config.answer_max)
    this.#client = new LazyClient(() => makeClient(config, this.#timeoutMs))
  }

  async request(request: ServerRequest, signal: AbortSignal): Promise<ServerReply> {
    const timing = {
      ...{ timers: this.#timers, signal },
      timeoutMs: request.timeoutMs ?? this.#timeoutMs,
    }
    const authorization = await authorizationOf(this.#config.auth)
    const client = await this.#client.get().catch((error: unknown) => {
      throw asTransportError(error)
    })
    return withinTime(timing, (ended) => this.#send(client, request, authorization, ended))
  }

  renew(): void {
    this.#client.renew()
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #send(
    client: Client,
    request: ServerRequest,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<ServerReply> {
    const { method, path, query, body, bodyType = 'json' } = request
    try {
      const result = await client.transport.request<Readable>(
        {
          ...{ method, path },
          ...(query && { querystring: query }),
          // As a bulk body it is neither parsed nor copied.
          ...(body !== undefined && { bulkBody: typeof body === 'string' ? body : bytesOf(body) }),
        },
        {
          ...{ meta: true, asStream: true, signal },
          headers: {
            accept: mediaType('json'),
            ...(body !== undefined && { 'content-type': mediaType(bodyType) }),
            ...(authorization !== undefined && { authorization }),
            ...request.headers,
          },
        },
      )
      return await this.#reply(client, result)
    } catch (error) {
      if (signal.aborted) markDead(client, error)
      throw asTransportError(error)
    }
  }

  async #reply(client: Client, result: TransportResult<Readable>): Promise<ServerReply> {
    const { connection } = result.meta
    const status = result.statusCode
    if (connection && DEAD_STATUSES.includes(status)) client.connectionPool.markDead(connection)
    else if (connection) client.connectionPool.markAlive(connection)
    const body = await readAnswer(result.body, this.#answerBytesMax)
    const headers = result.headers as Readonly<Record<string, string | undefined>>
    return { ...{ status, headers, body }, node: connection?.id ?? 'a node' }
  }
}

async function makeClient(config: ElasticsearchConnection, timeoutMs: number): Promise<Client> {
  const { tls, cloud_id: cloudId } = config
  const nodes = await nodesOf(urlsOf(config), tls)
  // Loading it takes 200 ms and more: with the first request, not with the start.
  const elastic = await import('@elastic/elasticsearch')
  class UncheckedTransport extends elastic.Transport {
    constructor(options: ConstructorParameters<typeof elastic.Transport>[0]) {
      super({ ...options, productCheck: null as never })
    }
  }
  const options: ClientOptions = {
    ...(cloudId === undefined
      ? {
          nodes: nodes,
          ConnectionPool: elastic.ClusterConnectionPool,
        }
      : { cloud: { id: cloudId } }),
    Transport: UncheckedTransport,
    maxRetries: Math.max(0, nodes.length - 1),
    // Only a fallback: the whole request has its own clock.
    requestTimeout: timeoutMs + 1000,
    resurrectStrategy: 'optimistic',
    ...{ compression: false, sniffOnStart: false, sniffInterval: false },
  }
  return new elastic.Client(options)
}

/** What servers of 8 and 9 take. */
function mediaType(bodyType: 'json' | 'ndjson'): string {
  const format = bodyType === 'ndjson' ? 'x-ndjson' : 'json'
  return `application/vnd.elasticsearch+${format}; compatible-with=8`
}

function bytesOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

/** One that has hung is to be asked after the others. */
function markDead({ connectionPool }: Client, error: unknown): void {
  const named = (error as { meta?: TransportResult }).meta?.meta.connection
  // An error has but a copy, without what is secret.
  const connection = connectionPool.connections.find(({ id }) => id === named?.id)
  if (connection) connectionPool.markDead(connection)
}

function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error
  const { message } = error as Error
  return new TransportError('connection', message === '' ? 'no connection' : message, error)
}
