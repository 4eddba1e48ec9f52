/** `opensearch` output: documents to OpenSearch 2 and 3 (../support/bulk/). */
import { defineChunkedOutput } from '../../pipeline/component.ts'
import { BulkOutput } from '../support/bulk/bulk-output.ts'
import { bulkPlaceholders } from '../support/bulk/schema.ts'
import { opensearchFaults, opensearchSchema } from './schema.ts'
import { OpensearchTransport } from './transport.ts'

export const opensearch = defineChunkedOutput({
  type: 'opensearch',
  summary: 'Stores events as documents in OpenSearch 2 or 3.',
  configSchema: opensearchSchema,
  faults: opensearchFaults,
  placeholders: bulkPlaceholders,
  create: (config, context) =>
    new BulkOutput(config, context, {
      product: 'opensearch',
      transport: new OpensearchTransport(config, context.timers),
      setUp: () => Promise.resolve(null),
    }),
})
