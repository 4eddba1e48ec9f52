/**
 * Requests through the transport of Elastic's client (client.ts): it knows nodes and their health,
 * and TLS. Bodies and answers stay bytes.
 *
 * The client is major 8, which speaks to servers of 8 and 9 (docs/decisions/bulk-clients.md).
 */
import type { Readable } from 'node:stream'
import type { TransportResult } from '@elastic/elasticsearch'
import type { Timers } from '../../pipeline/clock.ts'
import { type ClientRequest, ClientTransport, judgeNode } from '../support/bulk/client-transport.ts'
import { type ConnectionConfig, urlsOf } from '../support/bulk/connection-schema.ts'
import { readAnswer } from '../support/bulk/read-answer.ts'
import { nodesOf } from '../support/bulk/tls.ts'
import type { ServerReply, Transport } from '../support/bulk/transport.ts'
import { type Client, createClient } from './client.ts'
import { urlOfCloudId } from './cloud-id.ts'

export interface ElasticsearchConnection extends ConnectionConfig {
  readonly cloud_id?: string
}

export function elasticsearchTransport(config: ElasticsearchConnection, timers: Timers): Transport {
  const make = (timeoutMs: number) => makeClient(config, timeoutMs)
  return new ClientTransport<Client>(config, timers, { make, send })
}

async function send(
  client: Client,
  request: ClientRequest,
  signal: AbortSignal,
): Promise<ServerReply> {
  const { method, path, query, body, bodyType = 'json' } = request
  const contentType = body !== undefined && { 'content-type': mediaType(bodyType) }
  try {
    const result = await client.transport.request<Readable>(
      {
        ...{ method, path },
        ...(query && { querystring: query }),
        // As a bulk body it is neither parsed nor copied.
        ...(body !== undefined && { bulkBody: body }),
      },
      {
        ...{ meta: true, asStream: true, signal },
        headers: { accept: mediaType('json'), ...contentType, ...request.headers },
      },
    )
    return await replyOf(client, result, request.answerBytesMax)
  } catch (error) {
    if (signal.aborted) markDead(client, error)
    throw error
  }
}

async function replyOf(
  client: Client,
  result: TransportResult<Readable>,
  answerBytesMax: number,
): Promise<ServerReply> {
  const { connection } = result.meta
  const status = result.statusCode
  if (connection) judgeNode(client.connectionPool, connection, status)
  const body = await readAnswer(result.body, answerBytesMax)
  const headers = result.headers as Readonly<Record<string, string | undefined>>
  return { ...{ status, headers, body }, node: connection?.id ?? 'a node' }
}

async function makeClient(config: ElasticsearchConnection, timeoutMs: number): Promise<Client> {
  const nodes = await nodesOf(addressesOf(config), config.tls)
  // Only a fallback: the whole request has its own clock.
  return createClient(nodes, timeoutMs + 1000)
}

/** An id that is none was refused with the configuration. */
function addressesOf(config: ElasticsearchConnection): readonly string[] {
  const { cloud_id: cloudId } = config
  return cloudId === undefined ? urlsOf(config) : [urlOfCloudId(cloudId)!]
}

/** What servers of 8 and 9 take. */
function mediaType(bodyType: 'json' | 'ndjson'): string {
  const format = bodyType === 'ndjson' ? 'x-ndjson' : 'json'
  return `application/vnd.elasticsearch+${format}; compatible-with=8`
}

/** One that has hung is to be asked after the others. */
function markDead({ connectionPool }: Client, error: unknown): void {
  const named = (error as { meta?: TransportResult }).meta?.meta.connection
  // An error has but a copy, without what is secret.
  const connection = connectionPool.connections.find(({ id }) => id === named?.id)
  if (connection) connectionPool.markDead(connection)
}
