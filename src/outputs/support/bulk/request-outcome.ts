/** What a server's answer to a whole bulk request means. Nothing of an answer is trusted. */
import { type BulkAnswer, readBulkAnswer, type SentDocuments } from '../../../codecs/bulk/answer.ts'
import { excerpt } from './identify.ts'
import { bodyJson, type ServerReply } from './transport.ts'

export interface NotTaken {
  /** `hold` if nothing changes before somebody sets it right. */
  readonly kind: 'retry' | 'hold'
  readonly reason: string
  readonly afterMs?: number
  /** The server has too much to do. */
  readonly isOverload: boolean
  /** Credentials or rights. */
  readonly isRefusal: boolean
}

export type RequestOutcome =
  /** All documents, where they were to go. */
  | { readonly kind: 'stored' }
  | { readonly kind: 'items'; readonly answer: BulkAnswer }
  /** More than the server reads at a time. */
  | { readonly kind: 'too_large'; readonly reason: string }
  /** Something in it is wrong; the server does not say which document. */
  | { readonly kind: 'refused'; readonly reason: string }
  | NotTaken

const NOT_TAKEN = { isOverload: false, isRefusal: false }

export function requestOutcome(reply: ServerReply, sent: SentDocuments): RequestOutcome {
  const { status } = reply
  if (status === 200) return itemsOf(reply, sent)
  if (status === 413) return { kind: 'too_large', reason: reasonOf(reply) }
  // A server's own words; a page of a proxy is none of them.
  if (status === 400 && errorOf(reply)) return refused(reply)
  return notTaken(reply)
}

/** Of any reply but what was hoped for. */
export function notTaken(reply: ServerReply): NotTaken {
  const { status } = reply
  const reason = reasonOf(reply)
  if (status === 401 || status === 403)
    return { ...NOT_TAKEN, kind: 'hold', reason, isRefusal: true }
  if (status === 429 || status === 408 || (status >= 500 && status !== 501 && status !== 505)) {
    const afterMs = retryAfterMs(reply)
    const wait = afterMs === undefined ? {} : { afterMs }
    return { ...NOT_TAKEN, kind: 'retry', reason, isOverload: status === 429, ...wait }
  }
  // 2xx, 3xx and the rest: somebody else answers, or at another path.
  return { ...NOT_TAKEN, kind: 'hold', reason }
}

function itemsOf(reply: ServerReply, sent: SentDocuments): RequestOutcome {
  const result = readBulkAnswer(reply.body, sent)
  if (result.kind === 'stored') return result
  if (result.kind === 'answer') return { kind: 'items', answer: result.answer }
  const { found, expected } = result.fault
  const isPage = excerpt(reply).startsWith('a web page')
  const reason = isPage
    ? `${reply.node} answers ${excerpt(reply)}`
    : `${reply.node} answers 200 with what is no answer to the documents sent: ` +
      `found ${found}; expected ${expected}`
  return { ...NOT_TAKEN, kind: 'retry', reason }
}

function refused(reply: ServerReply): RequestOutcome {
  const reason = reasonOf(reply)
  if (errorOf(reply)?.type === 'media_type_header_exception')
    return { ...NOT_TAKEN, kind: 'hold', reason }
  return { kind: 'refused', reason }
}

interface ServerError {
  readonly type: string
  readonly reason: string
}

function errorOf(reply: ServerReply): ServerError | null {
  const error = (bodyJson(reply) as { error?: unknown } | null | undefined)?.error
  if (typeof error === 'string') return { type: '', reason: error }
  if (typeof error !== 'object' || error === null) return null
  const { type, reason } = error as Partial<Record<'type' | 'reason', unknown>>
  if (typeof type !== 'string') return null
  return { type, reason: typeof reason === 'string' ? reason : '' }
}

function reasonOf(reply: ServerReply): string {
  const error = errorOf(reply)
  const words = error ? [error.type, error.reason].filter((part) => part !== '').join(': ') : ''
  return `${reply.node} answers ${reply.status}: ${words === '' ? excerpt(reply) : words}`
}

/**
 * Undefined if it does not say. In seconds, or a date by the clock that the answer itself is dated
 * by, whatever ours says (RFC 9110, 10.2.3 and 6.6.1).
 */
function retryAfterMs({ headers }: ServerReply): number | undefined {
  const asked = headers['retry-after'] ?? ''
  const isNumber = /^\d+$/.test(asked)
  const ms = isNumber ? Number(asked) * 1000 : Date.parse(asked) - Date.parse(headers.date ?? '')
  return ms >= 0 ? ms : undefined
}
