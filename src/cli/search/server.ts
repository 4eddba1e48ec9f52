/** The server behind an output of the configuration, asked for events. */
import type { Config, OutputConfig } from '../../config/model.ts'
import { hint } from '../../config/nearest.ts'
import { elasticsearchTransport } from '../../outputs/elasticsearch/transport.ts'
import type { ElasticsearchConfig } from '../../outputs/elasticsearch/schema.ts'
import type { OpensearchConfig } from '../../outputs/opensearch/schema.ts'
import { opensearchTransport } from '../../outputs/opensearch/transport.ts'
import type { BulkConfig } from '../../outputs/support/bulk/schema.ts'
import { excerpt } from '../../outputs/support/bulk/identify.ts'
import { reasonOf } from '../../outputs/support/bulk/setup/store.ts'
import { targetPattern } from '../../outputs/support/bulk/target.ts'
import {
  bodyJson,
  type ServerReply,
  type ServerRequest,
  type Transport,
  TransportError,
} from '../../outputs/support/bulk/transport.ts'
import { systemTimers } from '../../pipeline/clock.ts'
import {
  type Hit,
  readSearchAnswer,
  readReason,
  type SearchAnswer,
} from '../../search/server/answer.ts'
import type { Json } from '../../search/server/query-body.ts'
import { CommandError, UsageError } from '../command.ts'

const SEARCHABLE = ['elasticsearch', 'opensearch']
/** As many as fit well into `answer_max`, and no more than servers return at once (10,000). */
const PAGE_HITS = 5_000
/** A page that was too large is asked for again by so much smaller ones. */
const SMALLER = 4
/** How long a server keeps a search for its next page. */
const KEEP_SEARCH = '1m'

export class SearchedServer {
  readonly timeField: string
  /** Name or pattern of what is searched. */
  readonly target: string
  readonly #name: string
  readonly #transport: Transport

  constructor(name: string, { type, options }: OutputConfig) {
    const config = options as unknown as BulkConfig
    this.#name = name
    this.timeField = config.time_field
    this.target = targetPattern(config)
    this.#transport =
      type === 'elasticsearch'
        ? elasticsearchTransport(options as unknown as ElasticsearchConfig, systemTimers)
        : opensearchTransport(options as unknown as OpensearchConfig, systemTimers)
  }

  /** One answer, of as many as `body` says. Rejects with `CommandError`. */
  search(body: Json): Promise<SearchAnswer> {
    return this.#search(body, {})
  }

  /**
   * What is found, page after page, up to `limit`. By scrolling, which shows one state of the
   * indices: many events may have the same time, and `search_after` would need what tells them
   * apart, which OpenSearch 2 has not. What is more than `answer_max` is asked for again by smaller
   * pages, from the beginning. Rejects with `CommandError`.
   */
  async *pages(body: Json, limit: number): AsyncGenerator<SearchAnswer> {
    const given = new Set<string>()
    for (let size = PAGE_HITS; ; size = Math.ceil(size / SMALLER)) {
      try {
        yield* this.#pagesAfter(given, { body, size, limit })
        return
      } catch (error) {
        if (!isTooLarge(error) || size === 1) throw error
      }
    }
  }

  /**
   * What follows on those that were given, and notes it as given. What has come in between, before
   * the first of them, would be out of order.
   */
  async *#pagesAfter(
    given: Set<string>,
    { body, size, limit }: { readonly body: Json; readonly size: number; readonly limit: number },
  ): AsyncGenerator<SearchAnswer> {
    let isNew = given.size === 0
    const most = isNew ? limit : Number.POSITIVE_INFINITY
    for await (const answer of this.#pagesOf(body, size, most)) {
      const hits: Hit[] = []
      for (const hit of answer.hits) {
        if (given.has(hit.id)) isNew = true
        else if (isNew && given.size < limit) {
          given.add(hit.id)
          hits.push(hit)
        }
      }
      yield { ...answer, hits }
      if (given.size >= limit) return
    }
  }

  async *#pagesOf(body: Json, pageHits: number, limit: number): AsyncGenerator<SearchAnswer> {
    if (limit <= pageHits) {
      yield await this.#search({ ...body, size: limit }, {})
      return
    }
    let answer = await this.#search({ ...body, size: pageHits }, { scroll: KEEP_SEARCH })
    try {
      for (let rest = limit; ; rest -= pageHits) {
        yield { ...answer, hits: answer.hits.slice(0, rest) }
        if (answer.hits.length < pageHits || answer.scrollId === null || rest <= pageHits) return
        const next = { scroll: KEEP_SEARCH, scroll_id: answer.scrollId }
        answer = await this.#ask({ method: 'POST', path: '/_search/scroll' }, next)
      }
    } finally {
      await this.#endScroll(answer.scrollId)
    }
  }

  #search(body: Json, more: Readonly<Record<string, string>>): Promise<SearchAnswer> {
    // Before the first event there is nothing to search, which is no fault.
    const query = { ignore_unavailable: 'true', allow_no_indices: 'true', ...more }
    const path = `/${encodeURIComponent(this.target)}/_search`
    return this.#ask({ method: 'POST', path, query }, body)
  }

  async #ask(request: ServerRequest, body: Json): Promise<SearchAnswer> {
    const reply = await this.#request({ ...request, body: JSON.stringify(body) })
    const text = Buffer.from(reply.body).toString()
    if (reply.status !== 200) {
      const reason = readReason(text) ?? reasonOf(reply)
      throw new CommandError(`${reply.node} answers ${reply.status}: ${reason}`)
    }
    try {
      return readSearchAnswer(text)
    } catch (cause) {
      const found = bodyJson(reply) === undefined ? excerpt(reply) : (cause as Error).message
      const message = `cannot read the answer of ${reply.node}: ${found}`
      throw new CommandError(message, { cause })
    }
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  async #endScroll(scrollId: string | null): Promise<void> {
    if (scrollId === null) return
    const body = JSON.stringify({ scroll_id: scrollId })
    try {
      await this.#request({ method: 'DELETE', path: '/_search/scroll', body })
    } catch (error) {
      // The answers are there, and it ends by itself after `KEEP_SEARCH`.
      if (!(error instanceof CommandError)) throw error
    }
  }

  async #request(request: ServerRequest): Promise<ServerReply> {
    try {
      return await this.#transport.request(request, new AbortController().signal)
    } catch (cause) {
      const message = `cannot ask the server of ${this.#name}: ${(cause as Error).message}`
      throw new CommandError(message, { cause })
    }
  }
}

function isTooLarge(error: unknown): boolean {
  const cause = error instanceof CommandError ? error.cause : null
  return cause instanceof TransportError && cause.kind === 'answer_too_large'
}

/** The output of that name, or the only one that can be searched. Throws `UsageError`. */
export function searchedOutput(config: Config, name: string | undefined): SearchedServer {
  const outputs = Object.entries(config.outputs).filter(([, { type }]) => SEARCHABLE.includes(type))
  const names = outputs.map(([known]) => known)
  if (name === undefined && outputs.length === 1) return new SearchedServer(...outputs[0]!)
  const found = outputs.find(([known]) => known === name)
  if (found) return new SearchedServer(...found)
  const kinds = `an output of type ${SEARCHABLE.join(' or ')}`
  if (names.length === 0)
    throw new UsageError(`the configuration has nothing to search: no ${kinds}`)
  if (name === undefined)
    throw new UsageError(`--output is missing; expected one of: ${names.join(', ')}`)
  throw new UsageError(`"${name}" is not ${kinds}${hint(name, names)}`)
}
