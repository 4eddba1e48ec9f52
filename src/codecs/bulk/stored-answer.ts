/**
 * The usual answer to a bulk request, read as bytes: no errors, nothing in a failure store. Any
 * other is for answer-items.ts, which is right in every case.
 *
 * What is read is that there are as many items as were sent, and that each says of its document
 * that it was stored. Their order means nothing then; that it is the answer to this request, and to
 * no other, the ids of the first and the last item tell.
 */
import { storedItems } from '../kernel/stored-items.ts'
import type { SentDocuments } from './answer-types.ts'
import { sentId } from './sent-id.ts'
import { ID_KEY, itemStart } from './stored-items.ts'

const ITEMS = Buffer.from('"items":[')
const QUOTE = 0x22
/** The head of an answer is short: `{"errors":false,"took":30,"items":[`. */
const HEAD_BYTES_MAX = 128
const HEAD = /^\{(?:"took":\d{1,15},)?"errors":false,(?:"took":\d{1,15},)?"items":\[$/
const ANSWER_END = ']}'

/** False also where only somebody else can tell. */
export function isAllStored(bytes: Uint8Array, sent: SentDocuments): boolean {
  const answer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const itemsAt = answer.subarray(0, HEAD_BYTES_MAX).indexOf(ITEMS)
  const start = itemsAt + ITEMS.length
  if (itemsAt < 0 || !HEAD.test(answer.toString('latin1', 0, start))) return false
  const operation = sent.operation === 'upsert' ? 'update' : sent.operation
  const { count, end } = storedItems(answer, start, operation)
  if (count !== sent.count || answer.toString('latin1', end) !== ANSWER_END) return false
  const opening = itemStart(operation)
  const isId = (item: number, place: number) => hasId(answer, item + opening.length, sent, place)
  return isId(start, 0) && isId(answer.lastIndexOf(opening), count - 1)
}

/** Whether the item whose fields begin at `position` repeats the id of a document, if any. */
function hasId(answer: Buffer, position: number, sent: SentDocuments, place: number): boolean {
  const idStart = position + ID_KEY.length
  if (!answer.subarray(position, idStart).equals(ID_KEY)) return true
  const id = sentId(sent, place)
  return id === null || answer.toString('utf8', idStart, answer.indexOf(QUOTE, idStart)) === id
}
