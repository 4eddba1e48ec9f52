/**
 * The language of searches, as far as Lucene's, Kibana's and most others agree:
 *
 *     query  := all ('OR' all)*
 *     all    := one ('AND'? one)*
 *     one    := ('NOT' | '-') one | '(' query ')' | field ':' test | word | phrase
 *     test   := word | phrase | '(' query of tests ')' | range | ('>' | '>=' | '<' | '<=') value
 *     range  := ('[' | '{') value 'TO' value (']' | '}')
 *
 * `field:*` asks whether the field is there; `*` as a bound of a range leaves that side open.
 * `AND`, `OR`, `NOT` and `TO` are in capitals; in quotes, or with a backslash, they are words.
 */
import { type Bound, type Query, QueryError, type Test } from './query.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Brackets within brackets; more is no search of a person. */
const DEPTH_MAX = 64

/** Throws a `QueryError`. An empty text asks for everything. */
export function parseQuery(text: string): Query {
  const reader = new Reader(text)
  if (reader.isAtEnd) return { kind: 'everything' }
  const query = readAny(reader, null)
  if (!reader.isAtEnd) throw reader.unexpected('AND, OR or the end')
  return query
}

class Reader {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0
  depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokensOf(text)
  }

  get next(): Token {
    return this.#tokens[this.#at]!
  }

  get isAtEnd(): boolean {
    return this.next.kind === 'end'
  }

  get afterNext(): Token {
    return this.#tokens[this.#at + 1] ?? this.next
  }

  take(): Token {
    const token = this.next
    if (token.kind !== 'end') this.#at++
    return token
  }

  isSymbol(...symbols: readonly string[]): boolean {
    return this.next.kind === 'symbol' && symbols.includes(this.next.symbol)
  }

  /** Only as it stands: `\AND` and `"AND"` are words to look for. */
  isKeyword(keyword: string): boolean {
    const { next } = this
    return next.kind === 'word' && this.#text.slice(next.start, next.end) === keyword
  }

  fault({ start, end }: { start: number; end: number }, message: string): QueryError {
    return new QueryError(this.#text, start, end, message)
  }

  unexpected(expected: string): QueryError {
    const { next } = this
    const found = next.kind === 'end' ? 'the end' : `"${this.#text.slice(next.start, next.end)}"`
    return this.fault(next, `found ${found}; expected ${expected}`)
  }
}

/** `field` is that of the brackets it stands in, or null. */
function readAny(reader: Reader, field: string | null): Query {
  const parts = [readAll(reader, field)]
  while (reader.isKeyword('OR')) {
    reader.take()
    parts.push(readAll(reader, field))
  }
  return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
}

function readAll(reader: Reader, field: string | null): Query {
  const parts = [readOne(reader, field)]
  for (;;) {
    if (reader.isKeyword('AND')) reader.take()
    else if (endsAll(reader)) break
    parts.push(readOne(reader, field))
  }
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
}

function endsAll(reader: Reader): boolean {
  return reader.isAtEnd || reader.isSymbol(')') || reader.isKeyword('OR')
}

function readOne(reader: Reader, field: string | null): Query {
  if (reader.isKeyword('NOT') || reader.isSymbol('-')) {
    reader.take()
    return { kind: 'not', part: nested(reader, () => readOne(reader, field)) }
  }
  if (reader.isSymbol('(')) return readGroup(reader, field)
  const named = field === null ? readFieldName(reader) : null
  if (named === null) return readTest(reader, field)
  return reader.isSymbol('(') ? readGroup(reader, named) : readTest(reader, named)
}

function readGroup(reader: Reader, field: string | null): Query {
  const open = reader.take()
  const query = nested(reader, () => readAny(reader, field))
  if (reader.isAtEnd) throw reader.fault(open, 'the bracket is not closed')
  if (!reader.isSymbol(')')) throw reader.unexpected('AND, OR or )')
  reader.take()
  return query
}

function nested(reader: Reader, read: () => Query): Query {
  if (++reader.depth > DEPTH_MAX) {
    throw reader.fault(reader.next, `nests deeper than ${DEPTH_MAX} levels`)
  }
  const query = read()
  reader.depth--
  return query
}

