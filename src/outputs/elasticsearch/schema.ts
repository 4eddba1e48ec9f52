/** Options of the `elasticsearch` output. */
import type { Static } from 'typebox'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { connectionFaults } from '../support/bulk/connection-schema.ts'
import { bulkFaults, bulkOptions } from '../support/bulk/schema.ts'
import { urlOfCloudId } from './cloud-id.ts'

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
  const { cloud_id: cloudId } = config
  const faults = [...connectionFaults(config, cloudId !== undefined), ...bulkFaults(config)]
  if (cloudId === undefined || urlOfCloudId(cloudId) !== null) return faults
  const message = 'is no cloud id; expected NAME:BASE64, as the deployment page shows it'
  return [...faults, { path: ['cloud_id'], message }]
}
