/** The body of a search: which events, from when to when, and in which order. */
import type { Query } from '../query/query.ts'
import { DEFAULT_FIELDS, type FieldNames, type Json, queryBody } from './query-body.ts'

export interface SearchRequest {
  readonly query: Query
  /** Times as the server reads them: RFC 3339. Both are part of it. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** `newest` for the last ones, and the newest first. */
  readonly order: 'newest' | 'oldest'
  readonly fields?: FieldNames
}

/** Without its size, which is for whoever asks by the page. */
export function searchBody(request: SearchRequest): Json {
  const { order, fields = DEFAULT_FIELDS } = request
  return {
    query: filterOf(request),
    sort: [
      {
        [fields.time]: {
          order: order === 'newest' ? 'desc' : 'asc',
          // Some indices may have it by the millisecond, and empty ones not at all.
          numeric_type: 'date_nanos',
          unmapped_type: 'date_nanos',
        },
      },
      // Those of one time as they lie, mostly as they came: turned round with the others.
      { _doc: order === 'newest' ? 'desc' : 'asc' },
    ],
    docvalue_fields: [{ field: fields.time, format: 'strict_date_optional_time_nanos' }],
  }
}

/** Asks for nothing but the exact number of events. */
export function countBody(request: Omit<SearchRequest, 'order'>): Json {
  return { size: 0, track_total_hits: true, query: filterOf(request) }
}

function filterOf({
  query,
  since,
  until,
  fields = DEFAULT_FIELDS,
}: Omit<SearchRequest, 'order'>): Json {
  const time = {
    ...(since !== undefined && { gte: since }),
    ...(until !== undefined && { lte: until }),
  }
  const isLimited = Object.keys(time).length > 0
  const range = isLimited ? [{ range: { [fields.time]: time } }] : []
  return { bool: { filter: [queryBody(query, fields), ...range] } }
}
