/**
 * Stands in for Elasticsearch where a real one does not do what a test needs. It keeps documents by
 * index and id, refuses what is there already, and each request can be answered otherwise.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface FakeItem {
  readonly status: number
  readonly error?: { readonly type: string; readonly reason: string }
  readonly failure_store?: string
}

export interface FakeDocument {
  readonly operation: string
  readonly id: string
  readonly json: string
}

export interface BulkRequest {
  readonly index: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly documents: readonly FakeDocument[]
  /** Inflated. */
  readonly bytes: number
  readonly response: ServerResponse
  /** Keeps what is not there yet; says so in items. */
  readonly store: (documents?: readonly FakeDocument[]) => FakeItem[]
  /** Answers 200 with these items. */
  readonly answer: (items: readonly FakeItem[]) => void
  readonly reply: (status: number, body: string, headers?: Readonly<Record<string, string>>) => void
}

export type Behaviour = (request: BulkRequest) => void

export const takeAll: Behaviour = (request) => request.answer(request.store())
export const CREATED: FakeItem = { status: 201 }

export function failed(status: number, type: string, reason: string): FakeItem {
  return { status, error: { type, reason } }
}

export class FakeElasticsearch implements AsyncDisposable {
  readonly documents = new Map<string, string>()
  /** In the order they came. */
  readonly requests: BulkRequest[] = []
  behave: Behaviour = takeAll
  /** Of the next requests; then `behave` goes on. */
  readonly next: Behaviour[] = []
  info: { status: number; body: string } = {
    status: 200,
    body: JSON.stringify({ version: { number: '9.9.9', build_flavor: 'default' } }),
  }
  /** Of requests that are neither bulk nor found here by `METHOD /path`, `info` is the answer. */
  readonly pages = new Map<string, { readonly status: number; readonly body: string }>()
  /** `METHOD /path` of those that are not bulk, in the order they came. */
  readonly asked: string[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<FakeElasticsearch> {
    const fake = new FakeElasticsearch()
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    try {
      for await (const part of message as AsyncIterable<Buffer>) parts.push(part)
    } catch {
      // The client has gone; what it had begun to say is no request.
      return
    }
    response.setHeader('x-elastic-product', 'Elasticsearch')
    response.setHeader('content-type', 'application/json')
    const url = new URL(message.url!, 'http://localhost')
    if (!url.pathname.endsWith('/_bulk')) {
      const line = `${message.method} ${url.pathname}`
      this.asked.push(line)
      const { status, body } = this.pages.get(line) ?? this.info
      response.statusCode = status
      response.end(body)
      return
    }
    if (message.headers['content-encoding'] === 'zstd') {
      // As Elasticsearch 9 does, which takes it for the text it is not.
      response.statusCode = 400
      response.end('{"error":{"type":"x_content_parse_exception","reason":"Unexpected character"}}')
      return
    }
    const sent = Buffer.concat(parts)
    const body = message.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    const request = this.#request(message, url, body, response)
    this.requests.push(request)
    const behave = this.next.shift() ?? this.behave
    behave(request)
  }

  #request(
    { headers }: IncomingMessage,
    url: URL,
    body: Buffer,
    response: ServerResponse,
  ): BulkRequest {
    const documents = documentsOf(body.toString())
    const index = decodeURIComponent(url.pathname.split('/').at(-2)!)
    const reply: BulkRequest['reply'] = (status, text, extra = {}) => {
      response.writeHead(status, extra)
      response.end(text)
    }
    return {
      ...{ index, documents, headers, response, reply },
      ...{ query: url.searchParams, bytes: body.length },
      store: (some = documents) => some.map((document) => this.#store(index, document)),
      answer: (items) => reply(200, answerText(documents, items)),
    }
  }

  #store(index: string, { id, json }: FakeDocument): FakeItem {
    const key = `${index}/${id}`
    if (this.documents.has(key))
      return failed(409, 'version_conflict_engine_exception', `[${id}]: document already exists`)
    this.documents.set(key, json)
    return CREATED
  }
}

/** As Elasticsearch writes it with the output's `filter_path`. */
export function answerText(documents: readonly FakeDocument[], items: readonly FakeItem[]): string {
  return JSON.stringify({
    errors: items.some(({ status }) => status >= 300),
    items: items.map((item, place) => {
      const { operation = 'create', id = 'none' } = documents[place] ?? {}
      return { [operation]: { _id: id, ...item } }
    }),
  })
}

function documentsOf(body: string): FakeDocument[] {
  const lines = body.split('\n')
  const documents: FakeDocument[] = []
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const [[operation, fields]] = Object.entries(
      JSON.parse(lines[line]!) as Record<string, { _id: string }>,
    ) as [[string, { _id: string }]]
    documents.push({ operation, id: fields._id, json: lines[line + 1]! })
  }
  return documents
}
