/** `elasticsearch` output: documents to Elasticsearch 8 and 9 (../support/bulk/). */
import { defineChunkedOutput } from '../../pipeline/component.ts'
import { BulkOutput } from '../support/bulk/bulk-output.ts'
import { bulkPlaceholders } from '../support/bulk/schema.ts'
import { elasticsearchFaults, elasticsearchSchema } from './schema.ts'
import { ElasticsearchTransport } from './transport.ts'

export const elasticsearch = defineChunkedOutput({
  type: 'elasticsearch',
  summary: 'Stores events as documents in Elasticsearch 8 or 9.',
  configSchema: elasticsearchSchema,
  faults: elasticsearchFaults,
  placeholders: bulkPlaceholders,
  create: (config, context) =>
    new BulkOutput(config, context, {
      product: 'elasticsearch',
      transport: new ElasticsearchTransport(config, context.timers),
      setUp: () => Promise.resolve(null),
    }),
})
