/**
 * A search in the query language of Elasticsearch and OpenSearch (Query DSL), which is JSON. The
 * same for both, and for all types a field may have: a value is matched as the field was indexed,
 * whole where it is a keyword, by words where it is text.
 */
import type { Bound, Match, Query, Test, WildcardPart } from '../query/query.ts'

export type Json = { readonly [key: string]: unknown }

export interface FieldNames {
  /** Where words without a field are looked for. Not empty. */
  readonly text: readonly string[]
  /** The event's time, which a query calls `time`. */
  readonly time: string
}

/** The last is where an output keeps what did not fit its mapping, as a whole. */
export const DEFAULT_FIELDS: FieldNames = {
  text: ['log', 'message', 'event.original'],
  time: '@timestamp',
}

/** What a query calls the event's time, whatever it is called where the events are. */
const TIME = 'time'
const TO_THE_SECOND = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|[+-]\d\d:?\d\d)?$/
/** In a list of fields these mean more than a name: any text, and a weight. */
const SPECIAL_IN_NAMES = /[*^]/

export function queryBody(query: Query, fields: FieldNames = DEFAULT_FIELDS): Json {
  switch (query.kind) {
    case 'everything':
      return { match_all: {} }
    case 'and':
      return { bool: { filter: query.parts.map((part) => queryBody(part, fields)) } }
    case 'or':
      return anyOf(query.parts.map((part) => queryBody(part, fields)))
    case 'not':
      return { bool: { must_not: [queryBody(query.part, fields)] } }
    case 'match':
      return matchBody(query, fields)
  }
}

function matchBody({ field, test }: Match, fields: FieldNames): Json {
  const names = field === null ? fields.text : [field === TIME ? fields.time : field]
  if (test.kind === 'term' || test.kind === 'phrase') return wordsBody(names, test.text)
  if (test.kind === 'range' && names[0] === fields.time) return timeBody(fields.time, test)
  const bodies = names.map((name) => testBody(name, test))
  return bodies.length === 1 ? bodies[0]! : anyOf(bodies)
}

/**
 * One word may be several for the server (`a-b`), which then have to stand side by side. Lenient:
 * a field of numbers has no word, and that is no fault.
 */
function wordsBody(names: readonly string[], text: string): Json {
  const isPlain = (name: string) => !SPECIAL_IN_NAMES.test(name)
  if (names.every(isPlain)) {
    return { multi_match: { query: text, type: 'phrase', lenient: true, fields: names } }
  }
  return anyOf(names.map((name) => ({ match_phrase: { [name]: { query: text } } })))
}

function testBody(name: string, test: Exclude<Test, { kind: 'term' | 'phrase' }>): Json {
  switch (test.kind) {
    case 'exists':
      return { exists: { field: name } }
    case 'range':
      return { range: { [name]: { ...bound('gt', test.from), ...bound('lt', test.to) } } }
    case 'wildcard':
      // Text is indexed in lower case, and a pattern is not made so.
      return { wildcard: { [name]: { value: patternOf(test.pattern), case_insensitive: true } } }
  }
}

/**
 * Servers fill in what a time leaves out: of a second without a fraction its last nanosecond, for
 * `>` and `<=`. A time down to the second is one moment; a day is all of that day.
 */
function timeBody(name: string, { from, to }: Extract<Test, { kind: 'range' }>): Json {
  return testBody(name, { kind: 'range', from: moment(from), to: moment(to) })
}

function moment(limit: Bound | null): Bound | null {
  return limit && { ...limit, value: limit.value.replace(TO_THE_SECOND, '$1.000000000$2') }
}

function bound(key: 'gt' | 'lt', limit: Bound | null): Json {
  if (limit === null) return {}
  return { [limit.inclusive ? `${key}e` : key]: limit.value }
}

function patternOf(parts: readonly WildcardPart[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.text.replace(/[*?\\]/g, '\\$&')))
    .join('')
}

function anyOf(bodies: readonly Json[]): Json {
  return { bool: { should: bodies, minimum_should_match: 1 } }
}
