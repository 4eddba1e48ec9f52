/** One resource on the server: read, compared by its mark, written if it is ours and differs. */
import { bodyJson, type ServerReply, type Transport } from '../transport.ts'
import { excerpt } from '../identify.ts'
import { type Mark, OWNER, type Resource, SETUP_VERSION } from './desired.ts'
import type { Json } from './options.ts'
import { simpler } from './simplify.ts'

/** Parts a server may not know; each is left out on its own. */
const ATTEMPTS_MAX = 10

/** Cannot be done now, but later: the server has too much to do, or does not know who asks. */
export class SetupPostponed extends Error {
  readonly reply: ServerReply

  constructor(title: string, reply: ServerReply) {
    super(`cannot set up the ${title}: ${reply.node} answers ${reply.status}, ${reasonOf(reply)}`)
    this.reply = reply
  }
}

export type Stored =
  | { readonly kind: 'same' | 'created' | 'updated'; readonly without: readonly string[] }
  /** Somebody else's, or made by a later version. */
  | { readonly kind: 'foreign' | 'newer' }
  /** There is no such API. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'refused'; readonly reason: string }

export interface StoreOptions {
  readonly transport: Transport
  readonly signal: AbortSignal
  /** Only says what it would do; what would be left out is not known then. */
  readonly isDry: boolean
}

/** Rejects with a `TransportError`, or with `SetupPostponed`. */
export async function store(resource: Resource, options: StoreOptions): Promise<Stored> {
  const { transport, signal } = options
  const reply = await transport.request({ method: 'GET', path: resource.path }, signal)
  if (isLater(reply)) throw new SetupPostponed(resource.title, reply)
  if (isUnsupported(reply)) return { kind: 'unsupported' }
  if (reply.status !== 200 && reply.status !== 404) {
    return { kind: 'refused', reason: `${reply.status}, ${reasonOf(reply)}` }
  }
  const found = reply.status === 200 ? findMark(bodyJson(reply)) : undefined
  if (found === undefined) return put(resource, 'created', options, {})
  const { mark, query } = found
  if (mark?.managed_by !== OWNER) return { kind: 'foreign' }
  if (mark.version > SETUP_VERSION) return { kind: 'newer' }
  if (mark.hash === findMark(resource.body)?.mark?.hash) return { kind: 'same', without: [] }
  return put(resource, 'updated', options, query)
}

async function put(
  { title, path, body: whole }: Resource,
  kind: 'created' | 'updated',
  { transport, signal, isDry }: StoreOptions,
  query: Readonly<Record<string, string>>,
): Promise<Stored> {
  const without: string[] = []
  if (isDry) return { kind, without }
  let body = whole
  let reason = ''
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const request = { method: 'PUT', path, query, body: JSON.stringify(body) } as const
    const reply = await transport.request(request, signal)
    if (reply.status < 300) return { kind, without }
    if (isLater(reply)) throw new SetupPostponed(title, reply)
    if (isUnsupported(reply)) return { kind: 'unsupported' }
    reason = reasonOf(reply)
    const next = reply.status === 400 ? simpler(body, reason) : null
    if (!next) return { kind: 'refused', reason: `${reply.status}, ${reason}` }
    body = next.body
    without.push(next.without)
  }
  return { kind: 'refused', reason }
}

function isLater({ status }: ServerReply): boolean {
  return status === 401 || status === 408 || status === 429 || status >= 500
}

/** How these servers say that no plugin listens on a path. */
function isUnsupported(reply: ServerReply): boolean {
  if (reply.status === 405) return true
  return reply.status === 400 && /no handler found for uri/.test(reasonOf(reply))
}

/** All that it says, in one line; a proxy's page by its title. */
export function reasonOf(reply: ServerReply): string {
  const error = (bodyJson(reply) as { error?: ErrorBody | string } | null | undefined)?.error
  if (typeof error === 'string') return error
  if (!error?.reason) return excerpt(reply)
  const inner = error.caused_by?.reason
  return inner === undefined ? error.reason : `${error.reason}: ${inner}`
}

interface ErrorBody {
  readonly reason?: string
  readonly caused_by?: { readonly reason?: string }
}

interface Found {
  /** Null on what somebody else made. */
  readonly mark: Mark | null
  /** What an update has to say, where the server wants to know what it replaces. */
  readonly query: Readonly<Record<string, string>>
}

/** The mark, wherever a resource or an answer has it; undefined where there is no resource. */
function findMark(body: unknown): Found | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const object = body as Json
  const lists = [object['component_templates'], object['index_templates']]
  for (const list of lists) if (Array.isArray(list)) return findMark(unwrapped(list[0] as unknown))
  const query = sequenceQuery(object)
  const policy = object['policy'] ?? Object.values(object).find(hasPolicy)?.policy ?? object
  const { _meta: meta, description } = policy as { _meta?: Mark; description?: unknown }
  return { mark: meta ?? describedMark(description), query }
}

function unwrapped(entry: unknown): unknown {
  const { component_template: component, index_template: index } = (entry ?? {}) as Json
  return component ?? index
}

function hasPolicy(value: unknown): value is { readonly policy: Json } {
  return typeof value === 'object' && value !== null && 'policy' in value
}

/** ISM wants to be told which state is replaced. */
function sequenceQuery({ _seq_no: number, _primary_term: term }: Json): Found['query'] {
  if (typeof number !== 'number' || typeof term !== 'number') return {}
  return { if_seq_no: String(number), if_primary_term: String(term) }
}

function describedMark(description: unknown): Mark | null {
  if (typeof description !== 'string' || !description.startsWith('{')) return null
  try {
    return JSON.parse(description) as Mark
  } catch (_notOurs) {
    return null
  }
}
