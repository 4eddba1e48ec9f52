/**
 * Requests through OpenSearch's client: it knows nodes and their health, TLS, and how Amazon signs
 * requests. Bodies and answers stay bytes.
 */
import type { IncomingMessage } from 'node:http'
import type { Client, ClientOptions, Connection } from '@opensearch-project/opensearch'
import type { Timers } from '../../pipeline/clock.ts'
import { type ClientRequest, ClientTransport, judgeNode } from '../support/bulk/client-transport.ts'
import { type ConnectionConfig, urlsOf } from '../support/bulk/connection-schema.ts'
import { readAnswer } from '../support/bulk/read-answer.ts'
import { nodesOf } from '../support/bulk/tls.ts'
import type { ServerReply, Transport } from '../support/bulk/transport.ts'
import { awsCredentials, type AwsConfig } from './aws.ts'

export interface OpensearchConnection extends ConnectionConfig {
  readonly aws?: AwsConfig
}

export function opensearchTransport(config: OpensearchConnection, timers: Timers): Transport {
  const make = (timeoutMs: number) => makeClient(config, timeoutMs)
  return new ClientTransport<Client>(config, timers, { make, send })
}

async function send(
  client: Client,
  request: ClientRequest,
  signal: AbortSignal,
): Promise<ServerReply> {
  const { method, path, query, body, bodyType = 'json' } = request
  const contentType = bodyType === 'ndjson' ? 'application/x-ndjson' : 'application/json'
  const sent = client.transport.request(
    {
      ...{ method, path },
      ...(query && { querystring: { ...query } }),
      // As a bulk body it is neither parsed nor copied.
      ...(body !== undefined && { bulkBody: body }),
    },
    {
      asStream: true,
      headers: { ...(body !== undefined && { 'content-type': contentType }), ...request.headers },
    },
  )
  // The client knows no signals.
  let end: () => unknown = () => sent.abort()
  const onAbort = () => void end()
  signal.addEventListener('abort', onAbort)
  try {
    const { meta, statusCode, headers, ...result } = await sent
    const stream = result.body as IncomingMessage
    end = () => stream.destroy()
    const status = statusCode ?? 0
    judgeNode(client.connectionPool, meta.connection, status)
    const body = await readAnswer(stream, request.answerBytesMax)
    const node = meta.connection.id
    return { status, headers: (headers ?? {}) as ServerReply['headers'], body, node }
  } catch (error) {
    if (signal.aborted) markDead(client, error)
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
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

/** One that has hung is to be asked after the others. */
function markDead(client: Client, error: unknown): void {
  const meta = (error as { meta?: { meta?: { connection?: Connection } } }).meta?.meta
  if (meta?.connection) client.connectionPool.markDead(meta.connection)
}
