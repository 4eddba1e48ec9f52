/**
 * What a server said of a bulk request, item by item. Nothing of it is trusted: an answer that is
 * not of exactly the documents that were sent, in their order, is a fault, and says nothing of any.
 *
 *     {"errors":false,"took":3,"items":[{"create":{"_id":"…","status":201}},…]}
 *
 * That is the usual answer with `filter_path` BULK_FILTER_PATH, and read as bytes; any other is
 * read by JSON.parse.
 */
import { readItems } from './answer-items.ts'
import type { BulkAnswerResult, SentDocuments } from './answer-types.ts'
import { isAllStored } from './stored-answer.ts'

/** What of an answer is of use here; the rest costs ten times as much to send and to read. */
export const BULK_FILTER_PATH =
  'errors,error,status,items.*._id,items.*.status,items.*.error,items.*.failure_store'

export type { BulkAnswer, BulkAnswerResult, ItemFailure, SentDocuments } from './answer-types.ts'

/** Reads the body of a response whose status is 200. */
export function readBulkAnswer(bytes: Uint8Array, sent: SentDocuments): BulkAnswerResult {
  return isAllStored(bytes, sent) ? { kind: 'stored' } : readItems(bytes, sent)
}
