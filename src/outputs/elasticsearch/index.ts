/** `elasticsearch` output: documents to Elasticsearch 8 and 9 (../support/bulk/). */
import { defineChunkedOutput } from '../../pipeline/component.ts'
import { BulkOutput } from '../support/bulk/bulk-output.ts'
import { bulkPlaceholders } from '../support/bulk/schema.ts'
import { setUpStep } from '../support/bulk/setup/step.ts'
import { elasticsearchFaults, elasticsearchSchema } from './schema.ts'
import { elasticsearchTransport } from './transport.ts'

export const elasticsearch = defineChunkedOutput({
  type: 'elasticsearch',
  summary: 'Stores events as documents in Elasticsearch 8 or 9.',
  configSchema: elasticsearchSchema,
  faults: elasticsearchFaults,
  placeholders: bulkPlaceholders,
  create: (config, context) => {
    const transport = elasticsearchTransport(config, context.timers)
    const parts = { product: 'elasticsearch', transport } as const
    const setUp = setUpStep(config, { ...parts, logger: context.logger })
    return new BulkOutput(config, context, { ...parts, setUp })
  },
})
