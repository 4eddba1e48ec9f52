/**
 * The usual answer to a bulk request, read as bytes: no errors, nothing in a failure store, all
 * items written alike. Anything else is for answer-items.ts, which is right in every case.
 */
import type { BulkAnswer, ItemFailure, SentDocuments } from './answer-types.ts'
import { findSentId } from './sent-id.ts'

const NO_FAILURES: ReadonlyMap<number, ItemFailure> = new Map()
const ITEMS = Buffer.from('"items":[')
const COMMA = 0x2c
const ZERO = 0x30
const QUOTE = 0x22
const BACKSLASH = 0x5c
/** The head of an answer is short: `{"errors":false,"took":30,"items":[`. */
const HEAD_BYTES_MAX = 128
const HEAD = /^\{(?:"took":\d{1,15},)?"errors":false,(?:"took":\d{1,15},)?"items":\[$/
/** Behind the three digits of a status; before them comes `{"create":{"_id":"…","status":`. */
const ITEM_END = Buffer.from('}}')
const ANSWER_END = ']}'
const ID_KEY = Buffer.from('"_id":"')
const STATUS_KEY = Buffer.from('"status":')
const STATUS_KEY_BEHIND_ID = Buffer.from('","status":')

/** Null if the answer is not as usual. */
export function readUsualAnswer(bytes: Uint8Array, sent: SentDocuments): BulkAnswer | null {
  const answer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const itemsAt = answer.subarray(0, HEAD_BYTES_MAX).indexOf(ITEMS)
  const start = itemsAt + ITEMS.length
  if (itemsAt < 0 || !HEAD.test(answer.toString('latin1', 0, start))) return null
  const statuses = new Uint16Array(sent.count)
  const end = readItems(answer, start, sent, statuses)
  if (end < 0 || answer.toString('latin1', end) !== ANSWER_END) return null
  return { statuses, failures: NO_FAILURES, failureStore: [] }
}

/** Returns the offset behind the items, or -1. */
function readItems(
  answer: Buffer,
  start: number,
  sent: SentDocuments,
  statuses: Uint16Array,
): number {
  const operation = sent.operation === 'upsert' ? 'update' : sent.operation
  const itemStart = Buffer.from(`{"${operation}":{`)
  let position = start
  // Where an id begins in its line, which is mostly where the one before begins in its own.
  let idOffset = ID_KEY.length
  for (let place = 0; place < sent.count; place++) {
    if (place > 0 && answer[position++] !== COMMA) return -1
    position = skipText(answer, position, itemStart)
    if (position < 0) return -1
    const idAt = skipText(answer, position, ID_KEY)
    if (idAt < 0) position = skipText(answer, position, STATUS_KEY)
    else {
      const lineStart = sent.starts.offsets[sent.first + place]!
      const idStart = idStartOf(sent, place, lineStart + idOffset)
      if (idStart < 0) return -1
      idOffset = idStart - lineStart
      position = skipId(answer, idAt, sent.body, idStart)
    }
    if (position < 0) return -1
    const status = digits(answer, position)
    position = skipText(answer, position + 3, ITEM_END)
    if (position < 0 || status < 200 || status > 299) return -1
    statuses[place] = status
  }
  return position
}

/** Behind the id, which is written as it was sent, and the key that comes after it; or -1. */
function skipId(answer: Buffer, start: number, body: Uint8Array, idStart: number): number {
  let position = start
  let at = idStart
  for (; body[at] !== QUOTE; at++) {
    if (body[at] === BACKSLASH || answer[position++] !== body[at]) return -1
  }
  return skipText(answer, position, STATUS_KEY_BEHIND_ID)
}

/** Where the id of document `place` begins in the body; `guess` is where it may be. */
function idStartOf(sent: SentDocuments, place: number, guess: number): number {
  // An id is JSON text, so that it cannot hold the key with its quotes.
  if (skipText(sent.body, guess - ID_KEY.length, ID_KEY) === guess) return guess
  return findSentId(sent, place)?.start ?? -1
}

/** Behind `text`, which must be at `position`; -1 if it is not. */
function skipText(answer: Uint8Array, position: number, text: Uint8Array): number {
  for (let index = 0; index < text.length; index++) {
    if (answer[position + index] !== text[index]) return -1
  }
  return position + text.length
}

/** Three digits, or -1. */
function digits(answer: Uint8Array, position: number): number {
  let value = 0
  for (let index = 0; index < 3; index++) {
    const digit = answer[position + index]! - ZERO
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}