/** Takes `name:` if that comes next. */
function readFieldName(reader: Reader): string | null {
  const { next, afterNext } = reader
  const isName = next.kind === 'word' || next.kind === 'phrase'
  if (!isName || afterNext.kind !== 'symbol' || afterNext.symbol !== ':') return null
  if (next.text === '') throw reader.fault(next, 'a field needs a name')
  if (next.kind === 'word' && hasWildcard(next)) {
    throw reader.fault(next, 'the name of a field cannot have wildcards; expected a name')
  }
  reader.take()
  reader.take()
  return next.text
}

function readTest(reader: Reader, field: string | null): Query {
  if (reader.isSymbol('[', '{', '>', '>=', '<', '<=')) return readRange(reader, field)
  const { next } = reader
  if (next.kind === 'phrase') {
    reader.take()
    return match(field, { kind: 'phrase', text: next.text })
  }
  if (next.kind !== 'word' || isReserved(reader)) {
    throw reader.unexpected(field === null ? 'a word, "a phrase", field:value or (' : 'a value')
  }
  reader.take()
  return readWord(field, next)
}

function isReserved(reader: Reader): boolean {
  return ['AND', 'OR', 'NOT'].some((keyword) => reader.isKeyword(keyword))
}

function readWord(field: string | null, word: Token & { kind: 'word' }): Query {
  if (!hasWildcard(word)) return match(field, { kind: 'term', text: word.text })
  const isAny = word.parts.length === 1 && word.parts[0] === '*'
  if (!isAny) return match(field, { kind: 'wildcard', pattern: word.parts })
  return field === null ? { kind: 'everything' } : match(field, { kind: 'exists' })
}

function hasWildcard({ parts }: Token & { kind: 'word' }): boolean {
  return parts.some((part) => part === '*' || part === '?')
}

function readRange(reader: Reader, field: string | null): Query {
  const open = reader.take() as Token & { kind: 'symbol' }
  if (field === null) throw reader.fault(open, 'a range needs a field; expected field:[1 TO 5]')
  const { symbol } = open
  if (symbol !== '[' && symbol !== '{') {
    const bound = { value: readValue(reader), inclusive: symbol.endsWith('=') }
    const isLower = symbol.startsWith('>')
    return match(field, { kind: 'range', from: isLower ? bound : null, to: isLower ? null : bound })
  }
  const lower = readBound(reader)
  if (!reader.isKeyword('TO')) throw reader.unexpected('TO')
  reader.take()
  const upper = readBound(reader)
  if (!reader.isSymbol(']', '}')) throw reader.unexpected('] or }')
  const close = reader.take() as Token & { kind: 'symbol' }
  return match(field, {
    kind: 'range',
    from: boundOf(lower, symbol === '['),
    to: boundOf(upper, close.symbol === ']'),
  })
}

/** Null for an open side. */
function readBound(reader: Reader): string | null {
  const { next } = reader
  const isOpen = next.kind === 'word' && next.parts.length === 1 && next.parts[0] === '*'
  if (!isOpen) return readValue(reader)
  reader.take()
  return null
}

function boundOf(value: string | null, inclusive: boolean): Bound | null {
  return value === null ? null : { value, inclusive }
}

/** A value to compare with; a minus sign belongs to it, and so do the colons of a time. */
function readValue(reader: Reader): string {
  const first = reader.next
  if (first.kind === 'phrase') {
    reader.take()
    return first.text
  }
  const sign = reader.isSymbol('-') ? (reader.take(), '-') : ''
  let value = sign + readValuePart(reader)
  while (reader.isSymbol(':')) {
    reader.take()
    value += `:${readValuePart(reader)}`
  }
  return value
}

function readValuePart(reader: Reader): string {
  const { next } = reader
  if (next.kind !== 'word') throw reader.unexpected('a value')
  if (hasWildcard(next)) {
    throw reader.fault(next, 'a bound cannot have wildcards; expected a value, or * alone')
  }
  reader.take()
  return next.text
}

function match(field: string | null, test: Test): Query {
  return { kind: 'match', field, test }
}
