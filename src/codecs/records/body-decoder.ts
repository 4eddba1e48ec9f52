/** What turns a body that comes piece by piece into entries. One per body. */
import type { CodecError } from '../codec-error.ts'
import type { RecordCollector } from './record-collector.ts'

export interface BodyDecoder {
  /** Bytes held that nothing has been made of yet. */
  readonly heldBytes: number
  /**
   * Adds what `bytes` complete. After an error, whose offset counts from the start of the body,
   * nothing more is taken; what was added before is good.
   */
  push(bytes: Uint8Array, collector: RecordCollector): CodecError | null
  /** Nothing more comes. */
  end(collector: RecordCollector): CodecError | null
}
