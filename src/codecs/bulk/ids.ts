/**
 * Ids of documents. All that are made here are base64url of a length that is a multiple of four,
 * which Elasticsearch and OpenSearch keep as the bytes it stands for: three quarters of the size.
 */
import { hash } from 'node:crypto'

/** The longest id that the servers take. */
export const ID_BYTES_MAX = 512

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const BUFFER_DIGITS = 12
const SEQUENCE_DIGITS = 8
export const EVENT_DIGITS = 4
/** More events than this in one batch make longer ids, which thus are different. */
export const EVENTS_MAX = 64 ** EVENT_DIGITS
/** 144 bits: 22 digits, for 128, are no multiple of four. */
const HASH_DIGITS = 24

/** What the ids of all events of a stored batch begin with: 20 digits. */
export function idPrefix(buffer: string, sequence: number): string {
  const isStoreId = buffer.length === BUFFER_DIGITS && /^[\w-]+$/.test(buffer)
  const name = isStoreId ? buffer : sha256(Buffer.from(buffer)).slice(0, BUFFER_DIGITS)
  return name + digitsOf(sequence, SEQUENCE_DIGITS)
}

/** The id of the event at `place` of the batch whose ids begin with `prefix`. */
export function placeId(prefix: string, place: number): string {
  return prefix + digitsOf(place, place < EVENTS_MAX ? EVENT_DIGITS : EVENT_DIGITS * 2)
}

/** The id of an event by its tag, time and record. */
export function contentId(
  tag: Uint8Array,
  entries: Uint8Array,
  start: number,
  end: number,
): string {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, tag.length)
  return hashId(Buffer.concat([length, tag, entries.subarray(start, end)]))
}

/** An id that stands for one that is too long. */
export function hashId(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, HASH_DIGITS)
}

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url')
}

function digitsOf(value: number, count: number): string {
  let digits = ''
  let rest = value
  for (let left = count; left > 0; left--) {
    digits = DIGITS[rest % 64]! + digits
    rest = Math.floor(rest / 64)
  }
  return digits
}
