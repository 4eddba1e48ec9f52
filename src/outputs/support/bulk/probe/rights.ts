/**
 * Whether the credentials suffice. Elasticsearch with security says so itself; any other server is
 * asked to do what it must refuse: to write to something that is not there under that kind of name,
 * over a version that no document has. Who may not write is refused before that.
 */
import type { Finding } from '../../../../pipeline/probe.ts'
import { notTaken } from '../request-outcome.ts'
import { nameFor } from '../setup/desired.ts'
import { setupOf } from '../setup/step.ts'
import { targetPattern } from '../target.ts'
import { bodyJson, type ServerReply } from '../transport.ts'
import type { Way } from './way.ts'

const ATTEMPT = '{"index":{"_id":"logboom-check","if_seq_no":1,"if_primary_term":1000000000}}\n{}\n'

/** Rejects with a `TransportError`. */
export async function probeRights(way: Way): Promise<Finding[]> {
  const stated = way.product === 'elasticsearch' ? await statedRights(way) : null
  return stated ?? [await attemptedWrite(way)]
}

/** What is needed; what is in `index` is for the names written to. */
interface Rights {
  /** Without it, nothing is stored. */
  readonly write: string
  readonly index: readonly string[]
  readonly cluster: readonly string[]
}

function rightsFor({ config, product }: Way): Rights {
  const write = config.op_type === 'create' ? 'create_doc' : 'index'
  const setup = setupOf(config, product)
  if (!setup) return { write, index: ['auto_configure'], cluster: ['monitor'] }
  const hasRetention = setup.retentionMs !== null
  return {
    write,
    index: [
      'auto_configure',
      ...(hasRetention && setup.isDataStream ? ['manage_data_stream_lifecycle'] : []),
    ],
    cluster: [
      'monitor',
      'manage_index_templates',
      ...(hasRetention && !setup.isDataStream ? ['manage_ilm'] : []),
    ],
  }
}

/** Null if the server does not say. */
async function statedRights(way: Way): Promise<Finding[] | null> {
  const pattern = targetPattern(way.config)
  const { write, index, cluster } = rightsFor(way)
  const asked = { cluster, index: [{ names: [pattern], privileges: [write, ...index] }] }
  const request = {
    ...({ method: 'POST', path: '/_security/user/_has_privileges' } as const),
    body: JSON.stringify(asked),
  }
  const reply = await way.transport.request(request, way.signal)
  const stated = reply.status === 200 ? rightsIn(reply, pattern) : null
  if (!stated) return null
  const has = (right: string) => stated.index[right] === true || stated.cluster[right] === true
  const missing = (rights: readonly string[]) => rights.filter((right) => !has(right)).join(', ')
  const wanting = [...index, ...cluster]
  return [
    ...(has(write) ? [] : [problem(`the credentials have no ${write} on ${pattern}`)]),
    ...(missing(index) === '' ? [] : [warning(`they have no ${missing(index)} on ${pattern}`)]),
    ...(missing(cluster) === '' ? [] : [warning(`they have no ${missing(cluster)}`)]),
    ...(has(write) && missing(wanting) === ''
      ? [ok(`the credentials suffice: ${write}, ${wanting.join(', ')}`)]
      : []),
  ]
}

type Answers = Readonly<Record<string, unknown>>

function rightsIn(
  reply: ServerReply,
  pattern: string,
): { readonly index: Answers; readonly cluster: Answers } | null {
  const body = bodyJson(reply) as
    | { readonly index?: Readonly<Record<string, Answers>>; readonly cluster?: Answers }
    | null
    | undefined
  const index = body?.index?.[pattern]
  return index && body.cluster ? { index, cluster: body.cluster } : null
}

async function attemptedWrite({ config, transport, signal }: Way): Promise<Finding> {
  const pattern = targetPattern(config)
  const target = pattern.replaceAll('*', nameFor('check'))
  const request = {
    ...({ method: 'POST', path: `/${encodeURIComponent(target)}/_bulk` } as const),
    // What has this name is not written to unless it is an alias, and nothing is made.
    query: { require_alias: 'true' },
    ...({ body: ATTEMPT, bodyType: 'ndjson' } as const),
  }
  const reply = await transport.request(request, signal)
  if (reply.status !== 200) return problem(notTaken(reply).reason)
  const { status, reason } = itemOf(reply)
  if (status === undefined) return warning(`${reply.node} does not say whether it would write`)
  if (status === 401 || status === 403)
    return problem(`the credentials may not write to ${target}: ${reason}`)
  return ok(`documents may be written to ${target}, as far as the server says`)
}

function itemOf(reply: ServerReply) {
  const body = bodyJson(reply) as
    { readonly items?: readonly { readonly index?: Item }[] } | null | undefined
  const item = body?.items?.[0]?.index
  return { status: item?.status, reason: item?.error?.reason ?? `status ${item?.status}` }
}

interface Item {
  readonly status?: number
  readonly error?: { readonly reason?: string }
}

function ok(text: string): Finding {
  return { kind: 'ok', text }
}

function warning(text: string): Finding {
  return { kind: 'warning', text }
}

function problem(text: string): Finding {
  return { kind: 'problem', text }
}
