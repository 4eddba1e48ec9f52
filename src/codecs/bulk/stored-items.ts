/**
 * Items of an answer to a bulk request that say, as most do, that a document was stored where it
 * was to go, and nothing else. The twin of the kernel's (../kernel/stored-items.ts).
 *
 *     {"create":{"_id":"q3ZB0dP1x-_kAAAAAAAHAAAB","status":201}},{"create":{…
 */
import { ID_BYTES_MAX } from './ids.ts'

const COMMA = 0x2c
const QUOTE = 0x22
const BACKSLASH = 0x5c
export const ID_KEY = Buffer.from('"_id":"')
/** What begins before a status is two digits and a status below 300. */
const STATUS_KEY = Buffer.from('"status":2')
const ITEM_END = Buffer.from('}}')

export interface StoredItems {
  readonly count: number
  /** Behind the last of them. */
  readonly end: number
}

/** What an item begins with, by the operation that the answer names. */
export function itemStart(operation: string): string {
  return `{"${operation}":{`
}

/** Reads items from `start` on, one behind the other, up to the first that says something else. */
export function storedItems(answer: Buffer, start: number, operation: string): StoredItems {
  const prefix = Buffer.from(itemStart(operation))
  let [count, end] = [0, start]
  for (;;) {
    const at = count === 0 ? start : answer[end] === COMMA ? end + 1 : -1
    const next = skipItem(answer, at, prefix)
    if (next < 0) return { count, end }
    count++
    end = next
  }
}

function skipItem(answer: Buffer, start: number, prefix: Buffer): number {
  let position = skipText(answer, start, prefix)
  const idStart = skipText(answer, position, ID_KEY)
  if (idStart >= 0) position = skipId(answer, idStart)
  position = skipText(answer, position, STATUS_KEY)
  if (!isDigit(answer[position]) || !isDigit(answer[position + 1])) return -1
  return skipText(answer, position + 2, ITEM_END)
}

/** Behind the comma that comes after the id; -1 if its text is not the id as it is. */
function skipId(answer: Buffer, start: number): number {
  const end = answer.indexOf(QUOTE, start)
  if (end < 0 || end - start > ID_BYTES_MAX || answer[end + 1] !== COMMA) return -1
  return answer.subarray(start, end).includes(BACKSLASH) ? -1 : end + 2
}

/** Behind `text`, which must be at `position`; -1 if it is not, or `position` is -1. */
function skipText(answer: Buffer, position: number, text: Buffer): number {
  if (position < 0 || position + text.length > answer.length) return -1
  const isThere = answer.compare(text, 0, text.length, position, position + text.length) === 0
  return isThere ? position + text.length : -1
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
