import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseQuery } from '../../../src/search/query/parser.ts'
import { queryBody } from '../../../src/search/server/query-body.ts'
import { searchBody } from '../../../src/search/server/search-body.ts'

const words = (query: string, ...fields: string[]) => ({
  multi_match: { query, type: 'phrase', lenient: true, fields },
})
const text = (query: string) => words(query, 'log', 'message', 'event.original')
const any = (...should: unknown[]) => ({ bool: { should, minimum_should_match: 1 } })
const wildcard = (field: string, value: string) => ({
  wildcard: { [field]: { value, case_insensitive: true } },
})

const CASES: readonly (readonly [string, unknown])[] = [
  ['', { match_all: {} }],
  ['error', text('error')],
  ['"connection refused"', text('connection refused')],
  ['container:web', words('web', 'container')],
  ['error AND container:web', { bool: { filter: [text('error'), words('web', 'container')] } }],
  ['a OR b', any(text('a'), text('b'))],
  ['NOT a', { bool: { must_not: [text('a')] } }],
  ['level:*', { exists: { field: 'level' } }],
  ['conn*', any(...['log', 'message', 'event.original'].map((field) => wildcard(field, 'conn*')))],
  ['a:x\\*y?\\\\', wildcard('a', 'x\\*y?\\\\')],
  ['status:[200 TO 300}', { range: { status: { gte: '200', lt: '300' } } }],
  ['status:>5', { range: { status: { gt: '5' } } }],
  ['time:>=2026-11-26', { range: { '@timestamp': { gte: '2026-11-26' } } }],
  [
    'time:>2026-11-26T10:00:00Z',
    { range: { '@timestamp': { gt: '2026-11-26T10:00:00.000000000Z' } } },
  ],
  [
    'time:[2026-11-26T10:00:00 TO 2026-11-26T10:00:00.5+01:00]',
    {
      range: {
        '@timestamp': { gte: '2026-11-26T10:00:00.000000000', lte: '2026-11-26T10:00:00.5+01:00' },
      },
    },
  ],
  ['other:>2026-11-26T10:00:00Z', { range: { other: { gt: '2026-11-26T10:00:00Z' } } }],
  ['"a*":b', any({ match_phrase: { 'a*': { query: 'b' } } })],
]

describe('queryBody', () => {
  for (const [query, expected] of CASES) {
    it(`translates ${query === '' ? 'nothing' : query}`, () => {
      assert.deepEqual(queryBody(parseQuery(query)), expected)
    })
  }

  it('looks for words in the fields it is told', () => {
    const fields = { text: ['body'], time: 'ts' }
    assert.deepEqual(queryBody(parseQuery('x'), fields), words('x', 'body'))
    assert.deepEqual(queryBody(parseQuery('time:<5'), fields), { range: { ts: { lt: '5' } } })
  })
})

describe('searchBody', () => {
  it('asks for a time only where there is one', () => {
    const query = parseQuery('')
    const open = searchBody({ query, order: 'newest' })
    assert.deepEqual(open['query'], { bool: { filter: [{ match_all: {} }] } })
    const closed = searchBody({ query, since: 'A', until: 'B', order: 'oldest' })
    assert.deepEqual(closed['query'], {
      bool: { filter: [{ match_all: {} }, { range: { '@timestamp': { gte: 'A', lte: 'B' } } }] },
    })
  })
})
