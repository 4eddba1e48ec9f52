/** The ids that a body gives to its documents, read back from it to be compared with an answer. */
import type { SentDocuments } from './answer-types.ts'

const NEWLINE = 0x0a
/** `"}}` and the newline. */
const LINE_END_BYTES = 4
const ID_KEY = Buffer.from('"_id":"')

export interface SentId {
  /** Its JSON text, without the quotes, in the body. */
  readonly start: number
  readonly end: number
}

/** Null if the document has none: where it has, the id is the last field of its line. */
export function findSentId({ body, starts, first }: SentDocuments, place: number): SentId | null {
  const start = starts.offsets[first + place]!
  const lineEnd = body.indexOf(NEWLINE, start)
  const line = Buffer.from(body.buffer, body.byteOffset + start, lineEnd - start)
  const key = line.lastIndexOf(ID_KEY)
  if (key < 0) return null
  return { start: start + key + ID_KEY.length, end: lineEnd + 1 - LINE_END_BYTES }
}

/** Null if the document has none. */
export function sentId(sent: SentDocuments, place: number): string | null {
  const id = findSentId(sent, place)
  if (!id) return null
  const text = Buffer.from(sent.body.buffer, sent.body.byteOffset + id.start, id.end - id.start)
  return JSON.parse(`"${text.toString('utf8')}"`) as string
}
