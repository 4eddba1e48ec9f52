/** `opensearch` output: documents to OpenSearch 2 and 3 (../support/bulk/). */
import { defineChunkedOutput } from '../../pipeline/component.ts'
import { BulkOutput } from '../support/bulk/bulk-output.ts'
import { probeBulk } from '../support/bulk/probe/probe.ts'
import { bulkPlaceholders } from '../support/bulk/schema.ts'
import { setUpStep } from '../support/bulk/setup/step.ts'
import { opensearchFaults, opensearchSchema } from './schema.ts'
import { opensearchTransport } from './transport.ts'

export const opensearch = defineChunkedOutput({
  type: 'opensearch',
  summary: 'Stores events as documents in OpenSearch 2 or 3.',
  configSchema: opensearchSchema,
  faults: opensearchFaults,
  placeholders: bulkPlaceholders,
  probe: (config, context) => {
    const transport = (one: typeof config) => opensearchTransport(one, context.timers)
    return probeBulk(config, { product: 'opensearch', transport }, context)
  },
  timeoutOption: 'request_timeout',
  create: (config, context) => {
    const transport = opensearchTransport(config, context.timers)
    const parts = { product: 'opensearch', transport } as const
    const setUp = setUpStep(config, { ...parts, logger: context.logger })
    return new BulkOutput(config, context, { ...parts, setUp })
  },
})
