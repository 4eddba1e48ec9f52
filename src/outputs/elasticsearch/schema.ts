/** Options of the `elasticsearch` output. */
import type { Static } from 'typebox'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { connectionFaults } from '../support/bulk/connection-schema.ts'
import { bulkFaults, bulkOptions } from '../support/bulk/schema.ts'

export const elasticsearchSchema = Type.Object(
  {
    ...bulkOptions,
    cloud_id: Type.Optional(
      Type.String({
        description: 'Id of an Elastic Cloud deployment, in place of `url`; absent: none.',
        minLength: 1,
      }),
    ),
  },
  { additionalProperties: false },
)

export type ElasticsearchConfig = Static<typeof elasticsearchSchema>

export function elasticsearchFaults(config: ElasticsearchConfig): Fault[] {
  return [...connectionFaults(config, config.cloud_id !== undefined), ...bulkFaults(config)]
}
