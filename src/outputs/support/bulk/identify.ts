/** Finds out who answers before anything is written: the other product's server says so. */
import { bodyJson, bodyText, type ServerReply, type Transport } from './transport.ts'

export type Product = 'elasticsearch' | 'opensearch'

export interface Identity {
  /** Null for one that does not say who it is, such as a serverless one, or does not have to. */
  readonly product: Product | null
  /** As the server says, or empty. */
  readonly version: string
}

export interface Stranger {
  readonly problem: string
}

const UNKNOWN: Identity = { product: null, version: '' }

/** Rejects with a `TransportError` if nothing answers. */
export async function identify(
  transport: Transport,
  expected: Product,
  signal: AbortSignal,
): Promise<Identity | Stranger | ServerReply> {
  const reply = await transport.request({ method: 'GET', path: '/' }, signal)
  // Credentials that may write need not be allowed to ask this.
  if (reply.status === 403 || reply.status === 404 || reply.status === 405) return UNKNOWN
  if (reply.status !== 200) return reply
  const version = versionOf(bodyJson(reply))
  if (!version) return { problem: `${reply.node} is not ${expected}: it answers ${excerpt(reply)}` }
  const product = version.distribution === 'opensearch' ? 'opensearch' : 'elasticsearch'
  if (product !== expected) {
    const who = `${reply.node} is ${product} ${version.number}`
    return { problem: `${who}; expected ${expected}: use an output of type ${product}` }
  }
  const major = Number.parseInt(version.number, 10)
  if (product === 'elasticsearch' && major < 8)
    return { problem: `${reply.node} is Elasticsearch ${version.number}; expected 8 or later` }
  return { product, version: version.number }
}

interface Version {
  readonly number: string
  readonly distribution?: unknown
}

function versionOf(body: unknown): Version | undefined {
  const version = (body as { version?: Version } | null | undefined)?.version
  return typeof version?.number === 'string' ? version : undefined
}

/** The beginning of what is no answer of a server, in one line; a web page by its title. */
export function excerpt(reply: Pick<ServerReply, 'body' | 'headers'>): string {
  const text = bodyText(reply)
  const isPage =
    (reply.headers['content-type'] ?? '').includes('html') || /^\s*<(!|html)/i.test(text)
  if (!isPage) return text.trim() === '' ? 'nothing' : `"${shortened(text)}"`
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1] ?? ''
  const named = title.trim() === '' ? '' : ` "${shortened(title)}"`
  return `a web page${named}: is a proxy between?`
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length <= 200 ? line : `${line.slice(0, 200)}…`
}
