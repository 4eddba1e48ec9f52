import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseQuery } from '../../../src/search/query/parser.ts'
import { type Query, QueryError, type Test } from '../../../src/search/query/query.ts'

const on = (field: string | null, test: Test): Query => ({ kind: 'match', field, test })
const term = (text: string, field: string | null = null) => on(field, { kind: 'term', text })
const phrase = (text: string, field: string | null = null) => on(field, { kind: 'phrase', text })
const and = (...parts: Query[]): Query => ({ kind: 'and', parts })
const or = (...parts: Query[]): Query => ({ kind: 'or', parts })
const not = (part: Query): Query => ({ kind: 'not', part })
const bound = (value: string, inclusive = true) => ({ value, inclusive })

const CASES: readonly (readonly [string, Query])[] = [
  ['', { kind: 'everything' }],
  ['  ', { kind: 'everything' }],
  ['*', { kind: 'everything' }],
  ['error', term('error')],
  ['"connection refused"', phrase('connection refused')],
  ['"a \\"quoted\\" word"', phrase('a "quoted" word')],
  ['error timeout', and(term('error'), term('timeout'))],
  ['error AND timeout', and(term('error'), term('timeout'))],
  ['a OR b AND c', or(term('a'), and(term('b'), term('c')))],
  ['(a OR b) c', and(or(term('a'), term('b')), term('c'))],
  ['NOT a', not(term('a'))],
  ['a -b', and(term('a'), not(term('b')))],
  ['a-b', term('a-b')],
  ['a - b', and(term('a'), term('-'), term('b'))],
  ['container:web', term('web', 'container')],
  ['container : web', term('web', 'container')],
  ['"a b":"c d"', phrase('c d', 'a b')],
  ['labels.app:"my app"', phrase('my app', 'labels.app')],
  ['level:(warn OR error)', or(term('warn', 'level'), term('error', 'level'))],
  ['level:(a -b)', and(term('a', 'level'), not(term('b', 'level')))],
  ['log:*', on('log', { kind: 'exists' })],
  ['log:**', on('log', { kind: 'exists' })],
  ['web*', on(null, { kind: 'wildcard', pattern: [{ text: 'web' }, '*'] })],
  ['a:w?b*', on('a', { kind: 'wildcard', pattern: [{ text: 'w' }, '?', { text: 'b' }, '*'] })],
  ['web\\*', term('web*')],
  ['a\\:b', term('a:b')],
  ['\\AND', term('AND')],
  ['"AND"', phrase('AND')],
  ['and', term('and')],
  ['status:>=500', on('status', { kind: 'range', from: bound('500'), to: null })],
  ['status:<-5', on('status', { kind: 'range', from: null, to: bound('-5', false) })],
  ['n:[1 TO 5]', on('n', { kind: 'range', from: bound('1'), to: bound('5') })],
  ['n:{1 TO 5]', on('n', { kind: 'range', from: bound('1', false), to: bound('5') })],
  ['n:[* TO 5}', on('n', { kind: 'range', from: null, to: bound('5', false) })],
  [
    'time:[2026-11-26T10:00:00Z TO *]',
    on('time', { kind: 'range', from: bound('2026-11-26T10:00:00Z'), to: null }),
  ],
  ['größe:日本', term('日本', 'größe')],
]

describe('parseQuery', () => {
  for (const [text, expected] of CASES) {
    it(`reads ${text === '' ? 'nothing' : text}`, () => {
      assert.deepEqual(parseQuery(text), expected)
    })
  }

  const FAULTS: readonly (readonly [string, string])[] = [
    ['a AND', 'column 6: found the end; expected a word, "a phrase", field:value or ('],
    ['OR a', 'column 1: found "OR"; expected a word, "a phrase", field:value or ('],
    ['a OR OR b', 'column 6: found "OR"; expected a word, "a phrase", field:value or ('],
    ['(a OR b', 'column 1: the bracket is not closed'],
    ['a) b', 'column 2: found ")"; expected AND, OR or the end'],
    ['x "abc', 'column 3: the phrase does not end; expected a " behind it'],
    ['field:', 'column 7: found the end; expected a value'],
    ['a:b:c', 'column 4: found ":"; expected a word, "a phrase", field:value or ('],
    ['a*:b', 'column 1: the name of a field cannot have wildcards; expected a name'],
    ['"":b', 'column 1: a field needs a name'],
    ['[1 TO 2]', 'column 1: a range needs a field; expected field:[1 TO 5]'],
    ['n:[1 5]', 'column 6: found "5"; expected TO'],
    ['n:[1 TO 5', 'column 10: found the end; expected ] or }'],
    ['n:>5*', 'column 4: a bound cannot have wildcards; expected a value, or * alone'],
    ['a\\', 'column 2: the backslash has nothing behind it'],
  ]

  for (const [text, message] of FAULTS) {
    it(`refuses ${text}`, () => {
      assert.throws(() => parseQuery(text), { name: 'QueryError', message })
    })
  }

  it('marks the place below the query', () => {
    assert.throws(
      () => parseQuery('status:[1 55]'),
      (error: QueryError) => {
        assert.equal(error.excerpt, 'status:[1 55]\n          ^^')
        return true
      },
    )
  })

  it('refuses what nests too deep instead of overflowing the stack', () => {
    for (const text of ['('.repeat(100_000), '-'.repeat(100_000) + 'a']) {
      assert.throws(() => parseQuery(text), /nests deeper than 64 levels/)
    }
  })

  it('reads any text, or says within it what is wrong', () => {
    const piece = fc.constantFrom(
      ...'ab:()[]{}"\\*?-<>= '.split(''),
      ' AND ',
      ' OR ',
      'NOT ',
      ' TO ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        try {
          parseQuery(text)
        } catch (error) {
          assert.ok(error instanceof QueryError, String(error))
          assert.ok(error.start >= 0 && error.start <= error.end && error.end <= text.length)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
