/** What readers of answers to bulk requests are given and make; see answer.ts. */
import type { CodecFault } from '../codec-error.ts'
import type { BulkOperation, LineStarts } from './format.ts'

/** What was sent: documents `first` to `first + count - 1` of a body. */
export interface SentDocuments {
  readonly operation: BulkOperation
  readonly body: Uint8Array
  readonly starts: LineStarts
  readonly first: number
  readonly count: number
}

export interface ItemFailure {
  /** As the server has it: `document_parsing_exception`; empty if it says none. */
  readonly type: string
  /** With those of its causes. */
  readonly reason: string
}

export interface BulkAnswer {
  /** One HTTP status per document, 200 to 599. */
  readonly statuses: Uint16Array
  /** Of documents with another status than 2xx, by their place. */
  readonly failures: ReadonlyMap<number, ItemFailure>
  /** Places of documents that are in the failure store instead of where they were to go. */
  readonly failureStore: readonly number[]
}

/** `stored`: all documents are where they were to go. */
export type BulkAnswerResult =
  | { readonly kind: 'stored' }
  | { readonly kind: 'answer'; readonly answer: BulkAnswer }
  | { readonly kind: 'fault'; readonly fault: CodecFault }
