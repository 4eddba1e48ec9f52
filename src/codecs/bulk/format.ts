/**
 * Bodies of the bulk API of Elasticsearch and OpenSearch: what they are made from and what is made.
 * Rules and what servers said to each: docs/specs/bulk-documents.md.
 */
import type { ByteWriter } from '../byte-writer.ts'

/**
 * `upsert` is an `update` that makes the document if there is none. The body of an `update` names
 * the fields that change.
 */
export type BulkOperation = 'create' | 'index' | 'update' | 'upsert'

/**
 * Where a document's id comes from.
 * - `place`: the event's place in the buffer, so that it is the same in every attempt.
 * - `content`: a hash of tag, time and record, for sources that send the same again.
 * - `field`: the text or number in a field; of an event that has none there, the place. What is
 *   longer than the servers allow becomes a hash.
 * - `server`: the server makes one. Sent twice, an event is there twice.
 */
export type IdSource =
  | { readonly type: 'place' }
  | { readonly type: 'content' }
  | { readonly type: 'field'; readonly path: readonly string[] }
  | { readonly type: 'server' }

/** How events become documents; the same for all bodies of an output. */
export interface BulkFormat {
  readonly operation: BulkOperation
  readonly id: IdSource
  /** The field whose text or number is the routing value; of an event without it there is none. */
  readonly routingPath: readonly string[] | null
  /** Which field has the event's time, `@timestamp` for data streams. */
  readonly timeField: string
  /** Which field has the tag; null for none. */
  readonly tagField: string | null
  /** What stands for each dot of a field's name; null keeps dots, which make objects. */
  readonly replaceDots: string | null
  /** Names of fields in a document, counted on all levels; the rest becomes one text. */
  readonly fieldsMax: number
  /** Levels of objects and arrays, the document itself counted; what is deeper becomes text. */
  readonly depthMax: number
}

export const BULK_FORMAT: BulkFormat = {
  operation: 'create',
  id: { type: 'place' },
  routingPath: null,
  timeField: '@timestamp',
  tagField: 'tag',
  replaceDots: '_',
  fieldsMax: 400,
  depthMax: 20,
}

/** What the action lines of a run of events say beside the id; null leaves it to the request. */
export interface BulkAction {
  readonly index: string | null
  readonly pipeline: string | null
  readonly routing: string | null
}

/** What is used here of a ChunkBatch, whose fields these are. */
export interface BulkEvents {
  readonly tag: string
  readonly entries: Uint8Array
  readonly buffer: string
  readonly sequence: number
  readonly firstEvent: number
}

/**
 * Appends the lines of all events to `body`, and for each event to `starts` where its lines begin
 * there. They end where the next ones begin; a body must hold whole events.
 */
export type BulkEncoder = (
  events: BulkEvents,
  action: BulkAction,
  body: ByteWriter,
  starts: LineStarts,
) => void

/** Offsets into a body. Reused: `clear` keeps the memory. */
export class LineStarts {
  offsets = new Uint32Array(1024)
  length = 0

  push(offset: number): void {
    this.reserve(1)
    this.offsets[this.length++] = offset
  }

  /** Makes room for `count` more; `offsets` may be another array afterwards. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.offsets.length) return
    const grown = new Uint32Array(Math.max(needed, this.offsets.length * 2))
    grown.set(this.offsets.subarray(0, this.length))
    this.offsets = grown
  }

  clear(): void {
    this.length = 0
  }
}
