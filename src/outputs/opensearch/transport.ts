/**
 * Requests through OpenSearch's client: it knows nodes and their health, TLS, and how Amazon signs
 * requests. Bodies and answers stay bytes.
 */
import type { IncomingMessage } from 'node:http'
import type { Client, ClientOptions, Connection } from '@opensearch-project/opensearch'
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
import { awsCredentials, type AwsConfig } from './aws.ts'

export interface OpensearchConnection extends ConnectionConfig {
  readonly aws?: AwsConfig
}

/** A node that answers this has no server behind it that could. */
const DEAD_STATUSES = [502, 503, 504]

export class OpensearchTransport implements Transport {
  readonly #config: OpensearchConnection
  readonly #timers: Timers
  readonly #client: LazyClient<Client>
  readonly #timeoutMs: number
  readonly #answerBytesMax: number

  constructor(config: OpensearchConnection, timers: Timers) {
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
    const sent = client.transport.request(
      {
        ...{ method, path },
        ...(query && { querystring: { ...query } }),
        // As a bulk body it is neither parsed nor copied.
        ...(body !== undefined && { bulkBody: typeof body === 'string' ? body : bytesOf(body) }),
      },
      {
        asStream: true,
        headers: {
          ...(body !== undefined && {
            'content-type': bodyType === 'ndjson' ? 'application/x-ndjson' : 'application/json',
          }),
          ...(authorization !== undefined && { authorization }),
          ...request.headers,
        },
      },
    )
    const onAbort = () => sent.abort()
    signal.addEventListener('abort', onAbort)
    try {
      const { meta, statusCode, headers, ...result } = await sent
      const stream = result.body as IncomingMessage
      return await this.#reply(client, meta.connection, {
        ...{ status: statusCode ?? 0, stream, signal },
        headers: (headers ?? {}) as ServerReply['headers'],
      })
    } catch (error) {
      if (signal.aborted) markDead(client, error)
      throw asTransportError(error)
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #reply(
    client: Client,
    connection: Connection,
    {
      status,
      headers,
      stream,
      signal,
    }: Pick<ServerReply, 'status' | 'headers'> & {
      readonly stream: IncomingMessage
      readonly signal: AbortSignal
    },
  ): Promise<ServerReply> {
    const onAbort = () => stream.destroy()
    signal.addEventListener('abort', onAbort)
    try {
      if (DEAD_STATUSES.includes(status)) client.connectionPool.markDead(connection)
      else client.connectionPool.markAlive(connection)
      const body = await readAnswer(stream, this.#answerBytesMax)
      return { status, headers, body, node: connection.id }
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

async function makeClient(config: OpensearchConnection, timeoutMs: number): Promise<Client> {
  const nodes = await nodesOf(urlsOf(config), config.tls)
  // Loading it takes 150 ms and more: with the first request, not with the start.
  const opensearch = await import('@opensearch-project/opensearch')
  const signing = config.aws ? await signerOf(config.aws) : undefined
  const Base = signing?.Connection ?? opensearch.Connection
  class QuietConnection extends Base {
    /** The client's own writes late errors of a socket to standard output, where events may go. */
    override request(...parameters: Parameters<Connection['request']>) {
      const [params, callback] = parameters
      const request = super.request(params, (error, response) => {
        callback(error, response)
        request.removeAllListeners('error')
        request.on('error', () => undefined)
      })
      return request
    }
  }
  const options: ClientOptions = {
    ...(signing && { Transport: signing.Transport }),
    nodes: nodes.map(({ url, tls }) => ({ url, ...(tls && { ssl: tls }) })),
    Connection: QuietConnection,
    maxRetries: Math.max(0, nodes.length - 1),
    // Only a fallback: the whole request has its own clock.
    requestTimeout: timeoutMs + 1000,
    resurrectStrategy: 'optimistic',
    ...{ sniffOnStart: false, sniffInterval: false },
  }
  return new opensearch.Client(options)
}

async function signerOf(aws: AwsConfig) {
  const { AwsSigv4Signer } = await import('@opensearch-project/opensearch/aws')
  const { region, service } = aws
  return AwsSigv4Signer({ region, service, getCredentials: () => awsCredentials(aws) })
}

function bytesOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

/** One that has hung is to be asked after the others. */
function markDead(client: Client, error: unknown): void {
  const meta = (error as { meta?: { meta?: { connection?: Connection } } }).meta?.meta
  if (meta?.connection) client.connectionPool.markDead(meta.connection)
}

function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error
  const { message } = error as Error
  return new TransportError('connection', message === '' ? 'no connection' : message, error)
}
