/** `elasticsearch` output: documents to Elasticsearch 8 and 9 (../support/bulk/). */
import { defineChunkedOutput } from '../../pipeline/component.ts'
import { BulkOutput } from '../support/bulk/bulk-output.ts'
import { probeBulk } from '../support/bulk/probe/probe.ts'
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
  probe: (config, context) => {
    const transport = (one: typeof config) => elasticsearchTransport(one, context.timers)
    return probeBulk(config, { product: 'elasticsearch', transport }, context)
  },
  timeoutOption: 'request_timeout',
  create: (config, context) => {
    const transport = elasticsearchTransport(config, context.timers)
    const parts = { product: 'elasticsearch', transport } as const
    const setUp = setUpStep(config, { ...parts, logger: context.logger })
    return new BulkOutput(config, context, { ...parts, setUp })
  },
})
