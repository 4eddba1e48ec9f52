/** The TLS part of a node, for clients that hand it on to Node.js. */
import type { ConnectionOptions } from 'node:tls'
import { type ClientTlsConfig, clientTlsOptions } from '../client-tls.ts'
import { TransportError } from './transport.ts'

export interface Node {
  readonly url: URL
  readonly tls?: ConnectionOptions
}

/** Rejects with a `TransportError` if a file cannot be read. */
export function nodesOf(
  urls: readonly string[],
  tls: ClientTlsConfig | undefined,
): Promise<Node[]> {
  return Promise.all(
    urls.map(async (text) => {
      const url = new URL(text)
      if (url.protocol === 'http:') return { url }
      const host = url.hostname.replace(/^\[|\]$/g, '')
      return { url, tls: await tlsOptions(tls, host) }
    }),
  )
}

async function tlsOptions(config: ClientTlsConfig | undefined, host: string) {
  try {
    return await clientTlsOptions(config, host)
  } catch (cause) {
    throw new TransportError('setup', (cause as Error).message, cause)
  }
}
