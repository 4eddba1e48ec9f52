/** Any answer to a bulk request, by JSON.parse. See answer.ts. */
import type { BulkAnswerResult, ItemFailure, SentDocuments } from './answer-types.ts'
import { sentId } from './sent-id.ts'

/** Longer reasons are cut. */
const REASON_LENGTH_MAX = 2048
/** Causes of causes that are told. */
const CAUSES_MAX = 4
const decoder = new TextDecoder('utf-8', { fatal: true })

type Fields = Readonly<Record<string, unknown>>

/** What is wrong with the answer. */
class Unfit extends Error {
  readonly found: string
  readonly expected: string

  constructor(found: string, expected: string) {
    super(`found ${found}; expected ${expected}`)
    this.found = found
    this.expected = expected
  }
}

export function readItems(bytes: Uint8Array, sent: SentDocuments): BulkAnswerResult {
  try {
    const statuses = new Uint16Array(sent.count)
    const failures = new Map<number, ItemFailure>()
    const failureStore: number[] = []
    itemsOf(bytes, sent.count).forEach((item, place) => {
      const result = resultOf(item, place, sent)
      const status = statusOf(result, place)
      statuses[place] = status
      if (status >= 300) failures.set(place, failureOf(result['error']))
      else if (result['failure_store'] === 'used') failureStore.push(place)
    })
    return { kind: 'answer', answer: { statuses, failures, failureStore } }
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    const { found, expected } = error
    return { kind: 'fault', fault: { reason: 'invalid_answer', offset: 0, found, expected } }
  }
}

function itemsOf(bytes: Uint8Array, count: number): readonly unknown[] {
  const answer = parse(bytes)
  if (!isFields(answer)) throw new Unfit('no JSON object', 'an answer of the bulk API')
  if (typeof answer['errors'] !== 'boolean' || !Array.isArray(answer['items'])) {
    throw new Unfit(excerpt(bytes), '`errors` and `items` of the bulk API')
  }
  const items: readonly unknown[] = answer['items']
  if (items.length !== count) throw new Unfit(`${items.length} items`, `${count}, as were sent`)
  return items
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes)) as unknown
  } catch {
    throw new Unfit(excerpt(bytes), 'JSON')
  }
}

function resultOf(item: unknown, place: number, sent: SentDocuments): Fields {
  const operation = sent.operation === 'upsert' ? 'update' : sent.operation
  const result = isFields(item) ? item[operation] : undefined
  if (!isFields(item) || Object.keys(item).length !== 1 || !isFields(result)) {
    throw new Unfit(`item ${place} that is no "${operation}"`, 'what was sent')
  }
  const id = result['_id']
  const expected = sentId(sent, place)
  // Of what it refuses to look at, a server may repeat no id.
  if (typeof id === 'string' && expected !== null && id !== expected) {
    throw new Unfit(`item ${place} with the id "${id.slice(0, 64)}"`, `"${expected.slice(0, 64)}"`)
  }
  return result
}

function statusOf(result: Fields, place: number): number {
  const status = result['status']
  const isStatus = typeof status === 'number' && Number.isInteger(status)
  if (!isStatus || status < 200 || status > 599) {
    throw new Unfit(`item ${place} with the status ${JSON.stringify(status)}`, '200 to 599')
  }
  if (status < 300 && result['error'] !== undefined) {
    throw new Unfit(`item ${place} with status ${status} and an error`, 'one of them')
  }
  return status
}

function failureOf(error: unknown): ItemFailure {
  if (!isFields(error)) return { type: '', reason: textOf(error) }
  const reasons: string[] = []
  let cause: unknown = error
  for (let left = CAUSES_MAX; left > 0 && isFields(cause); left--) {
    const reason = textOf(cause['reason'])
    // Most servers repeat the cause in what it causes.
    if (reason !== '' && !reasons.some((other) => other.includes(reason))) reasons.push(reason)
    cause = cause['caused_by']
  }
  const reason = reasons.join(': ').slice(0, REASON_LENGTH_MAX)
  return { type: textOf(error['type']), reason }
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, REASON_LENGTH_MAX)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function excerpt(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, 80)).toString('latin1')
  return bytes.length === 0 ? 'nothing' : JSON.stringify(text)
}
