/**
 * What a search asks for, as a tree. `parseQuery` makes it of text; whoever searches (files, or a
 * server by its own language) reads it. Nothing here knows where the events are.
 *
 *     error AND container:web* AND NOT status:[200 TO 299]
 */

export type Query =
  | { readonly kind: 'everything' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  | Match

/** One condition on a field, or on the texts of the event where `field` is null. */
export interface Match {
  readonly kind: 'match'
  /** Name as the event has it, parts joined by dots: `labels.app`. */
  readonly field: string | null
  readonly test: Test
}

export type Test =
  /** A word or the exact value of a field. */
  | { readonly kind: 'term'; readonly text: string }
  /** Words that stand side by side. */
  | { readonly kind: 'phrase'; readonly text: string }
  | { readonly kind: 'wildcard'; readonly pattern: readonly WildcardPart[] }
  /** The field is there, whatever its value. Never without a field. */
  | { readonly kind: 'exists' }
  /** Never without a field. */
  | { readonly kind: 'range'; readonly from: Bound | null; readonly to: Bound | null }

/** Text as it is, `*` for any number of characters, `?` for one. */
export type WildcardPart = { readonly text: string } | '*' | '?'

export interface Bound {
  readonly value: string
  readonly inclusive: boolean
}

/** A query that cannot be understood. */
export class QueryError extends Error {
  readonly query: string
  /** Where, in UTF-16 units from 0; `end` is behind the last. */
  readonly start: number
  readonly end: number

  constructor(query: string, start: number, end: number, message: string) {
    super(`column ${start + 1}: ${message}`)
    this.name = 'QueryError'
    this.query = query
    this.start = start
    this.end = end
  }

  /** The query with a mark below the place. */
  get excerpt(): string {
    const before = this.query.slice(0, this.start).replace(/[^\t]/g, ' ')
    const mark = '^'.repeat(Math.max(1, this.end - this.start))
    return `${this.query}\n${before}${mark}`
  }
}
