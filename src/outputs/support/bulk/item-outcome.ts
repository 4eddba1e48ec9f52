/**
 * What a server's word on one document means. Reasons as servers of 8, 9 (Elasticsearch), 2 and 3
 * (OpenSearch) give them: docs/specs/bulk-documents.md.
 */
import type { ItemFailure } from '../../../codecs/bulk/answer.ts'
import type { BulkOperation } from '../../../codecs/bulk/format.ts'
import { DUPLICATE, HELD, REJECTED, RETRY, STORED } from './fates.ts'

/** The document as it is cannot be stored, but another form of it may be. */
export const REPAIR = 'repair'

export type ItemOutcome =
  typeof STORED | typeof DUPLICATE | typeof RETRY | typeof HELD | typeof REJECTED | typeof REPAIR

/** Of 400: nothing is wrong with the document, but with where it is to go. */
const CONFIGURATION = [
  /pipeline with id \[.*\] does not exist/,
  /only write ops with an op_type of create are allowed in data streams/,
  /no write index is defined for alias/,
  /doesn't have a write index|is not allowed to be written|has more than one ind/,
  // The cluster has as many shards, or the index as many documents, as it may.
  /maximum (?:\w+ )?shards open/,
  /[Nn]umber of documents in the (?:index|shard) can(?:'t|not) exceed/,
]
const CONFIGURATION_TYPES = ['index_closed_exception', 'invalid_index_name_exception']
const REPAIRABLE_TYPES = [
  ...['document_parsing_exception', 'mapper_parsing_exception', 'mapper_exception'],
  ...['strict_dynamic_mapping_exception', 'illegal_argument_exception', 'parse_exception'],
  ...['max_bytes_length_exceeded_exception', 'illegal_state_exception', 'parsing_exception'],
]
/** Of 500: an ingest pipeline has refused the document, and would again. */
const REFUSED_TYPES = ['fail_processor_exception', 'ingest_processor_exception']

export function itemOutcome(
  status: number,
  failure: ItemFailure | undefined,
  operation: BulkOperation,
): ItemOutcome {
  if (status < 300) return STORED
  // Two updates of one document at a time; with `create` it is there already.
  if (status === 409) return operation === 'create' ? DUPLICATE : RETRY
  if (status === 429) return failure?.type === 'cluster_block_exception' ? HELD : RETRY
  if (failure && REFUSED_TYPES.includes(failure.type)) return REJECTED
  if (status === 408 || (status >= 500 && status !== 501)) return RETRY
  if (status === 401 || status === 403) return HELD
  // An update of what is not there is wrong for good, an index that is not there is not.
  if (status === 404) return failure?.type === 'document_missing_exception' ? REJECTED : HELD
  return status === 400 ? badRequest(failure, operation) : REJECTED
}

function badRequest(failure: ItemFailure | undefined, operation: BulkOperation): ItemOutcome {
  if (!failure) return REJECTED
  const { type, reason } = failure
  if (CONFIGURATION_TYPES.includes(type)) return HELD
  if (CONFIGURATION.some((pattern) => pattern.test(reason))) return HELD
  const isWhole = operation === 'create' || operation === 'index'
  return isWhole && REPAIRABLE_TYPES.includes(type) ? REPAIR : REJECTED
}

/** For logs and dead letters: in the server's own words. */
export function failureText(status: number, failure: ItemFailure | undefined): string {
  if (!failure) return `status ${status}`
  const { type, reason } = failure
  return [type, reason].filter((part) => part !== '').join(': ') || `status ${status}`
}
