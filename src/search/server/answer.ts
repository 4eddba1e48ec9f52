/** Reads the answer to a search. Numbers keep the digits they have in the document. */

export interface Hit {
  /** Of index and document: no other has it. */
  readonly id: string
  /** The event's time as the server prints it, or empty. */
  readonly time: string
  /** The document; numbers that a double cannot hold are `JSON.rawJSON` objects. */
  readonly source: Readonly<Record<string, unknown>>
}

export interface SearchAnswer {
  readonly hits: readonly Hit[]
  /** How many there are, or at least how many. */
  readonly total: number
  readonly isTotalExact: boolean
  /** Parts of the indices that gave no answer, and the first one's reason. */
  readonly failedShards: number
  readonly failure: string | null
  /** Where the next page is asked for, if the search was asked for by the page. */
  readonly scrollId: string | null
}

/** Throws with what was expected if it is no answer to a search. */
export function readSearchAnswer(text: string): SearchAnswer {
  const body = parseJson(text) as Body | null
  const found = body?.hits?.hits
  if (!Array.isArray(found)) throw new Error('the answer has no list of hits; expected hits.hits')
  const { total } = body!.hits!
  const shards = body!._shards
  return {
    hits: found.map(hitOf),
    total: total?.value ?? found.length,
    isTotalExact: total?.relation !== 'gte',
    failedShards: shards?.failed ?? 0,
    failure: shards?.failures?.[0]?.reason?.reason ?? null,
    scrollId: body?._scroll_id ?? null,
  }
}

/** The server's own reason of an error's body, the innermost one, or null. */
export function readReason(text: string): string | null {
  let body: { error?: ErrorBody | string } | null
  try {
    body = JSON.parse(text) as { error?: ErrorBody | string } | null
  } catch (_noJson) {
    return null
  }
  const error = body?.error
  if (typeof error === 'string') return error
  if (error === undefined || error === null) return null
  const cause = error.root_cause?.[0] ?? error
  const inner = error.failed_shards?.[0]?.reason?.caused_by?.reason ?? error.caused_by?.reason
  return (
    [cause.reason, cause.reason?.includes(inner ?? '') ? undefined : inner]
      .filter(Boolean)
      .join(': ') || null
  )
}

interface ErrorBody {
  readonly reason?: string
  readonly root_cause?: readonly { readonly reason?: string }[]
  readonly caused_by?: { readonly reason?: string }
  readonly failed_shards?: readonly {
    readonly reason?: { readonly caused_by?: { readonly reason?: string } }
  }[]
}

interface Body {
  readonly _scroll_id?: string
  readonly hits?: {
    readonly hits?: readonly RawHit[]
    readonly total?: { readonly value: number; readonly relation: string }
  }
  readonly _shards?: {
    readonly failed?: number
    readonly failures?: readonly { readonly reason?: { readonly reason?: string } }[]
  }
}

interface RawHit {
  readonly _index: string
  readonly _id: string
  readonly _source?: Record<string, unknown>
  /** The fields whose indexed value was asked for: the time alone. */
  readonly fields?: Readonly<Record<string, readonly unknown[]>>
}

function hitOf({ _index, _id, _source, fields }: RawHit): Hit {
  const time = Object.values(fields ?? {})[0]?.[0]
  return {
    id: `${_index}/${_id}`,
    time: typeof time === 'string' ? time : '',
    source: _source ?? {},
  }
}

/** What TypeScript does not know of yet: a reviver's view of the source, and its way out. */
const Raw = JSON as unknown as { rawJSON(text: string): unknown }

function parseJson(text: string): unknown {
  const keepDigits = (_key: string, value: unknown, context?: { source: string }) => {
    if (typeof value !== 'number' || context === undefined) return value
    return String(value) === context.source ? value : Raw.rawJSON(context.source)
  }
  return JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1])
}
