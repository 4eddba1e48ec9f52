/** What each answer to one document means, in the words of real servers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BulkOperation } from '../../../../src/codecs/bulk/format.ts'
import {
  DUPLICATE,
  type Fate,
  FATE_NAMES,
  HELD,
  REJECTED,
  RETRY,
  STORED,
} from '../../../../src/outputs/support/bulk/fates.ts'
import { itemOutcome, REPAIR } from '../../../../src/outputs/support/bulk/item-outcome.ts'

type Row = readonly [
  status: number,
  type: string,
  reason: string,
  expected: Fate | typeof REPAIR,
  operation?: BulkOperation,
]

const MISSING_PIPELINE = 'pipeline with id [p] does not exist'
const ONLY_CREATE = 'only write ops with an op_type of create are allowed in data streams'
const SHARD_LIMIT =
  'Validation Failed: 1: this action would add [1] shards, but this cluster currently has ' +
  '[1]/[1] maximum normal shards open;'
const OLDER_SHARD_LIMIT =
  'Validation Failed: 1: this action would add [2] total shards, but this cluster currently has ' +
  '[1]/[1] maximum shards open;'
const TOO_MANY_DOCUMENTS =
  'Number of documents in the index cannot exceed [2147483519], current number is [2147483519]'

const ROWS: readonly Row[] = [
  [201, '', '', STORED],
  [200, '', '', STORED, 'index'],
  [409, 'version_conflict_engine_exception', 'document already exists', DUPLICATE],
  [409, 'version_conflict_engine_exception', 'required seqNo', RETRY, 'upsert'],
  // It has too much to do, or is not whole at the moment.
  [429, 'es_rejected_execution_exception', 'queue capacity = 1', RETRY],
  [429, 'rejected_execution_exception', 'coordinating and primary bytes', RETRY],
  [429, 'circuit_breaking_exception', '[parent] Data too large', RETRY],
  [503, 'unavailable_shards_exception', 'primary shard is not active', RETRY],
  [503, 'process_cluster_event_timeout_exception', 'failed to process cluster event', RETRY],
  [500, 'i_o_exception', 'No space left on device', RETRY],
  [408, '', '', RETRY],
  // Somebody has to set something right, and it is not the document.
  [429, 'cluster_block_exception', 'disk usage exceeded flood-stage watermark', HELD],
  [403, 'cluster_block_exception', 'index write (api)', HELD],
  [403, 'security_exception', 'action [indices:data/write] is unauthorized', HELD],
  [401, 'security_exception', 'unable to authenticate', HELD],
  [404, 'index_not_found_exception', 'no such index [logs]', HELD],
  [400, 'index_closed_exception', 'closed', HELD],
  [400, 'invalid_index_name_exception', 'must be lowercase', HELD],
  [400, 'illegal_argument_exception', MISSING_PIPELINE, HELD],
  [400, 'illegal_argument_exception', ONLY_CREATE, HELD],
  [400, 'illegal_argument_exception', 'no write index is defined for alias [logs]', HELD],
  [400, 'validation_exception', SHARD_LIMIT, HELD],
  [400, 'validation_exception', OLDER_SHARD_LIMIT, HELD],
  [400, 'illegal_argument_exception', TOO_MANY_DOCUMENTS, HELD],
  // The document as it is.
  [400, 'document_parsing_exception', 'failed to parse field [a] of type [long]', REPAIR],
  [400, 'mapper_parsing_exception', 'failed to parse date field [a]', REPAIR],
  [400, 'strict_dynamic_mapping_exception', 'dynamic introduction of [a]', REPAIR],
  [400, 'illegal_argument_exception', 'Limit of total fields [1000] has been exceeded', REPAIR],
  [400, 'illegal_argument_exception', 'immense term in field="a"', REPAIR],
  [400, 'document_parsing_exception', 'failed to parse field [a]', REJECTED, 'update'],
  [404, 'document_missing_exception', '[x]: document missing', REJECTED, 'update'],
  [400, 'action_request_validation_exception', 'id is too long', REJECTED],
  [400, '', '', REJECTED],
  [500, 'fail_processor_exception', 'no good', REJECTED],
  [500, 'ingest_processor_exception', 'java.lang.IllegalStateException', REJECTED],
  [501, '', '', REJECTED],
]

test('every answer has one meaning', () => {
  for (const [status, type, reason, expected, operation = 'create'] of ROWS) {
    const failure = status < 300 ? undefined : { type, reason }
    const found = itemOutcome(status, failure, operation)
    assert.equal(nameOf(found), nameOf(expected), `${status} ${type}: ${reason}`)
  }
})

function nameOf(outcome: Fate | typeof REPAIR): string {
  return outcome === REPAIR ? REPAIR : FATE_NAMES[outcome]
}
