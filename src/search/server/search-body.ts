/** The body of a search: which events, from when to when, in which order and how many. */
import type { Query } from '../query/query.ts'
import { DEFAULT_FIELDS, type FieldNames, type Json, queryBody } from './query-body.ts'

/** As many as a server returns at once (`index.max_result_window`, unless it was changed). */
export const HITS_MAX = 10_000

export interface SearchRequest {
  readonly query: Query
  /** Times as the server reads them: RFC 3339. Both are part of it. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** `newest` for the last ones, and the newest first. */
  readonly order: 'newest' | 'oldest'
  readonly limit: number
  readonly fields?: FieldNames
}

export function searchBody(request: SearchRequest): Json {
  const { query, since, until, order, limit, fields = DEFAULT_FIELDS } = request
  const time = {
    ...(since !== undefined && { gte: since }),
    ...(until !== undefined && { lte: until }),
  }
  const isLimited = Object.keys(time).length > 0
  return {
    size: limit,
    query: {
      bool: {
        filter: [
          queryBody(query, fields),
          ...(isLimited ? [{ range: { [fields.time]: time } }] : []),
        ],
      },
    },
    sort: [
      {
        [fields.time]: {
          order: order === 'newest' ? 'desc' : 'asc',
          // Some indices may have it by the millisecond, and empty ones not at all.
          numeric_type: 'date_nanos',
          unmapped_type: 'date_nanos',
        },
      },
    ],
    docvalue_fields: [{ field: fields.time, format: 'strict_date_optional_time_nanos' }],
  }
}
