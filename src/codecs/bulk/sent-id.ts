/** The ids that a body gives to its documents, read back from it to be compared with an answer. */
import type { SentDocuments } from './answer-types.ts'

const NEWLINE = 0x0a
/** `"}}` and the newline. */
const LINE_END_BYTES = 4
const ID_KEY = Buffer.from('"_id":"')

/** Null if the document has none: where it has, the id is the last field of its line. */
export function sentId({ body, starts, first }: SentDocuments, place: number): string | null {
  const start = starts.offsets[first + place]!
  const lineEnd = body.indexOf(NEWLINE, start)
  const line = Buffer.from(body.buffer, body.byteOffset + start, lineEnd - start)
  const key = line.lastIndexOf(ID_KEY)
  if (key < 0) return null
  const idStart = key + ID_KEY.length
  const text = line.toString('utf8', idStart, line.length + 1 - LINE_END_BYTES)
  return JSON.parse(`"${text}"`) as string
}
