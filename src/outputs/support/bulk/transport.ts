/**
 * What the bulk output, its set-up and `logboom search` need of a client: one request, one reply.
 * The clients of Elasticsearch and OpenSearch stand behind it; no type of theirs is seen here.
 */
export interface ServerRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Begins with a slash; what is not to be taken for a part of a path is percent-encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** `ndjson` for what ends each line with a newline; JSON is the default. */
  readonly bodyType?: 'json' | 'ndjson'
  readonly headers?: Readonly<Record<string, string>>
  /** For all of it, from the choice of a node to the last byte of the answer. */
  readonly timeoutMs?: number
}

export interface ServerReply {
  readonly status: number
  /** With lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** The node that answered, without what is secret in its URL. */
  readonly node: string
}

/** Why there is no reply. What was sent may have been done all the same. */
export type TransportFault =
  | 'connection'
  /** Certificates, of the server or ours. */
  | 'tls'
  | 'timeout'
  | 'aborted'
  | 'answer_too_large'
  | 'setup'

export class TransportError extends Error {
  readonly kind: TransportFault

  constructor(kind: TransportFault, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

export interface Transport {
  /** Every HTTP status is a reply. Rejects with a `TransportError`, and with nothing else. */
  request(request: ServerRequest, signal: AbortSignal): Promise<ServerReply>
  /** Reads the files of certificates again, with the next request. */
  renew(): void
  /** Ends what is open. */
  close(): Promise<void>
}

/** What is read for people, of a body that may be anything. */
export function bodyText({ body }: Pick<ServerReply, 'body'>, lengthMax = 2000): string {
  return Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, lengthMax)).toString()
}

/** The JSON of a reply, or undefined if it is none. */
export function bodyJson({ body }: Pick<ServerReply, 'body'>): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString()) as unknown
  } catch {
    return undefined
  }
}
