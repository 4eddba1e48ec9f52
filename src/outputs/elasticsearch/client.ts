/**
 * What is needed of Elastic's client: its transport and its nodes, which are a package of their own
 * inside it. Loading the whole, with a function for every API and the reader of Arrow tables that
 * its helpers have, takes twice as long.
 *
 * The product check is off, as it throws after a body was stored; who answers is found out before
 * (../support/bulk/identify.ts).
 */
import { createRequire } from 'node:module'
import type * as Elastic from '@elastic/elasticsearch'
import type { Node } from '../support/bulk/tls.ts'

type Parts = Pick<
  typeof Elastic,
  'ClusterConnectionPool' | 'Diagnostic' | 'Transport' | 'UndiciConnection'
>

export interface Client {
  readonly transport: Elastic.Transport
  readonly connectionPool: Elastic.ClusterConnectionPool
  close(): Promise<void>
}

/** Loads the package, which takes 100 ms: with the first request, not with the start. */
export function createClient(nodes: readonly Node[], timeoutMs: number): Client {
  const requireBesideIt = createRequire(import.meta.resolve('@elastic/elasticsearch'))
  const elastic = requireBesideIt('@elastic/transport') as Parts
  const diagnostic = new elastic.Diagnostic()
  const connectionPool = new elastic.ClusterConnectionPool({
    ...{ diagnostic, Connection: elastic.UndiciConnection },
    resurrectStrategy: 'optimistic',
  })
  connectionPool.addConnection(nodes.map((node) => ({ ...node, timeout: timeoutMs })))
  const transport = new elastic.Transport({
    ...{ diagnostic, connectionPool, requestTimeout: timeoutMs },
    maxRetries: Math.max(0, nodes.length - 1),
  })
  return { transport, connectionPool, close: () => connectionPool.empty() }
}
