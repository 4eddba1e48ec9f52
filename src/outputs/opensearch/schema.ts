/** Options of the `opensearch` output. */
import type { Static } from 'typebox'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import { connectionFaults } from '../support/bulk/connection-schema.ts'
import { bulkFaults, bulkOptions } from '../support/bulk/schema.ts'
import { awsSchema } from './aws.ts'

export const opensearchSchema = Type.Object(
  { ...bulkOptions, aws: Type.Optional(awsSchema) },
  { additionalProperties: false },
)

export type OpensearchConfig = Static<typeof opensearchSchema>

export function opensearchFaults(config: OpensearchConfig): Fault[] {
  const faults = [...connectionFaults(config), ...bulkFaults(config)]
  if (config.aws && config.auth) {
    const message = 'stands beside `aws`; expected one of them to sign requests'
    faults.push({ path: ['auth'], message })
  }
  const { access_key_id: keyId, secret_access_key: secret } = config.aws ?? {}
  if ((keyId === undefined) !== (secret === undefined)) {
    const message = 'is not whole; expected access_key_id and secret_access_key, or neither'
    faults.push({ path: ['aws'], message })
  }
  return faults
}
